// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <functional>
#include <string>

namespace gstlk::client {

// Finds pictures that come in another order than they are shown in: B-frames, of which neither caps
// nor streams say that they are there. WebRTC has no decoding order: its receivers show what comes
// when it comes. Not thread-safe.
class PictureOrder {
 public:
  // Whether it is certain now. `starts`: a keyframe, or after a gap, where a clock may jump back.
  bool is_reordered(GstClockTime pts, bool starts);

 private:
  GstClockTime latest_ = GST_CLOCK_TIME_NONE;
  unsigned pictures_ = 0;
  unsigned behind_ = 0;  // of them
};

// What the caps of a track's pad did not tell of encoded video, and its parser has found out. Looks
// at what comes to the payloader; lets nothing through that browsers do not decode. Streaming
// thread.
class StreamCheck {
 public:
  using Tell = std::function<void(const std::string& why)>;

  // `payloader` is stopped before this goes. `refused` and `doubtful` are called on the streaming
  // thread, each once at most for a stream.
  StreamCheck(GstElement* payloader, Tell refused, Tell doubtful);
  StreamCheck(const StreamCheck&) = delete;
  StreamCheck& operator=(const StreamCheck&) = delete;

 private:
  static GstPadProbeReturn handle(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  void handle_event(GstEvent* event);
  void handle_picture(GstBuffer* buffer);

  const Tell refused_;
  const Tell doubtful_;
  PictureOrder order_;
  bool is_refused_ = false;
  bool is_doubtful_ = false;
};

}  // namespace gstlk::client
