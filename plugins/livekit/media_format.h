// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>

#include "base/result.h"
#include "plugins/livekit/codec.h"

namespace gstlk::client {

// What arrives at a sink pad of livekitsink, by its caps.
struct MediaFormat {
  enum class Form : uint8_t { Raw, Encoded, Rtp };

  MediaKind kind = MediaKind::Video;
  Form form = Form::Raw;
  const Codec* codec = nullptr;  // unless raw
  int width = 0;                 // of video, where the caps say so
  int height = 0;
  int channels = 0;  // of audio, likewise

  // The same chain can go on with it.
  bool is_like(const MediaFormat& other) const {
    return kind == other.kind && form == other.form && codec == other.codec;
  }
};

// The error says what cannot be published and what could be done instead.
Result<MediaFormat> media_format(const GstCaps* caps);

// Whether browsers decode H264 of the profile, where the caps say one: eight bits, 4:2:0.
Result<void> check_profile(const GstStructure* structure);
// What a pad takes of H264, in the order in which an encoder whose profile is open should choose.
// The last are refused, but with words.
std::string h264_caps();

}  // namespace gstlk::client
