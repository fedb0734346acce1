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
    const auto admission = admit(registry_, &claims, false, false);
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
