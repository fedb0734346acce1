// SPDX-License-Identifier: LGPL-2.1-or-later
// What livekitsrc makes of a track whose server sends it, and sees nothing of subscriptions.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/elements/sending_peer.h"
#include "tests/elements/session_fixture.h"

namespace gstlk::client {
namespace {

class ReceivedTrackTest : public LiveKitSessionTest {
 protected:
  void SetUp() override {
    play(std::string("livekitsrc name=e URL") + kKeys);
    ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
    ::livekit::SignalResponse message;
    auto* who = message.mutable_update()->add_participants();
    who->set_sid("PA_ada");
    who->set_identity("ada");
    who->set_state(::livekit::ParticipantInfo::ACTIVE);
    auto* track = who->add_tracks();
    track->set_sid("TR_v");
    track->set_type(::livekit::VIDEO);
    track->set_source(::livekit::CAMERA);
    track->set_mime_type("video/VP8");
    room_.send(message);
    server_ = std::make_unique<SendingPeer>(room_);
    ASSERT_TRUE(receives("video_0"));
  }
  void TearDown() override {
    LiveKitSessionTest::TearDown();
    server_.reset();
  }

  // Of the pad's; nullopt when it is not there.
  std::optional<uint64_t> packets(const std::string& pad) {
    server_->take_answers();
    GstStructure* stats = nullptr;
    g_object_get(find("e").get(), "stats", &stats, nullptr);
    std::optional<uint64_t> packets;
    if (const GValue* track = gst_structure_get_value(stats, pad.c_str())) {
      guint64 count = 0;
      gst_structure_get_uint64(gst_value_get_structure(track), "packets", &count);
      packets = count;
    }
    gst_structure_free(stats);
    return packets;
  }
  // Some more.
  bool receives(const std::string& pad) {
    const uint64_t before = packets(pad).value_or(0);
    return eventually([&] { return packets(pad).value_or(0) > before + 5; });
  }
  void set_subscribed(bool subscribed) {
    gboolean done = FALSE;
    g_signal_emit_by_name(find("e").get(), "set-subscribed", "TR_v",
                          static_cast<gboolean>(subscribed), &done);
    EXPECT_TRUE(done);
  }

  std::unique_ptr<SendingPeer> server_;
};

TEST_F(ReceivedTrackTest, ComesBackWhenItsServerSawNothingOfItsAbsence) {
  set_subscribed(false);
  ASSERT_TRUE(eventually([&] { return !packets("video_0"); }));
  set_subscribed(true);
  EXPECT_TRUE(receives("video_1"));
  set_subscribed(false);
  ASSERT_TRUE(eventually([&] { return !packets("video_1"); }));
  set_subscribed(true);
  EXPECT_TRUE(receives("video_2"));
}

}  // namespace
}  // namespace gstlk::client
