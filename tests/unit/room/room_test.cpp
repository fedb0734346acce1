// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room.h"

#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

using Info = ::livekit::ParticipantInfo;
using Reason = ::livekit::RequestResponse;

class RoomTest : public RoomFixture {
 protected:
  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
};

TEST_F(RoomTest, AudiencesAreToldInBatchesAndPublishersAtOnce) {
  EXPECT_TRUE(alice_.link->all(Response::kUpdate).empty());
  timers_.advance(3s);
  EXPECT_EQ(alice_.link->all(Response::kUpdate).size(), 1u);
  publish_camera(bob_);
  EXPECT_EQ(alice_.link->all(Response::kUpdate).size(), 2u);
}

TEST_F(RoomTest, TheFewerThereAreTheSoonerTheyAreTold) {
  timers_.advance(3s);
  std::vector<Guest> guests;
  const auto updates = [&] { return alice_.link->all(Response::kUpdate).size(); };
  size_t before = updates();
  guests.push_back(join("carol"));
  timers_.advance(100ms);
  EXPECT_EQ(updates(), before + 1);

  for (int i = 0; i < 200; i++) guests.push_back(join("guest-" + std::to_string(i)));
  timers_.advance(3s);
  before = updates();
  guests.push_back(join("late"));
  timers_.advance(2900ms);
  EXPECT_EQ(updates(), before);
  timers_.advance(200ms);
  EXPECT_EQ(updates(), before + 1);
}

// The SDKs go by the identity: word of the old session would take away what the new one publishes.
TEST_F(RoomTest, WhoLeftAndCameBackIsNotToldAsGoneAfterwards) {
  room().remove(*bob_.participant, {::livekit::CLIENT_INITIATED});
  const Guest again = join("bob");
  timers_.advance(3s);
  std::vector<std::string> told;
  for (const Response& response : alice_.link->all(Response::kUpdate)) {
    for (const Info& info : response.update().participants()) {
      if (info.identity() == "bob") told.push_back(info.sid());
    }
  }
  ASSERT_FALSE(told.empty());
  for (const std::string& sid : told) EXPECT_EQ(sid, again->sid().value);
}

TEST_F(RoomTest, WhoComesBackHearsOfThoseWhoLeftWithinAMinuteAndNoMoreThanThat) {
  JoinDetails details = RoomFixture::details("carol");
  details.metadata = std::string(1000, 'm');
  details.attributes["role"] = std::string(1000, 'a');
  Guest carol = join(std::move(details));
  publish_camera(carol);
  timers_.advance(3s);
  const Timestamp lost = timers_.now();
  const std::string sid = carol->sid().value;
  const auto told = [&] {
    alice_.link->received.clear();
    alice_->attach(*alice_.link);
    room().admit_again(*alice_.participant, lost);
    for (const Response& response : alice_.link->all(Response::kUpdate)) {
      for (const Info& info : response.update().participants()) {
        if (info.identity() == "carol") return info;
      }
    }
    return Info();
  };
  room().remove(*carol.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(59s);
  const Info gone = told();
  EXPECT_EQ(gone.sid(), sid);
  EXPECT_EQ(gone.state(), Info::DISCONNECTED);
  EXPECT_EQ(gone.disconnect_reason(), ::livekit::CLIENT_INITIATED);
  EXPECT_GT(gone.joined_at(), 0);
  EXPECT_LT(gone.ByteSizeLong(), 100u);
  timers_.advance(2s);
  EXPECT_EQ(told().sid(), "");
}

TEST_F(RoomTest, VersionsOnlyGrow) {
  uint32_t version = 0;
  publish_camera(bob_);
  publish_microphone(bob_);
  bob_->publications().mute(publish(bob_, "screen", ::livekit::VIDEO, ::livekit::SCREEN_SHARE),
                            true);
  for (const Response& response : alice_.link->all(Response::kUpdate)) {
    EXPECT_GT(response.update().participants(0).version(), version);
    version = response.update().participants(0).version();
  }
  EXPECT_GT(version, 0u);
}

TEST_F(RoomTest, AHiddenParticipantIsKnownToItselfAlone) {
  JoinDetails details = RoomFixture::details("camera-man");
  details.claims.grants.video->hidden = true;
  Guest hidden = join(std::move(details));
  timers_.advance(3s);
  for (const Response& response : alice_.link->all(Response::kUpdate)) {
    for (const Info& info : response.update().participants())
      EXPECT_NE(info.identity(), "camera-man");
  }
  EXPECT_EQ(hidden.link->last(Response::kUpdate).update().participants(0).state(), Info::ACTIVE);
}

TEST_F(RoomTest, CountsLeaveOutRecorders) {
  JoinDetails details = RoomFixture::details("recorder");
  details.claims.grants.video->recorder = true;
  Guest recorder = join(std::move(details));
  EXPECT_EQ(room().info().num_participants(), 2u);
  EXPECT_TRUE(room().info().active_recording());
  EXPECT_TRUE(alice_.link->last(Response::kRoomUpdate).room_update().room().active_recording());
  room().remove(*recorder.participant, {::livekit::CLIENT_INITIATED});
  EXPECT_FALSE(alice_.link->last(Response::kRoomUpdate).room_update().room().active_recording());
}

TEST_F(RoomTest, AnEmptyRoomIsClosedAfterTheDepartureTimeout) {
  room().remove(*alice_.participant, {::livekit::CLIENT_INITIATED});
  room().remove(*bob_.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(19s);
  EXPECT_TRUE(registry_.find(RoomName("kitchen")));
  timers_.advance(2s);
  EXPECT_FALSE(registry_.find(RoomName("kitchen")));
}

TEST_F(RoomTest, ARoomThatNobodyCameIntoIsClosedInTimeAlthoughARecorderWasThere) {
  ::livekit::CreateRoomRequest request;
  request.set_name("hall");
  request.set_empty_timeout(100);
  ASSERT_TRUE(registry_.create_room(request));
  JoinDetails details = RoomFixture::details("recorder");
  details.claims.grants.video->recorder = true;
  Guest recorder = join(hall(), std::move(details));
  timers_.advance(60s);
  hall().remove(*recorder.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(39s);
  EXPECT_TRUE(registry_.find(RoomName("hall")));
  timers_.advance(2s);
  EXPECT_FALSE(registry_.find(RoomName("hall")));
}

TEST_F(RoomTest, WhoMayNotPublishIsToldSo) {
  JoinDetails details = RoomFixture::details("guest");
  details.claims.grants.video->can_publish_sources = {"microphone"};
  Guest guest = join(std::move(details));
  publish_camera(guest);
  const auto response = guest.link->last(Response::kRequestResponse).request_response();
  EXPECT_EQ(response.reason(), Reason::NOT_ALLOWED);
  EXPECT_EQ(response.add_track().cid(), "camera");
  EXPECT_FALSE(publish_microphone(guest).value.empty());
}

TEST_F(RoomTest, PendingTracksAreBounded) {
  alice_.media->sends_at_once = false;
  for (int i = 0; i < 21; ++i)
    publish(alice_, "cid" + std::to_string(i), ::livekit::AUDIO, ::livekit::MICROPHONE);
  EXPECT_EQ(alice_.link->all(Response::kTrackPublished).size(), 20u);
  EXPECT_EQ(alice_.link->last(Response::kRequestResponse).request_response().reason(),
            Reason::LIMIT_EXCEEDED);
}

TEST_F(RoomTest, ASecondTrackWithTheSameCidWaitsForTheFirstToEnd) {
  publish_camera(alice_);
  publish_camera(alice_);
  EXPECT_EQ(alice_.link->last(Response::kRequestResponse).request_response().reason(),
            Reason::QUEUED);
  alice_->on_upstream_tracks({});
  EXPECT_EQ(alice_.link->all(Response::kTrackPublished).size(), 2u);
}

TEST_F(RoomTest, MutingIsToldToEverybody) {
  const TrackId sid = publish_microphone(alice_);
  ::livekit::MuteTrackRequest mute;
  mute.set_sid(sid.value);
  mute.set_muted(true);
  alice_->publications().handle_mute(mute);
  EXPECT_TRUE(bob_.link->last(Response::kUpdate).update().participants(0).tracks(0).muted());
  mute.set_sid("TR_none");
  alice_->publications().handle_mute(mute);
  EXPECT_EQ(alice_.link->last(Response::kRequestResponse).request_response().reason(),
            Reason::NOT_FOUND);
}

TEST_F(RoomTest, MetadataNeedsPermissionAndIsAlwaysAnswered) {
  ::livekit::UpdateParticipantMetadata request;
  request.set_request_id(9);
  request.set_metadata("cook");
  alice_->handle_update_metadata(request);
  auto response = alice_.link->last(Response::kRequestResponse).request_response();
  EXPECT_EQ(response.request_id(), 9u);
  EXPECT_EQ(response.reason(), Reason::NOT_ALLOWED);

  JoinDetails details = RoomFixture::details("carol");
  details.claims.grants.video->can_update_own_metadata = true;
  details.claims.grants.attributes = {{"a", "1"}, {"b", "2"}};
  Guest carol = join(std::move(details));
  (*request.mutable_attributes())["a"] = "";
  carol->handle_update_metadata(request);
  response = carol.link->last(Response::kRequestResponse).request_response();
  EXPECT_EQ(response.reason(), Reason::OK);
  const Info info = carol->info();
  EXPECT_EQ(info.metadata(), "cook");
  EXPECT_EQ(info.attributes().size(), 1u);
  request.set_metadata(std::string(600'000, 'x'));
  carol->handle_update_metadata(request);
  EXPECT_EQ(carol.link->last(Response::kRequestResponse).request_response().reason(),
            Reason::LIMIT_EXCEEDED);
}

TEST_F(RoomTest, SpeakersAreToldToThoseWhoHearThem) {
  const TrackId sid = publish_microphone(alice_);
  bob_->subscriptions().set_wanted(sid, false);
  Guest carol = join("carol");
  media_->levels[sid] = 0.5;
  timers_.advance(400ms);
  const auto told = [](const Guest& guest) {
    return guest.link->last(Response::kSpeakersChanged).speakers_changed().speakers_size();
  };
  EXPECT_EQ(told(alice_), 1);
  EXPECT_EQ(told(bob_), 0);
  EXPECT_EQ(told(carol), 1);
  // Who subscribes in the middle of a speech is told.
  bob_->subscriptions().set_wanted(sid, true);
  bob_->on_downstream_bound(sid, "VP8");
  EXPECT_EQ(told(bob_), 1);
}

TEST_F(RoomTest, OnlyAMicrophoneMakesASpeaker) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  for (const auto source : {::livekit::SCREEN_SHARE_AUDIO, ::livekit::UNKNOWN}) {
    const TrackId sid = publish(alice, "audio" + std::to_string(source), ::livekit::AUDIO, source);
    bob->on_downstream_bound(sid, "opus");
    media_->levels[sid] = 0.5;
  }
  timers_.advance(1s);
  EXPECT_TRUE(bob.link->all(Response::kSpeakersChanged).empty());
}

TEST_F(RoomTest, WhatWasToldOfSomebodyIsForgottenWithIt) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  timers_.advance(1s);
  const ParticipantId gone = bob->sid();
  EXPECT_FALSE(alice->wants_update(gone, 1));
  room().remove(*bob.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(3s);
  EXPECT_TRUE(alice->wants_update(gone, 1));
  // Also where it comes back at once.
  Guest carol = join("carol");
  timers_.advance(1s);
  const ParticipantId replaced = carol->sid();
  EXPECT_FALSE(alice->wants_update(replaced, 1));
  carol = join("carol");
  timers_.advance(3s);
  EXPECT_TRUE(alice->wants_update(replaced, 1));
}

TEST_F(RoomTest, ConnectionQualityIsToldEveryFiveSecondsIfItChanged) {
  publish_microphone(alice_);
  alice_.media->stats = TrackStats{.packets = 100};
  timers_.advance(5s);
  EXPECT_EQ(alice_.link->all(Response::kConnectionQuality).size(), 1u);
  alice_.media->stats = TrackStats{.packets = 200};
  timers_.advance(5s);
  EXPECT_EQ(alice_.link->all(Response::kConnectionQuality).size(), 1u);
  alice_.media->stats = TrackStats{.packets = 250, .packets_lost = 50};
  timers_.advance(5s);
  const auto update = bob_.link->last(Response::kConnectionQuality).connection_quality();
  ASSERT_EQ(update.updates_size(), 1);
  EXPECT_EQ(update.updates(0).participant_sid(), alice_->sid().value);
  EXPECT_NE(update.updates(0).quality(), ::livekit::EXCELLENT);
}

TEST_F(RoomTest, ATrackThatIsNeverOfferedIsForgottenAfterThirtySeconds) {
  alice_.media->sends_at_once = false;
  const TrackId sid = publish_camera(alice_);
  timers_.advance(29s);
  EXPECT_TRUE(alice_->publications().find(sid));
  timers_.advance(1s);
  EXPECT_FALSE(alice_->publications().find(sid));
  EXPECT_FALSE(alice_.link->detached);
}

TEST_F(RoomTest, ATrackThatIsOfferedInTimeStays) {
  const TrackId sid = publish_camera(alice_);
  timers_.advance(40s);
  EXPECT_TRUE(room().find_track(sid));
}

TEST_F(RoomTest, TheMediaIsToldWhichTracksAreSharedScreens) {
  const TrackId camera = publish_camera(alice_);
  const TrackId screen = publish(alice_, "screen", ::livekit::VIDEO, ::livekit::SCREEN_SHARE);
  EXPECT_EQ(alice_.media->published, (std::set<TrackId>{camera, screen}));
  EXPECT_EQ(alice_.media->screens, std::set<TrackId>{screen});
}

struct StrictRoomTest : RoomFixture {
  StrictRoomTest() : RoomFixture({.reconnect_on_publication_error = true}) {}
};

TEST_F(StrictRoomTest, ATrackThatIsNeverOfferedMakesItsClientStartOver) {
  Guest alice = join("alice");
  alice.media->sends_at_once = false;
  publish_camera(alice);
  timers_.advance(30s);
  const auto leave = alice.link->last(Response::kLeave).leave();
  EXPECT_EQ(leave.action(), ::livekit::LeaveRequest::RECONNECT);
  EXPECT_EQ(leave.reason(), ::livekit::STATE_MISMATCH);
}

TEST_F(RoomTest, ABatchIsSplitAtItsTargetSize) {
  std::vector<Info> infos(3);
  for (Info& info : infos) info.set_metadata(std::string(600, 'x'));
  EXPECT_EQ(update_messages(infos, 1000).size(), 3u);
  EXPECT_EQ(update_messages(infos, 1300).size(), 2u);
}

}  // namespace
}  // namespace gstlk::room
