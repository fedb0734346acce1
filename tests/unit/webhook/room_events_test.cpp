// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/room_events.h"

#include "fake_http_client.h"
#include "livekit/messages.h"
#include "livekit_room.pb.h"
#include "livekit_webhook.pb.h"
#include "unit/room/room_fixture.h"
#include "webhook/notifier.h"

namespace gstlk::webhook {
namespace {

using Event = ::livekit::WebhookEvent;
using Info = ::livekit::ParticipantInfo;

class RoomEventsTest : public room::RoomFixture {
 protected:
  explicit RoomEventsTest(bool full_rooms = false) {
    auto client = std::make_unique<net::FakeHttpClient>();
    client_ = client.get();
    notifier_ = std::make_unique<Notifier>(
        NotifierSettings{
            .urls = {"http://one/"}, .api_key = "APIone", .keys = {{"APIone", "secret"}}},
        timers_, room::counting_random, std::move(client), std::make_unique<MemoryOutbox>());
    events_ = std::make_unique<RoomEvents>(*notifier_, full_rooms);
    registry_.add_listener(*events_);
  }
  // The next event.
  Event next() {
    if (client_->pending.empty()) timers_.advance(1ms);
    EXPECT_FALSE(client_->pending.empty());
    Event event;
    if (client_->pending.empty()) return event;
    EXPECT_TRUE(livekit::from_json(client_->first().body, event));
    client_->answer(200);
    return event;
  }

  net::FakeHttpClient* client_ = nullptr;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<RoomEvents> events_;
};

TEST_F(RoomEventsTest, EveryEventOfACallHasLiveKitsFields) {
  ::livekit::CreateRoomRequest request;
  request.set_name("kitchen");
  request.set_metadata("large");
  ASSERT_TRUE(registry_.create_room(request));
  const std::string room_sid = room().sid().value;
  Event event = next();
  EXPECT_EQ(event.event(), "room_started");
  EXPECT_EQ(event.room().sid(), room_sid);
  EXPECT_EQ(event.room().metadata(), "large");
  EXPECT_GT(event.room().enabled_codecs_size(), 0);
  EXPECT_FALSE(event.has_participant());
  EXPECT_FALSE(event.has_track());

  room::Guest alice = join("alice");
  event = next();
  EXPECT_EQ(event.event(), "participant_joined");
  EXPECT_EQ(event.room().num_participants(), 1u);
  EXPECT_EQ(event.participant().sid(), alice->sid().value);
  EXPECT_EQ(event.participant().state(), Info::ACTIVE);
  EXPECT_FALSE(event.has_track());

  const TrackId camera = publish_camera(alice);
  event = next();
  EXPECT_EQ(event.event(), "track_published");
  // Nothing else of room and participant.
  EXPECT_EQ(livekit::to_json(event.room()), R"({"sid":")" + room_sid + R"(","name":"kitchen"})");
  EXPECT_EQ(livekit::to_json(event.participant()),
            R"({"sid":")" + alice->sid().value + R"(","identity":"alice"})");
  EXPECT_EQ(event.track().sid(), camera.value);
  EXPECT_EQ(event.track().type(), ::livekit::VIDEO);
  EXPECT_EQ(event.track().mime_type(), "video/vp8");

  room().remove(*alice.participant, {::livekit::CLIENT_INITIATED});
  event = next();
  EXPECT_EQ(event.event(), "track_unpublished");
  EXPECT_EQ(event.track().sid(), camera.value);
  EXPECT_EQ(event.participant().identity(), "alice");
  event = next();
  EXPECT_EQ(event.event(), "participant_left");
  EXPECT_EQ(event.room().num_participants(), 0u);
  EXPECT_EQ(event.participant().state(), Info::DISCONNECTED);
  EXPECT_EQ(event.participant().disconnect_reason(), ::livekit::CLIENT_INITIATED);
  EXPECT_EQ(event.participant().tracks_size(), 0);

  timers_.advance(21s);
  event = next();
  EXPECT_EQ(event.event(), "room_finished");
  EXPECT_EQ(event.room().sid(), room_sid);
  EXPECT_TRUE(client_->pending.empty());
}

TEST_F(RoomEventsTest, WhoNeverBecomesActiveHasAborted) {
  room::FakeLink link;
  const auto joined = room().join(details("bob"), link, [](room::Participant&, room::RoomMedia&) {
    return std::make_unique<room::FakeParticipantMedia>();
  });
  room().admit(**joined);
  timers_.advance(61s);
  EXPECT_EQ(next().event(), "room_started");
  const Event event = next();
  EXPECT_EQ(event.event(), "participant_connection_aborted");
  EXPECT_EQ(event.participant().identity(), "bob");
  EXPECT_EQ(event.participant().disconnect_reason(), ::livekit::JOIN_FAILURE);
}

class FullRoomEventsTest : public RoomEventsTest {
 protected:
  FullRoomEventsTest() : RoomEventsTest(true) {}
};

TEST_F(FullRoomEventsTest, TrackEventsMayHaveTheWholeRoom) {
  room::Guest alice = join("alice");
  publish_camera(alice);
  EXPECT_EQ(next().event(), "room_started");
  EXPECT_EQ(next().event(), "participant_joined");
  const Event event = next();
  EXPECT_EQ(event.event(), "track_published");
  EXPECT_EQ(event.room().num_participants(), 1u);
  EXPECT_EQ(event.room().num_publishers(), 1u);
}

}  // namespace
}  // namespace gstlk::webhook
