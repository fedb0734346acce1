// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/revocations.h"

#include <gtest/gtest.h>

#include "livekit_room.pb.h"
#include "room/admission.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

constexpr livekit::UnixTime kThen{std::chrono::seconds(1'700'000'000)};
const RoomName kKitchen("kitchen");

livekit::Claims claims_of(const std::string& identity) {
  livekit::Claims claims;
  claims.grants.identity = identity;
  livekit::VideoGrant& video = claims.grants.video.emplace();
  video.room_join = true;
  video.room = "kitchen";
  return claims;
}

TEST(Revocations, WhatWasIssuedBeforeIsRefusedAndWhatComesLaterIsNot) {
  Revocations revocations;
  revocations.revoke(kKitchen, ParticipantIdentity("ada"), kThen, kThen);
  livekit::Claims claims = claims_of("ada");
  claims.not_before = kThen - 1s;
  EXPECT_TRUE(revocations.covers(kKitchen, claims));
  claims.not_before = kThen;
  EXPECT_FALSE(revocations.covers(kKitchen, claims));
  // Valid later does not mean issued later.
  claims.issued_at = kThen - 1s;
  EXPECT_TRUE(revocations.covers(kKitchen, claims));
}

TEST(Revocations, ATokenThatDoesNotSayWhenIsJudgedByItsEnd) {
  Revocations revocations;
  revocations.revoke(kKitchen, ParticipantIdentity("ada"), kThen, kThen + 1h);
  livekit::Claims claims = claims_of("ada");
  claims.expires_at = kThen + 1h;
  EXPECT_TRUE(revocations.covers(kKitchen, claims));
  claims.not_before = livekit::UnixTime{};
  EXPECT_TRUE(revocations.covers(kKitchen, claims));
  claims.expires_at += 1s;
  EXPECT_FALSE(revocations.covers(kKitchen, claims));
}

TEST(Revocations, OthersAndOtherRoomsAreNotMeant) {
  Revocations revocations;
  revocations.revoke(kKitchen, ParticipantIdentity("ada"), kThen, kThen);
  EXPECT_FALSE(revocations.covers(kKitchen, claims_of("bob")));
  EXPECT_FALSE(revocations.covers(RoomName("cellar"), claims_of("ada")));
}

TEST(Revocations, TheNewestAreRemembered) {
  Revocations revocations;
  revocations.revoke(kKitchen, ParticipantIdentity("first"), kThen, kThen);
  revocations.revoke(kKitchen, ParticipantIdentity("second"), kThen, kThen);
  revocations.revoke(kKitchen, ParticipantIdentity("first"), kThen, kThen);
  for (size_t i = 2; i <= Revocations::kMax; ++i)
    revocations.revoke(kKitchen, ParticipantIdentity(std::to_string(i)), kThen, kThen);
  EXPECT_TRUE(revocations.covers(kKitchen, claims_of("first")));
  EXPECT_FALSE(revocations.covers(kKitchen, claims_of("second")));
  EXPECT_TRUE(revocations.covers(kKitchen, claims_of("2")));
}

TEST(Revocations, TokensThatDoNotSayWhenLiveAsLongAsTheLast) {
  Revocations revocations;
  const ParticipantIdentity ada("ada");
  const auto use = [&](Duration end, Duration now, bool says_when = false) {
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    livekit::Claims claims = claims_of("ada");
    claims.expires_at = kThen + duration_cast<seconds>(end);
    if (says_when) claims.issued_at = kThen;
    revocations.note_use(kKitchen, claims, kThen + duration_cast<seconds>(now));
  };
  const auto last_end = [&](livekit::UnixTime before) {
    return revocations.last_end(kKitchen, ada, before);
  };
  use(1h, 0s, true);
  EXPECT_EQ(last_end(kThen), std::nullopt);
  use(2h, 0s);
  EXPECT_EQ(last_end(kThen + 1s), kThen + 2h);
  use(2h, 1h);
  EXPECT_EQ(last_end(kThen + 1h + 1s), kThen + 3h);
  // What lives longer may be used again, until it has ended.
  use(70min, 1h);
  EXPECT_EQ(last_end(kThen + 1h + 1s), kThen + 3h);
  use(190min, 3h);
  EXPECT_EQ(last_end(kThen + 3h + 1s), kThen + 190min);
  EXPECT_EQ(revocations.last_end(RoomName("cellar"), ada, kThen), std::nullopt);
}

class RemovalTest : public RoomFixture {
 protected:
  void remove(const std::string& identity, int64_t revoke = 0) {
    ::livekit::RoomParticipantIdentity request;
    request.set_room("kitchen");
    request.set_identity(identity);
    request.set_revoke_token_ts(revoke);
    EXPECT_TRUE(registry_.remove_participant(request));
  }
  unsigned status_of(const livekit::Claims& claims) {
    const auto admission = admit(registry_, &claims, {});
    return admission ? 200 : admission.error().status;
  }
  livekit::UnixTime now() const {
    return livekit::UnixTime(std::chrono::seconds(timers_.unix_micros() / 1'000'000));
  }
};

TEST_F(RemovalTest, LeavesTokensAloneUnlessToldOtherwise) {
  const Guest ada = join("ada");
  remove("ada");
  EXPECT_EQ(status_of(claims_of("ada")), 200u);
}

TEST_F(RemovalTest, RefusesTokensOfBeforeWhenTheRequestSaysSo) {
  const Guest ada = join("ada");
  remove("ada", now().time_since_epoch().count());
  livekit::Claims claims = claims_of("ada");
  claims.not_before = now() - 1s;
  EXPECT_EQ(status_of(claims), 401u);
  EXPECT_EQ(status_of(claims_of("bob")), 200u);
  claims.not_before = now();
  EXPECT_EQ(status_of(claims), 200u);
}

TEST_F(RemovalTest, TheTokenCountsWhateverTheRoomCallsItsHolder) {
  registry_.revoke_tokens_of_removed();
  JoinDetails details;
  details.identity.value = "ada#camera";
  details.claims = claims_of("ada");
  details.claims.not_before = now() - 1h;
  const Guest ada = join(details);
  remove("ada#camera");
  EXPECT_EQ(status_of(details.claims), 401u);
}

TEST_F(RemovalTest, WhoIsAwayMayNotComeBack) {
  registry_.revoke_tokens_of_removed();
  ::livekit::RoomParticipantIdentity request;
  request.set_room("kitchen");
  request.set_identity("ada");
  const auto removed = registry_.remove_participant(request);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::NotFound);
  livekit::Claims claims = claims_of("ada");
  claims.not_before = now();
  claims.expires_at = now() + 1h;
  EXPECT_EQ(status_of(claims), 401u);
  claims.not_before.reset();
  EXPECT_EQ(status_of(claims), 401u);
  claims.expires_at = now() + 7h;
  EXPECT_EQ(status_of(claims), 200u);
}

// With tokens as livekit-server-sdk makes them, which do not say when.
TEST_F(RemovalTest, WhoHasJustLeftNeedsAsNewATokenAsAnybody) {
  registry_.revoke_tokens_of_removed();
  livekit::Claims used = claims_of("ada");
  used.expires_at = now() + 10min;
  EXPECT_EQ(status_of(used), 200u);
  livekit::Claims spare = used;
  spare.expires_at += 5s;
  timers_.advance(5s);
  ::livekit::RoomParticipantIdentity request;
  request.set_room("kitchen");
  request.set_identity("ada");
  ASSERT_FALSE(registry_.remove_participant(request));
  EXPECT_EQ(status_of(used), 401u);
  EXPECT_EQ(status_of(spare), 401u);
  timers_.advance(1s);
  used.expires_at = now() + 10min;
  EXPECT_EQ(status_of(used), 200u);
}

TEST_F(RemovalTest, AnEarlierTokenThatEndsLaterDoesNotLetIn) {
  registry_.revoke_tokens_of_removed();
  livekit::Claims earlier = claims_of("ada");
  earlier.expires_at = now() + 6h;
  EXPECT_EQ(status_of(earlier), 200u);
  JoinDetails ada = details("ada");
  ada.claims = claims_of("ada");
  ada.claims.expires_at = now() + 10min;
  const Guest guest = join(std::move(ada));
  remove("ada");
  EXPECT_EQ(status_of(earlier), 401u);
}

TEST_F(RemovalTest, RefusesTokensOfBeforeWhenThatIsConfigured) {
  registry_.revoke_tokens_of_removed();
  const Guest ada = join("ada");
  livekit::Claims claims = claims_of("ada");
  claims.not_before = now() - 1h;
  EXPECT_EQ(status_of(claims), 200u);
  remove("ada");
  EXPECT_EQ(status_of(claims), 401u);
  // Made in the same second: it may have been before.
  claims.not_before = now();
  EXPECT_EQ(status_of(claims), 401u);
  claims.not_before = now() + 1s;
  EXPECT_EQ(status_of(claims), 200u);
}

}  // namespace
}  // namespace gstlk::room
