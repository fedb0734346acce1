// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

using Info = ::livekit::ParticipantInfo;

class ForwardsTest : public RoomFixture {
 protected:
  Result<void, ApiError> forward(const std::string& who, const std::string& where = "hall") {
    ::livekit::ForwardParticipantRequest request;
    request.set_room("kitchen");
    request.set_identity(who);
    request.set_destination_room(where);
    return registry_.forward_participant(request);
  }
  Participant* forwarded(const std::string& identity) {
    return hall().find(ParticipantIdentity(identity));
  }
  static bool goes_to(const Guest& guest, const TrackId& track, Room& room) {
    return guest.media->forwarded.contains({track, &room.media()});
  }
};

TEST_F(ForwardsTest, TheOtherRoomHasAParticipantOfThatProfile) {
  JoinDetails who = details("alice");
  who.claims.grants.name = "Alice";
  who.claims.grants.metadata = "host";
  Guest alice = join(std::move(who));
  Guest carol = join_hall("carol");
  const TrackId camera = publish_camera(alice);
  ASSERT_TRUE(forward("alice"));
  const Info info = forwarded("alice")->info();
  EXPECT_NE(info.sid(), alice->sid().value);
  EXPECT_EQ(info.state(), Info::ACTIVE);
  EXPECT_EQ(info.name(), "Alice");
  EXPECT_EQ(info.metadata(), "host");
  ASSERT_EQ(info.kind_details_size(), 1);
  EXPECT_EQ(info.kind_details(0), Info::FORWARDED);
  ASSERT_EQ(info.tracks_size(), 1);
  EXPECT_EQ(info.tracks(0).sid(), camera.value);
  EXPECT_TRUE(info.is_publisher());
  EXPECT_TRUE(goes_to(alice, camera, hall()));
  EXPECT_TRUE(carol.media->downstream.contains(camera));
  // The source is where it was, and knows nothing of it.
  EXPECT_EQ(alice->info().kind_details_size(), 0);
  EXPECT_FALSE(alice.link->detached);
  EXPECT_EQ(&alice->room(), &room());
}

TEST_F(ForwardsTest, WhatChangesThereChangesHere) {
  Guest alice = join("alice");
  Guest carol = join_hall("carol");
  ASSERT_TRUE(forward("alice"));
  ::livekit::UpdateParticipantRequest update;
  update.set_name("Alice");
  (*update.mutable_attributes())["mood"] = "good";
  ASSERT_TRUE(alice->update(update));
  const TrackId camera = publish_camera(alice);
  const TrackId microphone = publish_microphone(alice);
  timers_.advance(0us);
  Info info = carol.link->last(Response::kUpdate).update().participants(0);
  EXPECT_EQ(info.name(), "Alice");
  EXPECT_EQ(info.attributes().at("mood"), "good");
  EXPECT_EQ(info.tracks_size(), 2);
  EXPECT_TRUE(carol.media->downstream.contains(microphone));

  ::livekit::MuteTrackRequest mute;
  mute.set_sid(camera.value);
  mute.set_muted(true);
  alice->publications().handle_mute(mute);
  timers_.advance(0us);
  info = carol.link->last(Response::kUpdate).update().participants(0);
  EXPECT_TRUE(info.tracks(0).muted());

  alice->publications().handle_upstream({});
  timers_.advance(0us);
  EXPECT_TRUE(carol.media->downstream.empty());
  EXPECT_TRUE(alice.media->forwarded.empty());
  EXPECT_EQ(forwarded("alice")->info().tracks_size(), 0);
}

TEST_F(ForwardsTest, ThePublisherSendsWhatIsWantedInEitherRoom) {
  Guest alice = join("alice");
  ::livekit::AddTrackRequest request;
  request.set_cid("camera");
  request.set_type(::livekit::VIDEO);
  request.set_width(1280);
  request.set_height(720);
  for (const auto quality : {::livekit::LOW, ::livekit::MEDIUM, ::livekit::HIGH}) {
    ::livekit::VideoLayer& layer = *request.add_layers();
    layer.set_quality(quality);
    layer.set_width(320U << quality);
    layer.set_height(180U << quality);
  }
  alice->publications().handle_add_track(request);
  const auto enabled = [&] {
    const auto update =
        alice.link->last(Response::kSubscribedQualityUpdate).subscribed_quality_update();
    int count = 0;
    for (const auto& entry : update.subscribed_qualities()) count += entry.enabled() ? 1 : 0;
    return count;
  };
  ASSERT_TRUE(forward("alice"));
  timers_.advance(1min);
  EXPECT_EQ(enabled(), 0);
  Guest carol = join_hall("carol");
  EXPECT_EQ(enabled(), 3);
  carol->on_downstream_bound(TrackId(alice->info().tracks(0).sid()), "VP8");
  EXPECT_EQ(alice.link->all(Response::kTrackSubscribed).size(), 1u);
  hall().remove(*carol.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(1min);
  EXPECT_EQ(enabled(), 0);

  Guest dave = join_hall("dave");
  EXPECT_EQ(enabled(), 3);
  hall().remove(*forwarded("alice"), {::livekit::PARTICIPANT_REMOVED});
  timers_.advance(1min);
  EXPECT_EQ(enabled(), 0);
}

TEST_F(ForwardsTest, ItEndsWithTheSource) {
  Guest alice = join("alice");
  Guest carol = join_hall("carol");
  const TrackId camera = publish_camera(alice);
  ASSERT_TRUE(forward("alice"));
  ASSERT_TRUE(forward("alice", "attic"));
  room().remove(*alice.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(0us);
  EXPECT_EQ(forwarded("alice"), nullptr);
  EXPECT_FALSE(carol.media->downstream.contains(camera));
  EXPECT_FALSE(registry_.find(RoomName("attic"))->has_participants());
  const Info gone = carol.link->last(Response::kUpdate).update().participants(0);
  EXPECT_EQ(gone.state(), Info::DISCONNECTED);
}

TEST_F(ForwardsTest, RemovedThereTheSourceGoesOn) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  const TrackId camera = publish_camera(alice);
  ASSERT_TRUE(forward("alice"));
  ::livekit::RoomParticipantIdentity who;
  who.set_room("hall");
  who.set_identity("alice");
  ASSERT_TRUE(registry_.remove_participant(who));
  EXPECT_FALSE(goes_to(alice, camera, hall()));
  EXPECT_TRUE(alice.media->published.contains(camera));
  EXPECT_TRUE(bob.media->downstream.contains(camera));
  EXPECT_FALSE(alice.link->detached);
  // What happens at the source no longer matters to anybody.
  publish_microphone(alice);
  timers_.advance(1s);
  EXPECT_EQ(alice.media->forwarded.size(), 0u);
  ASSERT_TRUE(forward("alice"));
  EXPECT_TRUE(goes_to(alice, camera, hall()));
}

TEST_F(ForwardsTest, TheDestinationRoomMayClose) {
  Guest alice = join("alice");
  publish_camera(alice);
  ASSERT_TRUE(forward("alice"));
  ::livekit::DeleteRoomRequest request;
  request.set_room("hall");
  ASSERT_TRUE(registry_.delete_room(request));
  EXPECT_TRUE(alice.media->forwarded.empty());
  timers_.advance(1s);
  publish_microphone(alice);
  timers_.advance(1s);
}

TEST_F(ForwardsTest, ASecondTimeItStartsOver) {
  Guest alice = join("alice");
  const TrackId camera = publish_camera(alice);
  ASSERT_TRUE(forward("alice"));
  const ParticipantId first = forwarded("alice")->sid();
  ASSERT_TRUE(forward("alice"));
  EXPECT_NE(forwarded("alice")->sid(), first);
  timers_.advance(1s);
  EXPECT_TRUE(goes_to(alice, camera, hall()));
  room().remove(*alice.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(0us);
  EXPECT_EQ(forwarded("alice"), nullptr);
}

TEST_F(ForwardsTest, ItReceivesNothingAndWhoMaySubscribeIsTheSourcesToSay) {
  Guest alice = join("alice");
  Guest carol = join_hall("carol");
  const TrackId camera = publish_camera(alice);
  const TrackId other = publish_camera(carol);
  ASSERT_TRUE(forward("alice"));
  EXPECT_FALSE(alice.media->downstream.contains(other));
  EXPECT_FALSE(forwarded("alice")->grant().may_subscribe());
  EXPECT_TRUE(carol.media->downstream.contains(camera));
  alice->handle_subscription_permission({});
  timers_.advance(0us);
  EXPECT_FALSE(carol.media->downstream.contains(camera));
}

TEST_F(ForwardsTest, WhoCannotBeForwarded) {
  EXPECT_EQ(forward("alice").error().message, "requested room does not exist");
  Guest alice = join("alice");
  EXPECT_EQ(forward("nobody").error().message, "participant does not exist");
  JoinDetails hidden = details("hidden");
  hidden.claims.grants.video->hidden = true;
  Guest ghost = join(std::move(hidden));
  EXPECT_EQ(forward("hidden", "new").error().code, ErrorCode::FailedPrecondition);
  EXPECT_EQ(registry_.find(RoomName("new")), nullptr);
  EXPECT_EQ(forward("alice", "").error().message, "no room name");
  ASSERT_TRUE(forward("alice"));
  ::livekit::ForwardParticipantRequest further;
  further.set_room("hall");
  further.set_identity("alice");
  further.set_destination_room("attic");
  EXPECT_EQ(registry_.forward_participant(further).error().code, ErrorCode::FailedPrecondition);
  ::livekit::UpdateParticipantRequest update;
  update.set_room("hall");
  update.set_identity("alice");
  EXPECT_EQ(registry_.update_participant(update).error().code, ErrorCode::FailedPrecondition);
  ::livekit::MoveParticipantRequest move;
  move.set_room("hall");
  move.set_identity("alice");
  move.set_destination_room("attic");
  EXPECT_EQ(registry_.move_participant(move).error().message, "participant is not connected");
  ::livekit::CreateRoomRequest request;
  request.set_name("booth");
  request.set_max_participants(1);
  ASSERT_TRUE(registry_.create_room(request));
  Guest bob = join("bob");
  ASSERT_TRUE(forward("alice", "booth"));
  EXPECT_EQ(forward("bob", "booth").error().code, ErrorCode::ResourceExhausted);
}

}  // namespace
}  // namespace gstlk::room
