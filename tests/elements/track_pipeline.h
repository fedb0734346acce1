// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/ref.h"
#include "plugins/livekit/local_track.h"
#include "tests/elements/rtp_capture.h"
#include "tests/support/eventually.h"

namespace gstlk::client {

using gstlk::testing::eventually;
using gstlk::testing::RtpCapture;

inline std::string video(int width, int height, int fps, const char* pattern = "ball") {
  return std::string("videotestsrc is-live=true pattern=") + pattern +
         " ! capsfilter caps=video/x-raw,width=" + std::to_string(width) +
         ",height=" + std::to_string(height) + ",framerate=" + std::to_string(fps) + "/1";
}
inline const std::string kLargeVideo = video(960, 540, 15);
inline const std::string kSmallVideo = video(320, 180, 30);

// A pipeline of a source, a track and a sink that takes its RTP. As livekitsink would use it.
class TrackPipeline : public LocalTrack::Listener {
 public:
  TrackPipeline(MediaKind kind, const std::string& source, const TrackSettings& settings = {},
                RtpCapture::Parser parser = nullptr)
      : TrackPipeline(kind, std::vector<std::string>{source}, settings, parser) {}
  // The sources of several encodings.
  TrackPipeline(MediaKind kind, const std::vector<std::string>& sources,
                const TrackSettings& settings = {}, RtpCapture::Parser parser = nullptr)
      : settings_(settings), pipeline_(Ref<GstElement>::sink(gst_pipeline_new(nullptr))) {
    track_ = std::make_unique<LocalTrack>(kind, "track", *this);
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
    gst_bin_add_many(GST_BIN(pipeline_.get()), track_->bin(), sink, nullptr);
    gst_element_link(track_->bin(), sink);
    for (const std::string& source : sources) add_source(source);
    sink_pad_ = Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    capture_ = std::make_unique<RtpCapture>(sink_pad_.get(), parser);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  }
  ~TrackPipeline() override {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    capture_.reset();
  }

  // As a publisher does it: when the format is known, the section of the offer, then the
  // connection.
  void connect() {
    ASSERT_TRUE(eventually([this] { return ready_ || !error().empty(); }));
    ASSERT_EQ(error(), "");
    offered_ = track_->bind({"7"});
    track_->set_connected(true);
  }

  LocalTrack& track() { return *track_; }
  RtpCapture& capture() { return *capture_; }
  GstElement* source() const { return sources_.front(); }
  GstPad* sink_pad() const { return sink_pad_.get(); }
  const GstCaps* offered() const { return offered_.get(); }

  std::string error() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  std::vector<std::string> warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }
  uint64_t frames(const std::string& rid) const {
    for (const EncodingStats& encoding : track_->stats().encodings)
      if (encoding.rid == rid) return encoding.frames_encoded;
    return 0;
  }
  bool encodes(const std::string& rid, uint64_t frames_more = 5) const {
    const uint64_t before = frames(rid);
    return eventually([&] { return frames(rid) >= before + frames_more; });
  }
  // Frames that are on their way may still come: not counted.
  bool rests(const std::string& rid) const {
    std::this_thread::sleep_for(300ms);
    const uint64_t before = frames(rid);
    std::this_thread::sleep_for(500ms);
    return frames(rid) == before;
  }
  std::set<std::string> factories() const {
    std::set<std::string> names;
    GstIterator* it = gst_bin_iterate_recurse(GST_BIN(track_->bin()));
    gst_iterator_foreach(
        it,
        +[](const GValue* value, gpointer out) {
          GstElementFactory* factory =
              gst_element_get_factory(GST_ELEMENT(g_value_get_object(value)));
          if (factory) static_cast<std::set<std::string>*>(out)->insert(GST_OBJECT_NAME(factory));
        },
        &names);
    gst_iterator_free(it);
    return names;
  }

 private:
  void add_source(const std::string& description) {
    GstElement* source = gst_parse_bin_from_description(description.c_str(), TRUE, nullptr);
    gst_bin_add(GST_BIN(pipeline_.get()), source);
    const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(source, "src"));
    const auto first = Ref<GstPad>::adopt(gst_element_get_static_pad(track_->bin(), "sink"));
    GstPad* pad = sources_.empty() ? first.get() : track_->add_sink();
    ASSERT_NE(pad, nullptr);
    ASSERT_EQ(gst_pad_link(src.get(), pad), GST_PAD_LINK_OK);
    sources_.push_back(source);
  }

  TrackSettings track_settings() override { return settings_; }
  void on_track_ready() override { ready_ = true; }
  void on_track_error(const std::string& why) override {
    const std::lock_guard lock(mutex_);
    error_ = why;
  }
  void on_track_warning(const std::string& why) override {
    const std::lock_guard lock(mutex_);
    warnings_.push_back(why);
  }

  const TrackSettings settings_;
  Ref<GstElement> pipeline_;
  std::unique_ptr<LocalTrack> track_;
  std::vector<GstElement*> sources_;  // in pipeline_
  Ref<GstPad> sink_pad_;
  std::unique_ptr<RtpCapture> capture_;
  Ref<GstCaps> offered_;
  std::atomic<bool> ready_ = false;
  mutable std::mutex mutex_;
  std::string error_;
  std::vector<std::string> warnings_;
};

// Costs the least of the codecs that are installed everywhere.
inline TrackSettings vp8() {
  TrackSettings settings;
  settings.codec = "vp8";
  return settings;
}

}  // namespace gstlk::client
