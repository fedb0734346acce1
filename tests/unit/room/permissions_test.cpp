// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/permissions.h"

#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

// What somebody may do, and whom a publisher lets subscribe, while everybody is in the room.
class PermissionsTest : public RoomFixture {
 protected:
  bool bob_receives(const TrackId& track) const { return bob_.media->downstream.contains(track); }
  ::livekit::ParticipantPermission permission() { return permission_from(alice_->grant()); }
  void set(const ::livekit::ParticipantPermission& permission) {
    ::livekit::UpdateParticipantRequest request;
    *request.mutable_permission() = permission;
    EXPECT_TRUE(alice_->update(request));
  }

  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
};

TEST_F(PermissionsTest, WhoWasNamedByItsSidMayStillSubscribeWhenItComesBack) {
  const TrackId sid = publish_camera(alice_);
  ::livekit::SubscriptionPermission request;
  ::livekit::TrackPermission& entry = *request.add_track_permissions();
  entry.set_participant_sid(bob_->sid().value);
  entry.set_all_tracks(true);
  request.add_track_permissions()->set_participant_sid("PA_nobody");
  alice_->handle_subscription_permission(request);
  EXPECT_TRUE(bob_receives(sid));
  bob_ = join("bob");
  EXPECT_TRUE(bob_receives(sid));
  Guest carol = join("carol");
  EXPECT_FALSE(carol.media->downstream.contains(sid));
}

TEST_F(PermissionsTest, AnEntryThatNamesNobodyLeavesEverythingAsItWas) {
  const TrackId sid = publish_camera(alice_);
  ::livekit::SubscriptionPermission request;
  request.add_track_permissions()->set_all_tracks(true);
  alice_->handle_subscription_permission(request);
  EXPECT_TRUE(bob_receives(sid));
}

TEST_F(PermissionsTest, OfTwoEntriesForOneTheLastCounts) {
  const TrackId sid = publish_camera(alice_);
  ::livekit::SubscriptionPermission request;
  for (const bool all : {true, false}) {
    ::livekit::TrackPermission& entry = *request.add_track_permissions();
    entry.set_participant_identity("bob");
    entry.set_all_tracks(all);
  }
  alice_->handle_subscription_permission(request);
  EXPECT_FALSE(bob_receives(sid));
}

TEST_F(PermissionsTest, TooManyEntriesLeaveEverythingAsItWas) {
  const TrackId sid = publish_camera(alice_);
  ::livekit::SubscriptionPermission request;
  for (int i = 0; i < 30'000; ++i)
    request.add_track_permissions()->set_participant_identity(std::to_string(i));
  alice_->handle_subscription_permission(request);
  EXPECT_TRUE(bob_receives(sid));
}

TEST_F(PermissionsTest, DataTracksEndWithThePermissionToPublishData) {
  ::livekit::PublishDataTrackRequest request;
  request.set_pub_handle(500);
  request.set_name("pose");
  room().data_tracks().handle_publish(*alice_.participant, request);
  auto changed = permission();
  changed.set_can_publish_data(false);
  set(changed);
  EXPECT_EQ(bob_.link->last(Response::kUpdate).update().participants(0).data_tracks_size(), 0);
  EXPECT_TRUE(bob_.link->last(Response::kDataTrackSubscriberHandles)
                  .data_track_subscriber_handles()
                  .sub_handles()
                  .empty());
}

TEST_F(PermissionsTest, WhoMayNotPublishIsNoPublisher) {
  publish_camera(alice_);
  EXPECT_TRUE(alice_->info().is_publisher());
  auto changed = permission();
  changed.set_can_publish(false);
  set(changed);
  EXPECT_FALSE(bob_.link->last(Response::kUpdate).update().participants(0).is_publisher());
}

TEST_F(PermissionsTest, SomebodyMayBecomeARecorderOrAnAgent) {
  auto changed = permission();
  changed.set_recorder(true);
  set(changed);
  EXPECT_TRUE(alice_->is_recorder());
  EXPECT_TRUE(room().info().active_recording());
  EXPECT_TRUE(bob_.link->last(Response::kRoomUpdate).room_update().room().active_recording());
  changed.set_recorder(false);
  changed.set_agent(true);
  set(changed);
  EXPECT_TRUE(alice_->is_agent());
  EXPECT_FALSE(bob_.link->last(Response::kRoomUpdate).room_update().room().active_recording());
  EXPECT_EQ(room().info().num_participants(), 1u);
}

}  // namespace
}  // namespace gstlk::room
