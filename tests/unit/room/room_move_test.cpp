// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

class RoomMoveTest : public RoomFixture {
 protected:
  RoomMoveTest()
      : RoomFixture([] {
          Settings settings;
          settings.sign_token = [](const livekit::Claims& claims) {
            return "token for " + claims.grants.video->room;
          };
          return settings;
        }()) {}

  Result<void, ApiError> move(const std::string& who, const std::string& where = "hall") {
    ::livekit::MoveParticipantRequest request;
    request.set_room("kitchen");
    request.set_identity(who);
    request.set_destination_room(where);
    return registry_.move_participant(request);
  }

  static void publish_data_track(Guest& guest) {
    ::livekit::PublishDataTrackRequest request;
    request.set_pub_handle(3);
    request.set_name("positions");
    guest->room().data_tracks().handle_publish(*guest.participant, request);
  }
};

TEST_F(RoomMoveTest, TheClientHearsOfTheNewRoomAndWhoIsThere) {
  Guest alice = join("alice");
  Guest carol = join_hall("carol");
  const std::string before = alice->sid().value;
  ASSERT_TRUE(move("alice"));
  const auto moved = alice.link->last(Response::kRoomMoved).room_moved();
  EXPECT_EQ(moved.room().name(), "hall");
  EXPECT_EQ(moved.token(), "token for hall");
  EXPECT_EQ(moved.participant().identity(), "alice");
  EXPECT_NE(moved.participant().sid(), before);
  EXPECT_EQ(moved.participant().state(), ::livekit::ParticipantInfo::ACTIVE);
  ASSERT_EQ(moved.other_participants_size(), 1);
  EXPECT_EQ(moved.other_participants(0).identity(), "carol");
  EXPECT_FALSE(alice.link->detached);
  EXPECT_EQ(alice.media->room, &hall().media());
  EXPECT_EQ(&alice->room(), &hall());
  EXPECT_EQ(carol.link->last(Response::kUpdate).update().participants(0).identity(), "alice");
}

// A client whose engine knows no token but that of refresh_token comes back to the new room, too.
TEST_F(RoomMoveTest, TheTokenToComeBackWithFollowsAsARefreshToken) {
  Guest alice = join("alice");
  ASSERT_TRUE(move("alice"));
  EXPECT_EQ(alice.link->last(Response::kRefreshToken).refresh_token(), "token for hall");
}

// LiveKit's Rust engine keeps the sid of its join response.
TEST_F(RoomMoveTest, ItIsKnownByWhatItJoinedAs) {
  Guest alice = join("alice");
  const std::string joined = alice->sid().value;
  EXPECT_TRUE(alice->was_told(joined));
  ASSERT_TRUE(move("alice"));
  const std::string now = alice->sid().value;
  EXPECT_TRUE(alice->was_told(joined));
  EXPECT_TRUE(alice->was_told(now));
  EXPECT_FALSE(alice->was_told("PA_another"));
}

TEST_F(RoomMoveTest, WhatItPublishesEndsInTheOldRoomAndBeginsInTheNew) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  Guest carol = join_hall("carol");
  const TrackId camera = publish_camera(alice);
  const TrackId heard = publish_microphone(bob);
  const TrackId shown = publish_camera(carol);
  EXPECT_TRUE(bob.media->downstream.contains(camera));
  EXPECT_TRUE(alice.media->downstream.contains(heard));
  ASSERT_TRUE(move("alice"));
  EXPECT_FALSE(bob.media->downstream.contains(camera));
  EXPECT_FALSE(alice.media->downstream.contains(heard));
  EXPECT_TRUE(carol.media->downstream.contains(camera));
  EXPECT_TRUE(alice.media->downstream.contains(shown));
  EXPECT_TRUE(alice.media->published.contains(camera));
  const auto gone = bob.link->last(Response::kUpdate).update().participants(0);
  EXPECT_EQ(gone.identity(), "alice");
  EXPECT_EQ(gone.state(), ::livekit::ParticipantInfo::DISCONNECTED);
  EXPECT_EQ(room().find(ParticipantIdentity("alice")), nullptr);
  EXPECT_EQ(hall().find_track(camera)->publisher().sid(), alice->sid());
  timers_.advance(10s);
  hall().remove(*alice.participant, {::livekit::CLIENT_INITIATED});
  EXPECT_FALSE(carol.media->downstream.contains(camera));
  timers_.advance(1min);
}

TEST_F(RoomMoveTest, DataGoesToTheNewRoom) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  Guest carol = join_hall("carol");
  publish_data_track(alice);
  ASSERT_TRUE(move("alice"));
  ::livekit::DataPacket packet;
  packet.mutable_user()->set_payload("hello");
  const std::string bytes = packet.SerializeAsString();
  const size_t before = bob.media->data.size();
  alice->on_data(DataChannelKind::Reliable, as_bytes(bytes));
  EXPECT_EQ(bob.media->data.size(), before);
  EXPECT_EQ(carol.media->data.size(), 1u);
  ASSERT_EQ(alice->info().data_tracks_size(), 1);
  EXPECT_EQ(carol.link->all(Response::kDataTrackSubscriberHandles).size(), 1u);
}

TEST_F(RoomMoveTest, EverybodyInTheNewRoomHearsOfItsDataTracks) {
  Guest alice = join("alice");
  Guest carol = join_hall("carol");
  publish_data_track(alice);
  carol.link->received.clear();
  ASSERT_TRUE(move("alice"));
  const auto moved = alice.link->last(Response::kRoomMoved).room_moved().participant();
  ASSERT_EQ(moved.data_tracks_size(), 1);
  EXPECT_EQ(moved.data_tracks(0).name(), "positions");
  // Carol first hears of the track, and then gets a handle for it.
  ASSERT_GE(carol.link->received.size(), 2u);
  ASSERT_EQ(carol.link->received[0].message_case(), Response::kUpdate);
  const auto update = carol.link->received[0].update().participants(0);
  ASSERT_EQ(update.data_tracks_size(), 1);
  EXPECT_EQ(update.data_tracks(0).sid(), moved.data_tracks(0).sid());
  const auto handles = carol.link->last(Response::kDataTrackSubscriberHandles)
                           .data_track_subscriber_handles()
                           .sub_handles();
  ASSERT_EQ(handles.size(), 1u);
  EXPECT_EQ(handles.begin()->second.track_sid(), moved.data_tracks(0).sid());
}

TEST_F(RoomMoveTest, ItIsToldThatTheDataTracksOfTheOldRoomAreGone) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  Guest carol = join_hall("carol");
  const auto told = [&] { return alice.link->all(Response::kDataTrackSubscriberHandles); };
  publish_data_track(bob);
  ASSERT_EQ(told().size(), 1u);
  const uint32_t before = told()[0].data_track_subscriber_handles().sub_handles().begin()->first;
  ASSERT_TRUE(move("alice"));
  ASSERT_EQ(told().size(), 2u);
  EXPECT_TRUE(told()[1].data_track_subscriber_handles().sub_handles().empty());
  // Late packets of the old room must not be taken for those of the new one.
  publish_data_track(carol);
  ASSERT_EQ(told().size(), 3u);
  const auto now = told()[2].data_track_subscriber_handles().sub_handles();
  ASSERT_EQ(now.size(), 1u);
  EXPECT_NE(now.begin()->first, before);
}

TEST_F(RoomMoveTest, WhoCannotBeMovedStays) {
  EXPECT_EQ(move("alice").error().message, "requested room does not exist");
  JoinDetails old = details("old");
  old.client.set_protocol(15);
  Guest guest = join(std::move(old));
  EXPECT_EQ(move("nobody").error().message, "participant does not exist");
  EXPECT_EQ(move("old").error().message, "participant client version does not support moving");
  JoinDetails agent = details("agent");
  agent.claims.grants.kind = "agent";
  Guest helper = join(std::move(agent));
  EXPECT_EQ(move("agent").error().code, ErrorCode::FailedPrecondition);
  Guest alice = join("alice");
  EXPECT_EQ(move("alice", "").error().message, "no room name");
  EXPECT_EQ(move("alice", std::string(257, 'n')).error().message,
            "room name length exceeds limits");
  ::livekit::CreateRoomRequest request;
  request.set_name("hall");
  request.set_max_participants(1);
  ASSERT_TRUE(registry_.create_room(request));
  Guest carol = join_hall("carol");
  EXPECT_EQ(move("alice").error().code, ErrorCode::ResourceExhausted);
  alice->on_link_closed(*alice.link);
  EXPECT_EQ(move("alice").error().message, "participant is not connected");
}

TEST_F(RoomMoveTest, WhoHasTheIdentityThereLeaves) {
  Guest alice = join("alice");
  Guest other = join_hall("alice");
  ASSERT_TRUE(move("alice"));
  EXPECT_TRUE(other.link->detached);
  EXPECT_EQ(hall().find(ParticipantIdentity("alice")), alice.participant);
}

}  // namespace
}  // namespace gstlk::room
