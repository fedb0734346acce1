// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/ref.h"
#include "plugins/livekit/encoder.h"
#include "plugins/livekit/offered_rate.h"
#include "plugins/livekit/rate_control.h"
#include "plugins/livekit/simulcast.h"

namespace gstlk::client {

// The part of a track's bin that makes one encoding. Belongs to the track, whose lock guards all
// but the gates and the counts, which streaming threads use.
struct EncodingBranch {
  VideoEncoding encoding;
  std::optional<Encoder> encoder;
  GstElement* scale_filter = nullptr;
  GstElement* payloader = nullptr;
  Ref<GstPad> keyframe_pad;  // where to ask for a keyframe of encoded media
  bool enabled = true;       // subscribers want it
  bool carried = true;       // the uplink has room for it
  Bitrate target;
  OfferedRate offered_rate;  // of encoded media
  std::atomic<bool> open = false;
  std::atomic<uint64_t> frames = 0;
  std::atomic<uint64_t> offered = 0;  // bytes of encoded media, whether it is open or not

  // What comes to the pad is dropped while the branch is not open.
  void add_gate(GstElement* element, const char* pad_name) { add_probe(element, pad_name, gate); }
  // Of encoded media, once it has been shut: what comes to the pad is dropped up to a keyframe.
  void add_keyframe_gate(GstElement* element, const char* pad_name) {
    add_probe(element, pad_name, behind_keyframe);
    has_keyframe_gate_ = true;
  }
  void add_offered_counter(GstElement* element, const char* pad_name) {
    add_probe(element, pad_name, count_offered);
  }
  void add_counter(GstElement* element, const char* pad_name) {
    add_probe(element, pad_name, count);
  }
  // False when it was open.
  bool set_open() {
    if (open) return false;
    awaits_keyframe_ = has_keyframe_gate_;
    open = true;
    return true;
  }
  // What encoded media needs: it has the bitrate that it has, which is a guess at first.
  Bitrate needed() const { return offered_rate.rate().value_or(encoding.max_bitrate); }
  // What it is no use without. `wished` is zero without a wish.
  Bitrate least(Bitrate wished) const {
    return encoder ? least_bitrate(wished, encoding.max_bitrate) : needed();
  }
  // What it may have. Of encoded media more than it needs now: that changes, and what the path
  // carries is not known beyond this.
  Bitrate most() const {
    const auto grown = static_cast<double>(needed().bps) * kGrowth;
    return encoder ? encoding.max_bitrate
                   : std::max(encoding.max_bitrate, Bitrate{static_cast<uint64_t>(grown)});
  }
  // Without the track's lock.
  void request_keyframe() {
    if (encoder) return encoder->request_keyframe();
    if (keyframe_pad)
      gst_pad_push_event(keyframe_pad.get(),
                         gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
  }

 private:
  // More than the margin with which a layer that was shut is opened.
  static constexpr double kGrowth = 1.25;

  static GstPadProbeReturn gate(GstPad*, GstPadProbeInfo*, gpointer self) {
    return static_cast<EncodingBranch*>(self)->open.load(std::memory_order_relaxed)
               ? GST_PAD_PROBE_OK
               : GST_PAD_PROBE_DROP;
  }
  static GstPadProbeReturn behind_keyframe(GstPad*, GstPadProbeInfo* info, gpointer self) {
    auto& awaits = static_cast<EncodingBranch*>(self)->awaits_keyframe_;
    if (!awaits.load(std::memory_order_relaxed)) return GST_PAD_PROBE_OK;
    const GstBuffer* buffer = (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0
                                  ? GST_PAD_PROBE_INFO_BUFFER(info)
                                  : nullptr;
    if (buffer && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
      return GST_PAD_PROBE_DROP;
    awaits.store(false, std::memory_order_relaxed);
    return GST_PAD_PROBE_OK;
  }
  static GstPadProbeReturn count_offered(GstPad*, GstPadProbeInfo* info, gpointer self) {
    const gsize size = (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0
                           ? gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info))
                           : gst_buffer_list_calculate_size(GST_PAD_PROBE_INFO_BUFFER_LIST(info));
    static_cast<EncodingBranch*>(self)->offered.fetch_add(size, std::memory_order_relaxed);
    return GST_PAD_PROBE_OK;
  }
  static GstPadProbeReturn count(GstPad*, GstPadProbeInfo*, gpointer self) {
    static_cast<EncodingBranch*>(self)->frames.fetch_add(1, std::memory_order_relaxed);
    return GST_PAD_PROBE_OK;
  }
  void add_probe(GstElement* element, const char* pad_name, GstPadProbeCallback probe) {
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(element, pad_name));
    gst_pad_add_probe(
        pad.get(),
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
        probe, this, nullptr);
  }

  bool has_keyframe_gate_ = false;
  std::atomic<bool> awaits_keyframe_ = false;
};

}  // namespace gstlk::client
