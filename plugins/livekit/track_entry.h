// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "base/ref.h"
#include "plugins/livekit/media_format.h"

namespace gstlk::client {

// Where media comes into a track's bin: a ghost pad, a filter for what can be published, and a
// clocksync, which paces what is not live. Until it is opened, which is when what follows it has
// been built, media is dropped here and called well received. Any thread; `format` belongs to the
// track.
class TrackEntry {
 public:
  // Streaming thread.
  using CapsHandler = std::function<void(TrackEntry&, GstCaps*)>;

  TrackEntry(GstBin* bin, const std::string& pad_name, const char* caps, CapsHandler handler);
  TrackEntry(const TrackEntry&) = delete;
  TrackEntry& operator=(const TrackEntry&) = delete;

  // The bin's pad.
  GstPad* pad() const { return pad_; }
  // Media comes out of it.
  GstElement* element() const { return clocksync_; }
  void open() { open_.store(true, std::memory_order_relaxed); }

  std::optional<MediaFormat> format;  // nullopt until caps have arrived

 private:
  static GstPadProbeReturn on_event(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn gate(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const CapsHandler handler_;
  GstPad* pad_;  // of the bin, which outlives this, like the next one
  GstElement* clocksync_;
  std::atomic<bool> open_ = false;
};

}  // namespace gstlk::client
