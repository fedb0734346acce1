// SPDX-License-Identifier: LGPL-2.1-or-later
// The elements' sessions, with a server that only talks.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "base/ref.h"
#include "tests/elements/session_fixture.h"

namespace gstlk::client {
namespace {

TEST_F(LiveKitSessionTest, AnErrorInsideAConnectionIsNotTheApplications) {
  for (const char* element :
       {"livekitsrc", "livekitrecorder location=/tmp", "livekitcompositesrc"}) {
    const size_t before = room_.joins();
    play(std::string(element) + " name=e URL" + kKeys);
    ASSERT_TRUE(eventually([&] { return room_.joins() == before + 1; })) << element;
    Ref<GstElement> peer;
    ASSERT_TRUE(eventually([&] {
      peer = find("subscriber");
      return static_cast<bool>(peer);
    }));
    const auto inside = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(peer.get()), "rtpbin"));
    ASSERT_TRUE(inside);
    GST_ELEMENT_ERROR(inside.get(), RESOURCE, WRITE, ("SCTP went into error state"), (nullptr));
    EXPECT_TRUE(eventually([&] { return room_.joins() == before + 2; })) << element;
    EXPECT_EQ(error(), "") << element;
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }
}

// As pipelines/run says them: the key that is there for want of a token does not count.
TEST_F(LiveKitSessionTest, ComesBackWithTheTokenThatTheServerRefreshed) {
  play(std::string("livekitsrc URL auth-token=first") + kKeys);
  ASSERT_TRUE(eventually([&] { return room_.joins() == 1; }));
  ::livekit::SignalResponse refresh;
  refresh.set_refresh_token("second");
  room_.send(refresh);
  room_.hang_up();
  ASSERT_TRUE(eventually([&] { return room_.joins() == 2; }));
  EXPECT_EQ(room_.tokens(), (std::vector<std::string>{"first", "second"}));
}

// Without it the server has the tracks, or the primary connection, of an element that is gone.
TEST_F(LiveKitSessionTest, JoinsAnewForThoseWhoStayInASharedSession) {
  for (const char* leaves : {"source", "sink"}) {
    const size_t before = room_.joins();
    play(std::string("livekitsrc name=source session=shared URL") + kKeys +
         "livekitsink name=sink session=shared URL" + kKeys);
    ASSERT_TRUE(eventually([&] { return room_.joins() > before; }));
    ASSERT_TRUE(eventually([&] { return find("publisher") && find("subscriber"); }));
    const size_t joined = room_.joins();
    gst_element_set_state(find(leaves).get(), GST_STATE_READY);
    EXPECT_TRUE(eventually([&] { return room_.joins() == joined + 1; })) << leaves;
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }
}

TEST_F(LiveKitSessionTest, ThoseWhoLeaveASharedSessionTogetherSayGoodbye) {
  play(std::string("livekitsrc session=shared URL") + kKeys + "livekitsink session=shared URL" +
       kKeys);
  ASSERT_TRUE(eventually([&] { return find("publisher") && find("subscriber"); }));
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  EXPECT_TRUE(eventually(
      [&] { return room_.count([](const auto& request) { return request.has_leave(); }) == 1; }));
}

TEST_F(LiveKitSessionTest, ASharedSessionIsOfOneRoom) {
  play(std::string("livekitsrc session=shared URL") + kKeys +
       "livekitsink session=shared URL api-key=k identity=i room-name=other secret-key=s");
  EXPECT_NE(error(10 * GST_SECOND).find("another room"), std::string::npos);
}

TEST_F(LiveKitSessionTest, ASessionThatHasEndedIsNotJoined) {
  play(std::string("livekitsrc session=shared URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return room_.joins() == 1; }));
  ::livekit::SignalResponse leave;
  leave.mutable_leave()->set_reason(::livekit::PARTICIPANT_REMOVED);
  room_.send(leave);
  EXPECT_NE(error(10 * GST_SECOND).find("PARTICIPANT_REMOVED"), std::string::npos);
  GstElement* second = gst_element_factory_make("livekitsink", "second");
  gst_util_set_object_arg(G_OBJECT(second), "session", "shared");
  g_object_set(second, "ws-url", room_.url().c_str(), "auth-token", "second", nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), second);
  gst_element_sync_state_with_parent(second);
  EXPECT_TRUE(eventually([&] { return room_.joins() == 2; }));
}

TEST_F(LiveKitSessionTest, AnElementThatReceivesConnectsForItsFirstData) {
  play(std::string("livekitsrc name=source URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
  const auto offers = [&] {
    return room_.count([](const auto& request) { return request.has_offer(); });
  };
  EXPECT_EQ(offers(), 0u);
  GBytes* payload = g_bytes_new_static("hello", 5);
  gboolean sent = FALSE;
  g_signal_emit_by_name(find("source").get(), "publish-data", payload, nullptr, TRUE, &sent);
  g_bytes_unref(payload);
  EXPECT_FALSE(sent);
  EXPECT_TRUE(eventually([&] { return offers() == 1; }));
}

TEST_F(LiveKitSessionTest, AMuteBeforeTheServerKnowsTheTrackIsNotLost) {
  play(std::string("livekitsink name=s URL") + kKeys + "audiotestsrc is-live=true ! s.audio_0");
  const auto adds = [](const auto& request) { return request.has_add_track(); };
  ASSERT_TRUE(eventually([&] { return room_.count(adds) == 1; }));
  const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(find("s").get(), "audio_0"));
  g_object_set(pad.get(), "muted", TRUE, nullptr);
  const auto mutes = [&](bool muted) {
    return room_.count([muted](const auto& request) {
      return request.has_mute() && request.mute().sid() == "TR_a" &&
             request.mute().muted() == muted;
    });
  };
  ::livekit::SignalResponse published;
  for (const auto& request : room_.requests())
    if (request.has_add_track())
      published.mutable_track_published()->set_cid(request.add_track().cid());
  published.mutable_track_published()->mutable_track()->set_sid("TR_a");
  room_.send(published);
  EXPECT_TRUE(eventually([&] { return mutes(true) == 1; }));

  ::livekit::SignalResponse update;
  auto* us = update.mutable_update()->add_participants();
  us->set_sid("PA_us");
  us->set_identity("us");
  us->add_tracks()->set_sid("TR_a");
  room_.send(update);
  EXPECT_TRUE(eventually([&] { return mutes(true) == 2; }));
}

TEST_F(LiveKitSessionTest, AComposedRoomGoesOnAfterASeek) {
  play(std::string("livekitcompositesrc name=room URL") + kKeys +
       "width=64 height=64 room.video ! fakesink name=video room.audio ! fakesink name=audio");
  const auto rendered = [this](const char* sink) {
    GstStructure* stats = nullptr;
    guint64 count = 0;
    g_object_get(find(sink).get(), "stats", &stats, nullptr);
    gst_structure_get_uint64(stats, "rendered", &count);
    gst_structure_free(stats);
    return count;
  };
  for (const char* sink : {"video", "audio"})
    ASSERT_TRUE(eventually([&] { return rendered(sink) > 0; })) << sink;
  EXPECT_FALSE(gst_element_seek_simple(pipeline_.get(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  const auto query = Ref<GstQuery>::adopt(gst_query_new_seeking(GST_FORMAT_TIME));
  ASSERT_TRUE(gst_element_query(pipeline_.get(), query.get()));
  gboolean seekable = TRUE;
  gst_query_parse_seeking(query.get(), nullptr, &seekable, nullptr, nullptr);
  EXPECT_FALSE(seekable);
  for (const char* sink : {"video", "audio"}) {
    const guint64 before = rendered(sink);
    EXPECT_TRUE(eventually([&] { return rendered(sink) > before + 5; })) << sink;
  }
}

// What an application does with media is on a thread of webrtcbin, which ends with it.
TEST_F(LiveKitSessionTest, AThreadThatTheClientWaitsForIsNotKeptWaiting) {
  play(std::string("livekitsrc name=source URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
  struct Handler {
    Ref<GstElement> source;
    std::atomic<int> calls = 0;
    std::atomic<bool> refused = false;
  } handler{.source = find("source")};
  GstElement* inside = gst_parse_bin_from_description(
      "fakesrc ! fakesink name=end async=false signal-handoffs=true", FALSE, nullptr);
  const auto end = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(inside), "end"));
  g_signal_connect(end.get(), "handoff",
                   G_CALLBACK(+[](GstElement*, GstBuffer*, GstPad*, gpointer data) {
                     auto* self = static_cast<Handler*>(data);
                     if (self->calls++ > 0) return;
                     gboolean asked = TRUE;
                     g_signal_emit_by_name(self->source.get(), "disconnect");
                     g_signal_emit_by_name(self->source.get(), "request-keyframe", "TR_v", &asked);
                     self->refused = !asked;
                   }),
                   &handler);
  gst_bin_add(GST_BIN(find("subscriber").get()), inside);
  gst_element_sync_state_with_parent(inside);
  EXPECT_TRUE(eventually([&] { return handler.refused.load(); }));
  EXPECT_TRUE(eventually([&] { return !find("subscriber"); }));
}

size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

TEST_F(LiveKitSessionTest, TheLastSessionOfAProcessLeavesNoSocket) {
  size_t before = 0;
  for (size_t round = 1; round <= 6; ++round) {
    play(std::string("livekitsrc URL") + kKeys);
    ASSERT_TRUE(eventually([&] { return room_.joins() == round; }));
    ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    pipeline_.reset();
    // The first round opens what the libraries keep.
    if (round == 1) before = open_descriptors();
  }
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }))
      << open_descriptors() << " instead of " << before;
}

TEST_F(LiveKitSessionTest, AnElementThatCannotPauseLeavesTheRoom) {
  const auto fail_to_pause = [this] {
    const auto source = Ref<GstElement>::sink(gst_element_factory_make("livekitsrc", nullptr));
    g_object_set(source.get(), "ws-url", room_.url().c_str(), "auth-token", "token", nullptr);
    GstElement* broken = gst_element_factory_make("filesrc", nullptr);
    g_object_set(broken, "location", "/nonexistent", nullptr);
    gst_bin_add(GST_BIN(source.get()), broken);
    EXPECT_EQ(gst_element_set_state(source.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(source.get(), GST_STATE_NULL);
  };
  play(std::string("livekitsrc URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
  const size_t before = open_descriptors();
  for (int i = 0; i < 5; ++i) fail_to_pause();
  // The session of each had a socket.
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }));
}

}  // namespace
}  // namespace gstlk::client
