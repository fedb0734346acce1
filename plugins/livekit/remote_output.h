// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "plugins/livekit/codec.h"
#include "plugins/livekit/track_bin.h"
#include "plugins/livekit/track_identity.h"
#include "plugins/livekit/track_output.h"

namespace gstlk::client {

// What comes out of a source pad.
enum class OutputForm : uint8_t { Auto, Encoded, Raw, Rtp };

// What comes of a track, and the chain behind webrtcbin's pad:
//
//   (webrtcbin) ! depayloader ! parser ! (decoder) ! track output ! pad
//
// The pad stays while connections come and go; the chain is made for each. Without one the pad
// answers how late media is as with the last, or as the setting is: it does not become early by
// being away. attach(), detach() and mend() are called one at a time.
class RemoteOutput {
 public:
  // Adds nothing to `bin`, which outlives this, but a bin of its own. `name` is "video_0" or alike;
  // `latency` that of the jitter buffer.
  RemoteOutput(GstBin* bin, const std::string& name, const TrackIdentity& track,
               GstClockTime latency);
  ~RemoteOutput();

  // Inside `bin`: to be linked there, or the target of a ghost pad.
  GstPad* pad() const { return pad_; }
  const std::string& name() const { return name_; }
  const TrackIdentity& track() const { return track_; }
  GstStream* stream() const { return stream_.get(); }
  bool attached() const { return chain_first_ != nullptr; }

  // Lets the RTP of `source`, a pad of webrtcbin, come out. The error says what is missing, or that
  // raw media is wanted of what is end-to-end encrypted; what comes is dropped then.
  Result<void> attach(GstPad* source, OutputForm form, bool encrypted = false);
  // The pad that was attached, from which nothing comes any more; null when there was none.
  Ref<GstPad> detach();
  // Whose packets come out; null when there is none. Any thread.
  Ref<GstElement> jitter_buffer() const EXCLUDES(mutex_);
  // Has the chain failed a second or more before `now`, of g_get_monotonic_time()? Where it fails
  // again and again: up to a minute, as each time costs its publisher a keyframe.
  bool wants_mending(gint64 now) const;
  // Makes another chain for the same source.
  void mend(gint64 now);
  // The track is gone for good. What detach() gives. Does not wait for what is downstream: a muxer
  // takes no more of this track before it has had the end of another.
  Ref<GstPad> end();
  // Nothing comes out any more. Any thread.
  void send_eos() { gstlk_track_output_end(outlet_); }
  // The end has come out. The destructor waits for what is downstream before. Any thread.
  bool is_drained() const { return gstlk_track_output_is_drained(outlet_); }
  // Any thread.
  void request_keyframe() { gstlk_track_output_request_keyframe(outlet_); }
  void fill_gap(GstClockTime behind) { gstlk_track_output_fill_gap(outlet_, behind); }
  // buffers, bytes and gaps that came out, buffers that were dropped as nobody took them, and of
  // RTP, while connected: packets, lost, late, duplicates, retransmissions-requested and -received
  // (uint64), jitter (nanoseconds). Any thread.
  GstStructure* stats() const EXCLUDES(mutex_);

 private:
  Result<void> build(const Codec* codec, OutputForm form, bool encrypted);
  // The probe that drops what `source_` still brings, or 0.
  gulong detach_from_source();
  Result<std::vector<std::string>> chain_of(const Codec* codec, OutputForm form,
                                            bool encrypted) const;
  bool wants_raw(const Codec& codec) const;
  GstElement* add(const std::string& factory);

  GstBin* const bin_;
  const std::string name_;
  const TrackIdentity track_;
  const Ref<GstStream> stream_;
  Ref<GstElement> own_bin_;             // a GstLkTrackBin
  GstLkTrackOutput* outlet_ = nullptr;  // in own_bin_
  GstPad* pad_ = nullptr;               // likewise
  GstElement* chain_first_ = nullptr;
  OutputForm form_ = OutputForm::Auto;
  bool encrypted_ = false;
  Ref<GstPad> source_;
  gint64 mending_wait_ = G_TIME_SPAN_SECOND;
  gint64 mended_at_ = -G_TIME_SPAN_MINUTE;
  mutable Mutex mutex_;
  Ref<GstElement> jitter_buffer_ GUARDED_BY(mutex_);  // in front of source_
};

}  // namespace gstlk::client
