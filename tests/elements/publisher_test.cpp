// SPDX-License-Identifier: LGPL-2.1-or-later
// A publisher in a session with a server that only talks.
#include "plugins/livekit/publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/ref.h"
#include "plugins/livekit/room_session.h"
#include "tests/elements/fake_room.h"
#include "tests/support/eventually.h"

namespace gstlk::client {
namespace {

using gstlk::testing::FakeRoom;
using namespace std::chrono_literals;

using gstlk::testing::eventually;

class PublisherTest : public ::testing::Test, public PublisherOwner, public RoomListener {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  void join(const Publisher::Timeouts& timeouts) {
    ConnectionSettings settings;
    settings.ws_url = room_.url();
    settings.auth_token = "token";
    settings.timeout = 60s;
    session_ = RoomSession::find_or_make(settings).value();
    session_->run([&] {
      publisher_ = std::make_unique<Publisher>(*session_, GST_BIN(pipeline_.get()), this, timeouts);
      ASSERT_TRUE(session_->set_publisher(publisher_.get()));
      session_->add(*this);
      session_->open();
    });
    ASSERT_TRUE(eventually([&] { return room_.joins() == 1; }));
  }
  void TearDown() override {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    if (!session_) return;
    session_->run([&] {
      (void)session_->set_publisher(nullptr);
      publisher_.reset();
      session_->remove(*this);
    });
  }
  void on_refused(LocalTrack&, const std::string&) override { ++refused_; }

  FakeRoom room_;
  Ref<GstElement> pipeline_ = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
  std::shared_ptr<RoomSession> session_;
  std::unique_ptr<Publisher> publisher_;
  std::atomic<int> refused_ = 0;
};

TEST_F(PublisherTest, JoinsAnewWhenItsOfferIsNotAnswered) {
  join({.answer = 200ms});
  EXPECT_TRUE(eventually([&] { return room_.joins() == 2; }));
}

class Track : public LocalTrack::Listener {
 public:
  void on_track_ready() override { ready = true; }
  void on_track_error(const std::string&) override {}
  TrackSettings track_settings() override { return {}; }

  std::atomic<bool> ready = false;
};

TEST_F(PublisherTest, AnOutageIsNoRefusal) {
  Track listener;
  LocalTrack track(MediaKind::Audio, "track", listener);
  GstElement* source = gst_element_factory_make("audiotestsrc", nullptr);
  g_object_set(source, "is-live", TRUE, nullptr);
  gst_bin_add_many(GST_BIN(pipeline_.get()), source, track.bin(), nullptr);
  gst_element_link(source, track.bin());
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(eventually([&] { return listener.ready.load(); }));

  join({.published = 100ms});
  room_.keep_waiting(true);
  room_.hang_up();
  ASSERT_TRUE(eventually([&] { return room_.joins() == 2; }));
  session_->run([&] { publisher_->add(track, {}, false); });
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(refused_, 0);
  room_.keep_waiting(false);
  room_.hang_up();
  EXPECT_TRUE(eventually([&] {
    return room_.count([](const auto& request) { return request.has_add_track(); }) > 0;
  }));
  // In the room silence is a refusal.
  EXPECT_TRUE(eventually([&] { return refused_ == 1; }));
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

}  // namespace
}  // namespace gstlk::client
