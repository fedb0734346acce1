// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room_control.h"

#include "livekit_room.pb.h"
#include "room/admission.h"
#include "room/room.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

template <class Request>
Request for_room() {
  Request request;
  request.set_room("kitchen");
  return request;
}
template <class Request>
Request for_alice() {
  Request request = for_room<Request>();
  request.set_identity("alice");
  return request;
}

class RoomControlTest : public RoomFixture {
 protected:
  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
};

TEST_F(RoomControlTest, CreatingARoomAgainChangesWhatTheRequestHas) {
  ::livekit::CreateRoomRequest request;
  request.set_name("hall");
  request.set_metadata("large");
  request.set_empty_timeout(7);
  const auto first = registry_.create_room(request);
  ASSERT_TRUE(first);
  request.clear_metadata();
  request.set_empty_timeout(9);
  const auto second = registry_.create_room(request);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->sid(), first->sid());
  EXPECT_EQ(second->metadata(), "large");
  EXPECT_EQ(second->empty_timeout(), 9u);
  request.set_sync_streams(true);
  request.set_min_playout_delay(100);
  request.set_max_playout_delay(2000);
  request.set_max_participants(7);
  ASSERT_TRUE(registry_.create_room(request));
  const Room& made = *registry_.find(RoomName(request.name()));
  EXPECT_TRUE(made.syncs_streams());
  EXPECT_EQ(made.playout_delay(), (PlayoutDelay{100ms, 2s}));
  EXPECT_EQ(made.info().max_participants(), 7u);
  request.set_room_preset("none");
  EXPECT_EQ(registry_.create_room(request).error().code, ErrorCode::InvalidArgument);
}

TEST_F(RoomControlTest, ARoomThatIsToBeRecordedIsNotMade) {
  ::livekit::CreateRoomRequest request;
  request.set_name("hall");
  request.mutable_egress();
  const auto made = registry_.create_room(request);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::Internal);
  EXPECT_EQ(made.error().message, "egress not connected (redis required)");
  EXPECT_EQ(registry_.find(RoomName("hall")), nullptr);
}

class RoomPresetTest : public RoomFixture {
 protected:
  RoomPresetTest()
      : RoomFixture([] {
          Settings settings;
          settings.room_configurations["live"] =
              R"({"emptyTimeout": 7, "minPlayoutDelay": 50, "maxPlayoutDelay": 2000,
                  "agents": [{"agentName": "scribe"}], "egress": {}})";
          return settings;
        }()) {}
};

TEST_F(RoomPresetTest, WhatTheRequestLeavesOpenIsAsThePresetSays) {
  ::livekit::CreateRoomRequest request;
  request.set_name("hall");
  request.set_room_preset("live");
  request.set_min_playout_delay(100);
  request.set_departure_timeout(3);
  const auto made = registry_.create_room(request);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->empty_timeout(), 7u);
  EXPECT_EQ(made->departure_timeout(), 3u);
  EXPECT_EQ(hall().playout_delay(), (PlayoutDelay{100ms, 2s}));
  ASSERT_EQ(hall().agents().size(), 1u);
  EXPECT_EQ(hall().agents()[0].agent_name(), "scribe");
}

TEST_F(RoomControlTest, WhatIsTooLongIsSaidInLiveKitsWords) {
  ::livekit::CreateRoomRequest create;
  create.set_name(std::string(257, 'n'));
  EXPECT_EQ(registry_.create_room(create).error().message,
            "room name length exceeds limits: max length 256");
  create.set_name("hall");
  create.add_agents()->set_metadata(std::string(524289, 'x'));
  EXPECT_EQ(registry_.create_room(create).error().message, "metadata size exceeds limits 524288");
  EXPECT_EQ(registry_.create_room(create).error().argument, "metadata size exceeds limits");
  create.mutable_agents(0)->clear_metadata();
  (*create.mutable_agents(0)->mutable_attributes())["a"] = std::string(65536, 'x');
  EXPECT_EQ(registry_.create_room(create).error().message, "attribute size exceeds limits 65536");
  EXPECT_EQ(registry_.find(RoomName("hall")), nullptr);
  auto update = for_alice<::livekit::UpdateParticipantRequest>();
  update.set_name(std::string(257, 'n'));
  EXPECT_EQ(registry_.update_participant(update).error().message, "name length exceeds limits 256");
}

TEST_F(RoomControlTest, ListsWhatIsAskedFor) {
  ::livekit::ListRoomsRequest request;
  EXPECT_EQ(registry_.list_rooms(request)->rooms_size(), 1);
  request.add_names("none");
  EXPECT_EQ(registry_.list_rooms(request)->rooms_size(), 0);
  EXPECT_EQ(registry_.list_participants(for_room<::livekit::ListParticipantsRequest>())
                ->participants_size(),
            2);
}

TEST_F(RoomControlTest, WhatIsNotThereIsNotFound) {
  ::livekit::DeleteRoomRequest request;
  request.set_room("none");
  EXPECT_EQ(registry_.delete_room(request).error().message, "requested room does not exist");
  auto identity = for_alice<::livekit::RoomParticipantIdentity>();
  identity.set_identity("nobody");
  EXPECT_EQ(registry_.get_participant(identity).error().message, "participant does not exist");
  EXPECT_EQ(registry_.remove_participant(identity).error().code, ErrorCode::NotFound);
}

TEST_F(RoomControlTest, DeletingARoomSendsEverybodyAway) {
  ASSERT_TRUE(registry_.delete_room(for_room<::livekit::DeleteRoomRequest>()));
  EXPECT_EQ(alice_.link->last(Response::kLeave).leave().reason(), ::livekit::ROOM_DELETED);
  EXPECT_TRUE(bob_.link->detached);
  timers_.advance(0us);
}

TEST_F(RoomControlTest, RemovingAParticipantSaysWhy) {
  ASSERT_TRUE(registry_.remove_participant(for_alice<::livekit::RoomParticipantIdentity>()));
  EXPECT_EQ(alice_.link->last(Response::kLeave).leave().reason(), ::livekit::PARTICIPANT_REMOVED);
}

TEST_F(RoomControlTest, MutesButDoesNotUnmute) {
  auto request = for_alice<::livekit::MuteRoomTrackRequest>();
  request.set_muted(true);
  request.set_track_sid("TR_none");
  EXPECT_EQ(registry_.mute_published_track(request).error().code, ErrorCode::NotFound);
  request.set_track_sid(publish_microphone(alice_).value);
  const auto muted = registry_.mute_published_track(request);
  ASSERT_TRUE(muted);
  EXPECT_TRUE(muted->track().muted());
  EXPECT_TRUE(alice_.link->last(Response::kMute).mute().muted());
  request.set_muted(false);
  EXPECT_EQ(registry_.mute_published_track(request).error().message, "remote unmute not enabled");
}

TEST_F(RoomControlTest, TakingAPermissionAwayUnpublishes) {
  const TrackId camera = publish_camera(alice_);
  const TrackId microphone = publish_microphone(alice_);
  auto request = for_alice<::livekit::UpdateParticipantRequest>();
  request.set_name("Alice");
  request.mutable_permission()->set_can_publish(true);
  request.mutable_permission()->add_can_publish_sources(::livekit::MICROPHONE);
  const auto updated = registry_.update_participant(request);
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->name(), "Alice");
  EXPECT_FALSE(updated->permission().can_subscribe());
  EXPECT_EQ(alice_.link->last(Response::kTrackUnpublished).track_unpublished().track_sid(),
            camera.value);
  EXPECT_EQ(alice_.media->published, std::set{microphone});
  EXPECT_FALSE(bob_.media->downstream.contains(camera));
}

TEST_F(RoomControlTest, SendsDataFromNobody) {
  auto request = for_room<::livekit::SendDataRequest>();
  request.set_data("ring");
  request.add_destination_identities("bob");
  ASSERT_TRUE(registry_.send_data(request));
  EXPECT_TRUE(alice_.media->data.empty());
  ASSERT_EQ(bob_.media->data.size(), 1u);
  request.set_nonce("short");
  EXPECT_EQ(registry_.send_data(request).error().message,
            "nonce should be 16-bytes or not present, got: 5 bytes");
}

TEST_F(RoomControlTest, RoomMetadataReachesEverybody) {
  auto request = for_room<::livekit::UpdateRoomMetadataRequest>();
  request.set_metadata("tonight");
  ASSERT_TRUE(registry_.update_room_metadata(request));
  EXPECT_EQ(bob_.link->last(Response::kRoomUpdate).room_update().room().metadata(), "tonight");
}

class AdmissionTest : public RoomFixture {
 protected:
  AdmissionTest()
      : RoomFixture([] {
          Settings settings;
          settings.auto_create = false;
          return settings;
        }()) {
    claims_.grants.identity = "alice";
    claims_.grants.video.emplace();
    claims_.grants.video->room_join = true;
    claims_.grants.video->room = "kitchen";
  }
  std::string refusal(const JoinAttempt& attempt = {}) {
    const auto result = admit(registry_, &claims_, attempt);
    return result ? "" : std::to_string(result.error().status) + " " + result.error().text;
  }

  livekit::Claims claims_;
};

TEST_F(AdmissionTest, RefusesInLiveKitsWords) {
  EXPECT_EQ(admit(registry_, nullptr, {}).error().text, "permissions denied");
  EXPECT_EQ(refusal(), "404 requested room does not exist");
  room();
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal({.metadata = "cook"}), "401 permissions denied");
  claims_.grants.identity.clear();
  EXPECT_EQ(refusal(), "400 identity cannot be empty");
  claims_.grants.identity = std::string(257, 'x');
  EXPECT_EQ(refusal(), "400 participant identity length exceeds limits: max length 256");
  claims_.grants.identity = "alice";
  claims_.grants.video->room = "";
  EXPECT_EQ(refusal(), "400 no room name");
  claims_.grants.video->room = std::string(257, 'x');
  EXPECT_EQ(refusal(), "400 room name length exceeds limits: max length 256");
  claims_.grants.video->room_join = false;
  EXPECT_EQ(refusal(), "401 permissions denied");
}

TEST_F(AdmissionTest, WhoMayCreateRoomsMakesOneByJoining) {
  claims_.grants.video->room_create = true;
  EXPECT_EQ(refusal(), "");
}

TEST_F(AdmissionTest, WhatEverybodyIsToldOfSomebodyHasALimit) {
  room();
  claims_.grants.video->can_update_own_metadata = true;
  const std::string metadata(524288, 'x');
  EXPECT_EQ(refusal({.metadata = metadata}), "");
  EXPECT_EQ(refusal({.metadata = metadata + "x"}), "400 metadata size exceeds limits");
  // The token's and the client's together.
  claims_.grants.attributes["a"] = std::string(40000, 'x');
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal({.attributes = {{"a", std::string(50000, 'y')}}}), "");
  EXPECT_EQ(refusal({.attributes = {{"b", std::string(40000, 'y')}}}),
            "400 attribute size exceeds limits");
  claims_.grants.metadata = metadata + "x";
  EXPECT_EQ(refusal(), "400 metadata size exceeds limits");
}

TEST_F(AdmissionTest, ACompanionHasAnIdentityOfItsOwnAndMustBeAbleToPublish) {
  room();
  const auto companion = admit(registry_, &claims_, {.resumes = true, .publish = "screen"});
  ASSERT_TRUE(companion);
  EXPECT_EQ(companion->identity.value, "alice#screen");
  EXPECT_EQ(refusal({.publish = std::string(256, 'x')}),
            "400 participant identity length exceeds limits: max length 256");
  claims_.grants.video->can_publish = false;
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal({.publish = "screen"}), "401 permissions denied");
}

}  // namespace
}  // namespace gstlk::room
