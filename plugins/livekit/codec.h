// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace gstlk::client {

enum class MediaKind : uint8_t { Audio, Video };

// What is known of a codec that a track may have: how GStreamer and RTP name it and what moves it.
struct Codec {
  const char* name;  // LiveKit's: "vp8"; as in AddTrackRequest.simulcast_codecs
  MediaKind kind;
  const char* encoding;  // RTP encoding-name
  unsigned payload;      // of our offers; one for each codec, so that nothing clashes in a bundle
  unsigned clock_rate;
  const char* media;   // caps as the payloader takes them
  const char* parser;  // makes these caps of any; nullptr when none is needed
  const char* payloader;
  const char* depayloader;
};

std::span<const Codec> codecs();
// By LiveKit's name, by encoding-name in any case, or by the name of the media type; nullptr when
// there is none.
const Codec* codec_by_name(std::string_view name);
const Codec* codec_by_encoding(std::string_view encoding);
const Codec* codec_by_media_type(std::string_view media_type);
// Known by its encoding-name, and its depayloader is installed.
bool can_receive(std::string_view encoding);

}  // namespace gstlk::client
