// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/node_load.h"

#include <gtest/gtest.h>

#include "livekit_room.pb.h"
#include "room/admission.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

// There before the rooms are.
struct ByteCount {
  uint64_t bytes_ = 0;
};

class NodeLoadTest : protected ByteCount, public RoomFixture {
 protected:
  explicit NodeLoadTest(Limits limits)
      : RoomFixture(Settings{.limits = limits, .media_bytes = [this] { return bytes_; }}) {}

  // What somebody new is answered with; 0 is admission.
  unsigned refusal(bool resumes = false) {
    livekit::Claims claims;
    claims.grants.identity = "cleo";
    claims.grants.video.emplace();
    claims.grants.video->room_join = true;
    claims.grants.video->room = "kitchen";
    const auto admission = admit(registry_, &claims, {.resumes = resumes});
    if (admission) return 0;
    EXPECT_EQ(admission.error().text, "node has exceeded its configured limit");
    return admission.error().status;
  }
  bool creates_rooms() {
    ::livekit::CreateRoomRequest request;
    request.set_name("garden");
    const auto created = registry_.create_room(request);
    if (created) return true;
    EXPECT_EQ(created.error().message, "reached configured limit for node");
    return false;
  }
};

class TrackLimitTest : public NodeLoadTest {
 protected:
  TrackLimitTest() : NodeLoadTest({.num_tracks = 3}) {}
};

TEST_F(TrackLimitTest, TracksCountForWhoPublishesAndForWhoReceivesThem) {
  Guest ada = join("ada");
  Guest bob = join("bob");
  const TrackId camera = publish_camera(ada);
  EXPECT_EQ(registry_.load().tracks_in(), 1u);
  EXPECT_EQ(registry_.load().tracks_out(), 0u);
  bob->on_downstream_bound(camera, "VP8");
  bob->on_downstream_bound(camera, "VP8");
  EXPECT_EQ(registry_.load().tracks_out(), 1u);
  EXPECT_EQ(refusal(), 0u);
  EXPECT_TRUE(creates_rooms());

  publish_microphone(ada);
  EXPECT_EQ(refusal(), 503u);
  EXPECT_EQ(refusal(true), 0u);
  EXPECT_FALSE(creates_rooms());
  // Who is there may do more.
  publish_camera(bob);
  EXPECT_EQ(registry_.load().tracks_in(), 3u);

  room().remove(*bob.participant, {::livekit::CLIENT_INITIATED});
  EXPECT_EQ(registry_.load().tracks_in(), 2u);
  EXPECT_EQ(registry_.load().tracks_out(), 0u);
  EXPECT_EQ(refusal(), 0u);
  room().remove(*ada.participant, {::livekit::CLIENT_INITIATED});
  EXPECT_EQ(registry_.load().tracks_in(), 0u);
}

TEST_F(TrackLimitTest, WhoMovesIsCountedOnce) {
  Guest ada = join("ada");
  Guest bob = join("bob");
  const TrackId camera = publish_camera(ada);
  bob->on_downstream_bound(camera, "VP8");
  hall().take_over(*ada.participant);
  EXPECT_EQ(registry_.load().tracks_in(), 1u);
  EXPECT_EQ(registry_.load().tracks_out(), 0u);
}

class RateLimitTest : public NodeLoadTest {
 protected:
  RateLimitTest() : NodeLoadTest({.bytes_per_sec = 1000}) {}
  void run(Duration duration, uint64_t bytes_per_second) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      bytes_ += bytes_per_second;
      timers_.advance(1s);
    }
  }
};

TEST_F(RateLimitTest, TheRateIsThatOfTheLastTenSeconds) {
  run(8s, 5000);
  EXPECT_EQ(refusal(), 0u);  // It is not known yet.
  run(4s, 5000);
  EXPECT_NEAR(registry_.load().bytes_per_second(), 5000, 600);
  EXPECT_EQ(refusal(), 503u);
  EXPECT_FALSE(creates_rooms());
  run(14s, 900);
  EXPECT_NEAR(registry_.load().bytes_per_second(), 900, 10);
  EXPECT_EQ(refusal(), 0u);
  run(14s, 1000);
  EXPECT_EQ(refusal(), 503u);
}

}  // namespace
}  // namespace gstlk::room
