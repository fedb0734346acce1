// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

using Packet = ::livekit::DataPacket;
using Reason = ::livekit::RequestResponse;

class DataTest : public RoomFixture {
 protected:
  static void send(Guest& from, const Packet& packet,
                   DataChannelKind channel = DataChannelKind::Reliable) {
    const std::string bytes = packet.SerializeAsString();
    from->on_data(channel, as_bytes(bytes));
  }
  static Packet chat(const std::string& text) {
    Packet packet;
    packet.mutable_user()->set_payload(text);
    return packet;
  }
  static Packet last(const Guest& guest) {
    Packet packet;
    EXPECT_TRUE(packet.ParseFromString(guest.media->data.back().second));
    return packet;
  }
  static std::vector<uint8_t> frame(uint16_t handle) {
    std::vector<uint8_t> bytes(16);
    store_u16(&bytes[2], handle);
    return bytes;
  }

  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
  Guest carol_ = join("carol");
};

TEST_F(DataTest, ThePacketCarriesItsSendersNameAndIsNotEchoed) {
  Packet packet = chat("hello");
  packet.set_participant_identity("mallory");
  send(alice_, packet, DataChannelKind::Lossy);
  EXPECT_TRUE(alice_.media->data.empty());
  ASSERT_EQ(bob_.media->data.size(), 1u);
  EXPECT_EQ(bob_.media->data[0].first, DataChannelKind::Lossy);
  EXPECT_EQ(last(bob_).participant_identity(), "alice");
  EXPECT_EQ(last(bob_).participant_sid(), alice_->sid().value);
  EXPECT_EQ(last(bob_).user().participant_identity(), "alice");
  EXPECT_EQ(last(bob_).kind(), Packet::LOSSY);
}

// What a client that knows no DataPacket puts on a channel of its own.
TEST_F(DataTest, ARawMessageReachesTheOthersAsAUsersPacket) {
  alice_->on_data(DataChannelKind::Raw, as_bytes("\xff hello"));
  EXPECT_TRUE(alice_.media->data.empty());
  ASSERT_EQ(bob_.media->data.size(), 1u);
  EXPECT_EQ(bob_.media->data[0].first, DataChannelKind::Reliable);
  EXPECT_EQ(last(bob_).user().payload(), "\xff hello");
  EXPECT_EQ(last(bob_).participant_identity(), "alice");
  EXPECT_EQ(last(bob_).kind(), Packet::RELIABLE);
  EXPECT_EQ(last(carol_).user().payload(), "\xff hello");
}

TEST_F(DataTest, DestinationsAreHonoured) {
  Packet packet = chat("psst");
  packet.add_destination_identities("carol");
  send(alice_, packet);
  EXPECT_TRUE(bob_.media->data.empty());
  EXPECT_EQ(last(carol_).user().destination_identities(0), "carol");
  Packet old = chat("psst");
  old.mutable_user()->add_destination_sids(bob_->sid().value);
  send(alice_, old);
  EXPECT_EQ(bob_.media->data.size(), 1u);
  EXPECT_EQ(carol_.media->data.size(), 1u);
}

TEST_F(DataTest, MetricsGoToThoseWhoMaySubscribeToThem) {
  JoinDetails who = details("watcher");
  who.claims.grants.video->can_subscribe_metrics = true;
  Guest watcher = join(std::move(who));
  Packet packet;
  packet.mutable_metrics()->set_timestamp_ms(1000);
  packet.mutable_metrics()->add_time_series()->add_samples()->set_timestamp_ms(500);
  packet.add_destination_identities("bob");
  send(alice_, packet, DataChannelKind::Lossy);
  EXPECT_TRUE(bob_.media->data.empty());
  ASSERT_EQ(watcher.media->data.size(), 1u);
  EXPECT_EQ(watcher.media->data[0].first, DataChannelKind::Reliable);
  EXPECT_EQ(last(watcher).participant_identity(), "alice");
  const auto metrics = last(watcher).metrics();
  EXPECT_EQ(metrics.normalized_timestamp().seconds(), timers_.unix_micros() / 1'000'000);
  EXPECT_TRUE(metrics.time_series(0).samples(0).has_normalized_timestamp());
  // Its own too, as with LiveKit.
  send(watcher, packet);
  EXPECT_EQ(watcher.media->data.size(), 2u);
}

TEST_F(DataTest, RepeatsAreDropped) {
  Packet packet = chat("once");
  packet.set_sequence(3);
  send(alice_, packet);
  send(alice_, packet);
  packet.set_sequence(2);
  send(alice_, packet);
  EXPECT_EQ(bob_.media->data.size(), 1u);
  EXPECT_EQ(alice_->last_data_sequence, 3u);
  Packet nonce = chat("once");
  nonce.mutable_user()->set_nonce(std::string(16, 'n'));
  send(alice_, nonce);
  send(bob_, nonce);
  EXPECT_EQ(bob_.media->data.size(), 2u);
}

TEST_F(DataTest, UnknownFieldsSurvive) {
  std::string bytes = chat("x").SerializeAsString();
  bytes += std::string("\xca\x3e\x03new", 6);  // field 1001
  alice_->on_data(DataChannelKind::Reliable, as_bytes(bytes));
  EXPECT_NE(bob_.media->data.back().second.find("new"), std::string::npos);
}

TEST_F(DataTest, WhatIsNotAllowedOrMalformedIsDropped) {
  JoinDetails details = RoomFixture::details("dave");
  details.claims.grants.video->can_publish_data = false;
  Guest dave = join(std::move(details));
  send(dave, chat("no"));
  Packet speaker;
  speaker.mutable_speaker();
  send(alice_, speaker);
  alice_->on_data(DataChannelKind::Reliable, as_bytes("\xff\xff"));
  EXPECT_TRUE(bob_.media->data.empty());
  EXPECT_EQ(room().data().dropped(), 3u);
}

TEST_F(DataTest, AnAgentMaySpeakForSomebodyElse) {
  JoinDetails details = RoomFixture::details("agent");
  details.claims.grants.kind = "agent";
  Guest agent = join(std::move(details));
  Packet packet;
  packet.mutable_chat_message()->set_message("transcribed");
  packet.set_participant_identity("alice");
  send(agent, packet);
  EXPECT_EQ(last(bob_).participant_identity(), "alice");
  EXPECT_TRUE(last(bob_).chat_message().generated());
  send(carol_, packet);
  EXPECT_EQ(last(bob_).participant_identity(), "carol");
}

TEST_F(DataTest, WhoseChannelsOpenLateGetsTheLastTwoSeconds) {
  JoinDetails details = RoomFixture::details("late");
  Guest late;
  const auto joined = room().join(std::move(details), *late.link, [&](Participant&, RoomMedia&) {
    auto media = std::make_unique<FakeParticipantMedia>();
    late.media = media.get();
    return media;
  });
  late.participant = *joined;
  room().admit(*late.participant);
  send(alice_, chat("old"));
  timers_.advance(1500ms);
  send(alice_, chat("new"));
  send(alice_, chat("lost"), DataChannelKind::Lossy);
  timers_.advance(1s);
  late->on_data_channels_open();
  ASSERT_EQ(late.media->data.size(), 1u);
  EXPECT_EQ(last(late).user().payload(), "new");
}

TEST_F(DataTest, ADataTrackIsAnnouncedAndItsHandleRewritten) {
  ::livekit::PublishDataTrackRequest request;
  request.set_pub_handle(500);
  request.set_name("pose");
  room().data_tracks().handle_publish(*alice_.participant, request);
  const auto info =
      alice_.link->last(Response::kPublishDataTrackResponse).publish_data_track_response().info();
  EXPECT_TRUE(info.sid().starts_with("DTR_"));
  EXPECT_EQ(bob_.link->last(Response::kUpdate).update().participants(0).data_tracks(0).sid(),
            info.sid());
  const auto handles = bob_.link->last(Response::kDataTrackSubscriberHandles)
                           .data_track_subscriber_handles()
                           .sub_handles();
  ASSERT_EQ(handles.size(), 1u);
  const uint32_t handle = handles.begin()->first;
  EXPECT_EQ(handles.begin()->second.publisher_identity(), "alice");

  alice_->on_data(DataChannelKind::DataTrack, frame(500));
  alice_->on_data(DataChannelKind::DataTrack, frame(501));
  alice_->on_data(DataChannelKind::DataTrack, ByteView(frame(500)).first(11));
  ASSERT_EQ(bob_.media->data.size(), 1u);
  EXPECT_EQ(load_u16(as_bytes(bob_.media->data[0].second).data() + 2), handle);

  ::livekit::UnpublishDataTrackRequest unpublish;
  unpublish.set_pub_handle(500);
  room().data_tracks().handle_unpublish(*alice_.participant, unpublish);
  EXPECT_TRUE(bob_.link->last(Response::kDataTrackSubscriberHandles)
                  .data_track_subscriber_handles()
                  .sub_handles()
                  .empty());
}

TEST_F(DataTest, ADataTrackThatIsNotThereIsNotFound) {
  ::livekit::UnpublishDataTrackRequest unpublish;
  unpublish.set_pub_handle(500);
  room().data_tracks().handle_unpublish(*alice_.participant, unpublish);
  EXPECT_EQ(alice_.link->last(Response::kRequestResponse).request_response().reason(),
            Reason::NOT_FOUND);
}

TEST_F(DataTest, WishesOfTracksThatEndedOrNeverWereAreForgotten) {
  JoinDetails details = RoomFixture::details("dave");
  details.auto_subscribe_data_track = false;
  Guest dave = join(details);
  const auto wish = [&](const std::string& sid, bool subscribe) {
    ::livekit::UpdateDataSubscription subscription;
    subscription.add_updates()->set_track_sid(sid);
    subscription.mutable_updates(0)->set_subscribe(subscribe);
    room().data_tracks().handle_update(*dave.participant, subscription);
  };
  for (int i = 0; i < 2000; ++i) wish("DTR_never" + std::to_string(i), false);
  for (int i = 0; i < 1001; ++i) {
    ::livekit::PublishDataTrackRequest request;
    request.set_pub_handle(500);
    request.set_name("pose");
    room().data_tracks().handle_publish(*alice_.participant, request);
    wish(alice_.link->last(Response::kPublishDataTrackResponse)
             .publish_data_track_response()
             .info()
             .sid(),
         true);
    ASSERT_EQ(dave.link->last(Response::kDataTrackSubscriberHandles)
                  .data_track_subscriber_handles()
                  .sub_handles_size(),
              1)
        << i;
    ::livekit::UnpublishDataTrackRequest unpublish;
    unpublish.set_pub_handle(500);
    room().data_tracks().handle_unpublish(*alice_.participant, unpublish);
    for (Guest* guest : {&alice_, &bob_, &carol_, &dave}) guest->link->received.clear();
  }
}

TEST_F(DataTest, WhoComesBackIsToldItsHandlesIfItEverHadSome) {
  const auto come_back = [&](Guest& guest) {
    guest.link->received.clear();
    room().admit_again(*guest.participant, timers_.now());
    return guest.link->all(Response::kDataTrackSubscriberHandles);
  };
  EXPECT_TRUE(come_back(bob_).empty());
  ::livekit::PublishDataTrackRequest request;
  request.set_pub_handle(500);
  request.set_name("pose");
  room().data_tracks().handle_publish(*alice_.participant, request);
  const auto told = come_back(bob_);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].data_track_subscriber_handles().sub_handles_size(), 1);
  room().remove(*alice_.participant, {::livekit::CLIENT_INITIATED});
  EXPECT_EQ(come_back(bob_).size(), 1u);
}

// The Rust SDK takes a handle it did not ask for as an error, and hangs when it asks later.
TEST_F(DataTest, ADataTrackWaitsForARequestWhereNothingElseWasSaid) {
  JoinDetails details = RoomFixture::details("dave");
  details.auto_subscribe_data_track = false;
  Guest dave = join(details);
  ::livekit::PublishDataTrackRequest request;
  request.set_pub_handle(500);
  request.set_name("pose");
  room().data_tracks().handle_publish(*alice_.participant, request);
  const auto sid = alice_.link->last(Response::kPublishDataTrackResponse)
                       .publish_data_track_response()
                       .info()
                       .sid();
  EXPECT_TRUE(dave.link->all(Response::kDataTrackSubscriberHandles).empty());

  ::livekit::UpdateDataSubscription subscription;
  subscription.add_updates()->set_track_sid(sid);
  subscription.mutable_updates(0)->set_subscribe(true);
  room().data_tracks().handle_update(*dave.participant, subscription);
  EXPECT_EQ(dave.link->all(Response::kDataTrackSubscriberHandles).size(), 1u);
}

TEST_F(DataTest, ADataTrackGoesToWhoMaySubscribe) {
  const auto handles = [](Guest& guest) {
    return guest.link->last(Response::kDataTrackSubscriberHandles)
        .data_track_subscriber_handles()
        .sub_handles_size();
  };
  const auto permit = [&](bool subscribe) {
    ::livekit::UpdateParticipantRequest request;
    request.mutable_permission()->set_can_subscribe(subscribe);
    EXPECT_TRUE(bob_->update(request));
  };
  ::livekit::PublishDataTrackRequest request;
  request.set_pub_handle(500);
  request.set_name("pose");
  room().data_tracks().handle_publish(*alice_.participant, request);
  EXPECT_EQ(handles(bob_), 1);
  permit(false);
  EXPECT_EQ(handles(bob_), 0);
  permit(true);
  EXPECT_EQ(handles(bob_), 1);

  ::livekit::SubscriptionPermission nobody;
  alice_->handle_subscription_permission(nobody);
  EXPECT_EQ(handles(bob_), 0);
  EXPECT_EQ(handles(carol_), 0);
  ::livekit::SubscriptionPermission carol;
  carol.add_track_permissions()->set_participant_identity("carol");
  carol.mutable_track_permissions(0)->set_all_tracks(true);
  alice_->handle_subscription_permission(carol);
  EXPECT_EQ(handles(bob_), 0);
  EXPECT_EQ(handles(carol_), 1);
}

TEST_F(DataTest, ARecorderGetsADataTrackThatIsForNobody) {
  JoinDetails details = RoomFixture::details("recorder");
  details.claims.grants.video->recorder = true;
  Guest recorder = join(std::move(details));
  alice_->handle_subscription_permission({});
  ::livekit::PublishDataTrackRequest request;
  request.set_pub_handle(500);
  request.set_name("pose");
  room().data_tracks().handle_publish(*alice_.participant, request);
  EXPECT_TRUE(bob_.link->all(Response::kDataTrackSubscriberHandles).empty());
  EXPECT_EQ(recorder.link->all(Response::kDataTrackSubscriberHandles).size(), 1u);
}

TEST_F(DataTest, BadDataTracksAreRefusedWithTheirReason) {
  const auto refusal = [&](uint32_t handle, const std::string& name) {
    ::livekit::PublishDataTrackRequest request;
    request.set_pub_handle(handle);
    request.set_name(name);
    room().data_tracks().handle_publish(*alice_.participant, request);
    return alice_.link->last(Response::kRequestResponse).request_response().reason();
  };
  EXPECT_EQ(refusal(0, "x"), Reason::INVALID_HANDLE);
  EXPECT_EQ(refusal(65536, "x"), Reason::INVALID_HANDLE);
  EXPECT_EQ(refusal(1, ""), Reason::INVALID_NAME);
  const auto refusal_of_encoding = [&](const std::string& name) {
    ::livekit::PublishDataTrackRequest request;
    request.set_pub_handle(1);
    request.set_name("x");
    request.mutable_frame_encoding()->set_custom(name);
    room().data_tracks().handle_publish(*alice_.participant, request);
    return alice_.link->last(Response::kRequestResponse).request_response().reason();
  };
  EXPECT_EQ(refusal_of_encoding(""), Reason::INVALID_REQUEST);
  EXPECT_EQ(refusal_of_encoding(std::string(33, 'x')), Reason::INVALID_REQUEST);
  refusal(1, "x");
  EXPECT_EQ(refusal(1, "y"), Reason::DUPLICATE_HANDLE);
  EXPECT_EQ(refusal(2, "x"), Reason::DUPLICATE_NAME);
  for (uint32_t handle = 2; handle <= 1000; ++handle) {
    refusal(handle, std::to_string(handle));
    for (Guest* guest : {&alice_, &bob_, &carol_}) guest->link->received.clear();
  }
  EXPECT_EQ(refusal(1001, "one more"), Reason::LIMIT_EXCEEDED);
}

}  // namespace
}  // namespace gstlk::room
