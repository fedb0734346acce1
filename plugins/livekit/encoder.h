// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>

#include "base/ref.h"
#include "base/result.h"
#include "base/time.h"
#include "plugins/livekit/codec.h"

namespace gstlk::client {

struct KnownEncoder;

// An encoder with settings for real time: no delay, no keyframes but those asked for, constant
// bitrate. Any thread once it is made.
class Encoder {
 public:
  // Of the installed ones, those in hardware that can be opened first, then by rank. The error says
  // what to install.
  static Result<Encoder> make(const Codec& codec, Bitrate bitrate);

  GstElement* element() const { return element_.get(); }
  // What its output has to be, beside the codec: browsers decode Constrained Baseline.
  std::string output_caps() const;
  void set_bitrate(Bitrate bitrate);
  void request_keyframe();

 private:
  Encoder(const KnownEncoder& known, Ref<GstElement> element)
      : known_(&known), element_(std::move(element)) {}

  const KnownEncoder* known_;
  Ref<GstElement> element_;
};

// The codec of raw video when nothing else is wished: H264, which costs least and which every
// recorder takes, where an encoder is installed; else VP8.
const Codec& default_video_codec();

}  // namespace gstlk::client
