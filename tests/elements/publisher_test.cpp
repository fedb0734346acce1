// SPDX-License-Identifier: LGPL-2.1-or-later
// A publisher in a session with a server that only talks.
#include "plugins/livekit/publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/ref.h"
#include "plugins/livekit/room_session.h"
#include "plugins/livekit/sdp_lines.h"
#include "tests/elements/fake_room.h"
#include "tests/support/eventually.h"

namespace gstlk::client {
namespace {

using gstlk::testing::FakeRoom;
using namespace std::chrono_literals;

using gstlk::testing::eventually;

// A server's that has another end of each section.
std::string answer_to(std::string_view offer) {
  std::string answer;
  for (std::string_view line : lines_of(offer)) {
    if (line.starts_with("a=ssrc") || line.starts_with("a=msid:") || line == "a=bundle-only")
      continue;
    if (line.starts_with("m=audio 0 ")) {
      answer.append("m=audio 9 ").append(line.substr(10)).append("\r\n");
      continue;
    }
    if (line == "a=setup:actpass") line = "a=setup:active";
    if (line == "a=sendonly") line = "a=recvonly";
    if (line.starts_with("a=ice-ufrag:")) line = "a=ice-ufrag:serv";
    if (line.starts_with("a=ice-pwd:")) line = "a=ice-pwd:serverserverserverserver";
    answer.append(line).append("\r\n");
  }
  return answer;
}

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
  void on_published(LocalTrack&, const ::livekit::TrackInfo&) override { ++published_; }
  void on_refused(LocalTrack&, const std::string&) override { ++refused_; }

  std::vector<::livekit::SessionDescription> offers() const {
    std::vector<::livekit::SessionDescription> offers;
    for (const auto& request : room_.requests())
      if (request.has_offer()) offers.push_back(request.offer());
    return offers;
  }
  // Takes all of the offer, which is the newest.
  void answer_offer(size_t number) {
    ASSERT_TRUE(eventually([&] { return offers().size() == number; })) << number;
    const ::livekit::SessionDescription offer = offers().back();
    ::livekit::SignalResponse response;
    response.mutable_answer()->set_type("answer");
    response.mutable_answer()->set_sdp(answer_to(offer.sdp()));
    response.mutable_answer()->set_id(offer.id());
    room_.send(response);
  }
  // As if ICE and DTLS were through.
  void connect() {
    session_->run([&] { static_cast<PeerConnection::Listener&>(*publisher_).on_connected(); });
  }
  // Lets it in when it has asked.
  void publish(const std::string& sid) {
    std::string cid;
    ASSERT_TRUE(eventually([&] {
      for (const auto& request : room_.requests())
        if (request.has_add_track()) cid = request.add_track().cid();
      return !cid.empty();
    }));
    ::livekit::SignalResponse response;
    response.mutable_track_published()->set_cid(cid);
    response.mutable_track_published()->mutable_track()->set_sid(sid);
    room_.send(response);
    ASSERT_TRUE(eventually([&] { return published_ == 1; }));
  }

  FakeRoom room_;
  Ref<GstElement> pipeline_ = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
  std::shared_ptr<RoomSession> session_;
  std::unique_ptr<Publisher> publisher_;
  std::atomic<int> published_ = 0;
  std::atomic<int> refused_ = 0;
};

TEST_F(PublisherTest, JoinsAnewWhenItsOfferIsNotAnswered) {
  join({.answer = 200ms});
  EXPECT_TRUE(eventually([&] { return room_.joins() == 2; }));
}

// Has a source in the pipeline, which it lets play.
class AudioTrack : public LocalTrack::Listener {
 public:
  explicit AudioTrack(GstElement* pipeline) : track(MediaKind::Audio, "track", *this) {
    GstElement* source = gst_element_factory_make("audiotestsrc", nullptr);
    g_object_set(source, "is-live", TRUE, nullptr);
    gst_bin_add_many(GST_BIN(pipeline), source, track.bin(), nullptr);
    gst_element_link(source, track.bin());
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(source, "src"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        +[](GstPad*, GstPadProbeInfo*, gpointer self) {
          ++static_cast<AudioTrack*>(self)->buffers;
          return GST_PAD_PROBE_OK;
        },
        this, nullptr);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
  }
  void on_track_ready() override { ready = true; }
  void on_track_error(const std::string&) override {}
  TrackSettings track_settings() override { return {}; }
  uint64_t frames() const { return track.stats().encodings.at(0).frames_encoded; }
  // Its source is not held up.
  bool goes_on() const {
    const int before = buffers;
    return eventually([&] { return buffers > before + 30; });
  }

  LocalTrack track;
  std::atomic<bool> ready = false;
  std::atomic<int> buffers = 0;
};

TEST_F(PublisherTest, AnOutageIsNoRefusal) {
  AudioTrack audio(pipeline_.get());
  ASSERT_TRUE(eventually([&] { return audio.ready.load(); }));

  join({.published = 100ms});
  room_.keep_waiting(true);
  room_.hang_up();
  ASSERT_TRUE(eventually([&] { return room_.joins() == 2; }));
  session_->run([&] { publisher_->add(audio.track, {}, false); });
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

TEST_F(PublisherTest, ATrackThatIsAddedHoldsItsSourceUpNoMoreThanTheFirst) {
  AudioTrack audio(pipeline_.get());
  ASSERT_TRUE(eventually([&] { return audio.ready.load(); }));
  join({});
  answer_offer(1);
  connect();
  session_->run([&] { publisher_->add(audio.track, {}, false); });
  publish("TR_audio");
  EXPECT_TRUE(audio.goes_on());
  ASSERT_TRUE(eventually([&] { return offers().size() == 2; }));
  EXPECT_TRUE(audio.goes_on());
  EXPECT_EQ(audio.frames(), 0u);
  answer_offer(2);
  EXPECT_TRUE(eventually([&] { return audio.frames() > 0; }));
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  session_->run([&] { publisher_->remove(audio.track); });
}

TEST_F(PublisherTest, WhatIsSaidOfTracksThatItDoesNotKnowIsIgnored) {
  AudioTrack audio(pipeline_.get());
  ASSERT_TRUE(eventually([&] { return audio.ready.load(); }));
  join({});
  // It has no sid yet, either.
  session_->run([&] { publisher_->add(audio.track, {}, false); });
  for (const char* sid : {"TR_other", ""}) {
    ::livekit::SignalResponse response;
    response.mutable_subscription_response()->set_track_sid(sid);
    response.mutable_subscription_response()->set_err(::livekit::SE_TRACK_NOTFOUND);
    room_.send(response);
    response.mutable_subscribed_quality_update()->set_track_sid(sid);
    auto* codec = response.mutable_subscribed_quality_update()->add_subscribed_codecs();
    codec->set_codec("opus");
    codec->add_qualities();
    room_.send(response);
    response.mutable_mute()->set_sid(sid);
    response.mutable_mute()->set_muted(true);
    room_.send(response);
    response.mutable_track_unpublished()->set_track_sid(sid);
    room_.send(response);
  }
  publish("TR_audio");
  EXPECT_EQ(refused_, 0);
  EXPECT_EQ(room_.joins(), 1u);
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  session_->run([&] { publisher_->remove(audio.track); });
}

}  // namespace
}  // namespace gstlk::client
