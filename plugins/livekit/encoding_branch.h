// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/ref.h"
#include "plugins/livekit/encoder.h"
#include "plugins/livekit/simulcast.h"

namespace gstlk::client {

// The part of a track's bin that makes one encoding. Belongs to the track, whose lock guards all
// but the gate and the count, which streaming threads use.
struct EncodingBranch {
  VideoEncoding encoding;
  std::optional<Encoder> encoder;
  GstElement* scale_filter = nullptr;
  GstElement* payloader = nullptr;
  Ref<GstPad> keyframe_pad;  // where to ask for a keyframe of encoded media
  bool enabled = true;       // subscribers want it
  bool carried = true;       // the uplink has room for it
  Bitrate target;
  std::atomic<bool> open = false;
  std::atomic<uint64_t> frames = 0;

  // What comes to the pad is dropped while the branch is not open.
  void add_gate(GstElement* element, const char* pad_name) { add_probe(element, pad_name, gate); }
  void add_counter(GstElement* element, const char* pad_name) {
    add_probe(element, pad_name, count);
  }
  // Without the track's lock.
  void request_keyframe() {
    if (encoder) return encoder->request_keyframe();
    if (keyframe_pad)
      gst_pad_push_event(keyframe_pad.get(),
                         gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
  }

 private:
  static GstPadProbeReturn gate(GstPad*, GstPadProbeInfo*, gpointer self) {
    return static_cast<EncodingBranch*>(self)->open.load(std::memory_order_relaxed)
               ? GST_PAD_PROBE_OK
               : GST_PAD_PROBE_DROP;
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
};

}  // namespace gstlk::client
