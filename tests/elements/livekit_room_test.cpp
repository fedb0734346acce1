// SPDX-License-Identifier: LGPL-2.1-or-later
// What elements make of what a room's server says.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>

#include "base/ref.h"
#include "plugins/livekit/client_thread.h"
#include "tests/elements/buffer_count.h"
#include "tests/elements/session_fixture.h"

namespace gstlk::client {
namespace {

::livekit::ParticipantInfo* add_participant(::livekit::SignalResponse& message,
                                            const std::string& identity) {
  auto* who = message.mutable_update()->add_participants();
  who->set_sid("PA_" + identity);
  who->set_identity(identity);
  who->set_state(::livekit::ParticipantInfo::ACTIVE);
  return who;
}

// A room that is composed, and how often what is behind the tiles has been drawn.
class ComposedRoomTest : public LiveKitSessionTest {
 protected:
  void compose() {
    play(std::string("livekitcompositesrc name=room URL") + kKeys +
         "width=64 height=64 room.video ! fakesink room.audio ! fakesink");
    ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
    const auto compositor = find("compositor");
    const auto behind = Ref<GstPad>::adopt(gst_element_get_static_pad(compositor.get(), "sink_0"));
    count_buffers(behind.get(), drawn_);
  }

  std::atomic<int> drawn_ = 0;
};

TEST_F(ComposedRoomTest, IsDrawnAFewTimesWhileItFills) {
  constexpr int kPeople = 100;
  compose();
  for (int i = 0; i < kPeople; ++i) {
    ::livekit::SignalResponse message;
    add_participant(message, "p" + std::to_string(i));
    room_.send(message);
  }
  const std::string last = "p" + std::to_string(kPeople - 1);
  for (std::string identity; identity != last;) {
    const auto joined = told("livekit-participant");
    ASSERT_TRUE(joined);
    identity = gst_structure_get_string(joined.get(), "identity");
  }
  EXPECT_TRUE(eventually([&] { return drawn_ > 0; }));
  EXPECT_LT(drawn_, kPeople / 4);
}

// Who sets it may be what the client thread waits for.
TEST_F(ComposedRoomTest, TakesAPropertyWithoutWaitingForTheClientThread) {
  compose();
  const int before = drawn_;
  std::promise<void> set;
  std::promise<bool> in_time;
  ClientThread::get()->post([&] {
    in_time.set_value(set.get_future().wait_for(std::chrono::seconds(5)) ==
                      std::future_status::ready);
  });
  g_object_set(find("room").get(), "background", 0x00ff00, nullptr);
  set.set_value();
  EXPECT_TRUE(in_time.get_future().get());
  EXPECT_TRUE(eventually([&] { return drawn_ > before; }));
}

void add_track(::livekit::ParticipantInfo* who, const std::string& sid, ::livekit::TrackType type,
               bool encrypted) {
  auto* track = who->add_tracks();
  track->set_sid(sid);
  track->set_type(type);
  track->set_source(type == ::livekit::VIDEO ? ::livekit::CAMERA : ::livekit::MICROPHONE);
  if (encrypted) track->set_encryption(::livekit::Encryption::GCM);
}

class EncryptedTracksTest : public LiveKitSessionTest {
 protected:
  // Somebody with an encrypted camera and microphone comes, then somebody without.
  void play_with_both(const std::string& element) {
    play(element + " name=e URL" + kKeys);
    ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
    ::livekit::SignalResponse message;
    auto* secret = add_participant(message, "secret");
    add_track(secret, "TR_secret_video", ::livekit::VIDEO, true);
    add_track(secret, "TR_secret_audio", ::livekit::AUDIO, true);
    auto* plain = add_participant(message, "plain");
    add_track(plain, "TR_video", ::livekit::VIDEO, false);
    add_track(plain, "TR_audio", ::livekit::AUDIO, false);
    room_.send(message);
    ASSERT_TRUE(eventually([&] { return asked("TR_video") == 1 && asked("TR_audio") == 1; }));
  }
  size_t asked(const std::string& sid) const {
    return room_.count([&](const auto& request) {
      return request.has_subscription() && request.subscription().subscribe() &&
             request.subscription().track_sids(0) == sid;
    });
  }
  // One for each track, in any order.
  void expect_warnings(const std::string& end) {
    const std::string all = warning(10 * GST_SECOND) + "\n" + warning(10 * GST_SECOND);
    for (const char* name : {"camera", "microphone"})
      EXPECT_NE(all.find("Track \"" + std::string(name) +
                         "\" of secret is end-to-end encrypted; its media cannot be decoded here: "
                         "it " +
                         end),
                std::string::npos)
          << all;
    EXPECT_EQ(warning(), "");
  }
  void expect_left_out_by(const char* element) {
    play_with_both(element);
    EXPECT_EQ(asked("TR_secret_video"), 0u);
    EXPECT_EQ(asked("TR_secret_audio"), 0u);
    expect_warnings("is left out");
  }
};

TEST_F(EncryptedTracksTest, ComeOutEncodedWithAWarning) {
  play_with_both("livekitsrc");
  EXPECT_EQ(asked("TR_secret_video"), 1u);
  EXPECT_EQ(asked("TR_secret_audio"), 1u);
  expect_warnings("comes out as it is");
}

TEST_F(EncryptedTracksTest, DoNotComeOutRaw) { expect_left_out_by("livekitsrc output=raw"); }

TEST_F(EncryptedTracksTest, AreNotRecorded) { expect_left_out_by("livekitrecorder location=/tmp"); }

TEST_F(EncryptedTracksTest, AreNotComposed) { expect_left_out_by("livekitcompositesrc"); }

class TransportPolicyTest : public LiveKitSessionTest {
 protected:
  // "all" or "relay", of a webrtcbin that is there soon.
  std::string policy(const char* webrtcbin) {
    EXPECT_TRUE(eventually([&] { return static_cast<bool>(find(webrtcbin)); }));
    const auto element = find(webrtcbin);
    GValue value = G_VALUE_INIT;
    if (!element) return "";
    g_object_get_property(G_OBJECT(element.get()), "ice-transport-policy", &value);
    gchar* text = gst_value_serialize(&value);
    std::string policy = text;
    g_free(text);
    g_value_unset(&value);
    return policy;
  }
  void play_both_ways() {
    play(std::string("livekitsrc URL session=s") + kKeys + "livekitsink name=s URL session=s" +
         kKeys + "audiotestsrc is-live=true ! s.audio_0");
  }
};

TEST_F(TransportPolicyTest, IsRelaysAloneWhereTheServerSaysSo) {
  room_.force_relay();
  play_both_ways();
  EXPECT_EQ(policy("subscriber"), "relay");
  EXPECT_EQ(policy("publisher"), "relay");
}

TEST_F(TransportPolicyTest, IsEveryWayOtherwise) {
  play_both_ways();
  EXPECT_EQ(policy("subscriber"), "all");
  EXPECT_EQ(policy("publisher"), "all");
}

class RoomMessagesTest : public LiveKitSessionTest {};

TEST_F(RoomMessagesTest, TellOfATrackThatTheServerDoesNotSend) {
  play(std::string("livekitsrc name=e URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
  ::livekit::SignalResponse update;
  add_track(add_participant(update, "ada"), "TR_v", ::livekit::VIDEO, false);
  room_.send(update);
  ::livekit::SignalResponse refusal;
  refusal.mutable_subscription_response()->set_track_sid("TR_v");
  refusal.mutable_subscription_response()->set_err(::livekit::SE_CODEC_UNSUPPORTED);
  room_.send(refusal);
  const auto message = told("livekit-subscription");
  ASSERT_TRUE(message);
  EXPECT_STREQ(gst_structure_get_string(message.get(), "event"), "subscription-failed");
  EXPECT_STREQ(gst_structure_get_string(message.get(), "sid"), "TR_v");
  EXPECT_STREQ(gst_structure_get_string(message.get(), "identity"), "ada");
  EXPECT_STREQ(gst_structure_get_string(message.get(), "reason"), "codec_unsupported");
}

TEST_F(RoomMessagesTest, TellWhoJoinsASharedSessionWhoIsThere) {
  play(std::string("livekitsrc name=first session=shared URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return static_cast<bool>(find("subscriber")); }));
  ::livekit::SignalResponse update;
  add_track(add_participant(update, "ada"), "TR_v", ::livekit::VIDEO, false);
  room_.send(update);
  ASSERT_TRUE(told("livekit-track", "first"));
  add("livekitsink", "second", "shared");
  EXPECT_TRUE(told("livekit-state", "second"));
  const auto who = told("livekit-participant", "second");
  ASSERT_TRUE(who);
  EXPECT_STREQ(gst_structure_get_string(who.get(), "event"), "participant-joined");
  EXPECT_STREQ(gst_structure_get_string(who.get(), "identity"), "ada");
  const auto track = told("livekit-track", "second");
  ASSERT_TRUE(track);
  EXPECT_STREQ(gst_structure_get_string(track.get(), "event"), "track-published");
  EXPECT_STREQ(gst_structure_get_string(track.get(), "sid"), "TR_v");
}

TEST_F(LiveKitSessionTest, ASharedSessionIsHiddenIfTheElementThatOpensItSaysSo) {
  play(std::string("livekitrecorder location=/tmp session=shared URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return room_.joins() == 1; }));
  EXPECT_EQ(warning(), "");
  add("livekitsink", "second", "shared");
  EXPECT_NE(warning(10 * GST_SECOND).find("nobody sees what this one publishes"),
            std::string::npos);
}

TEST_F(LiveKitSessionTest, WhoWouldHideInASharedSessionIsToldThatItDoesNot) {
  play(std::string("livekitsink session=shared URL") + kKeys);
  ASSERT_TRUE(eventually([&] { return room_.joins() == 1; }));
  add("livekitcompositesrc", "second", "shared");
  EXPECT_NE(warning(10 * GST_SECOND).find("does not hide its participant"), std::string::npos);
}

}  // namespace
}  // namespace gstlk::client
