// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/time.h"
#include "livekit_models.pb.h"

namespace gstlk::client {

// One encoding of a video track.
struct VideoEncoding {
  std::string rid;  // empty when it is the only one
  ::livekit::VideoQuality quality = ::livekit::HIGH;
  int width = 0;
  int height = 0;
  Bitrate max_bitrate;
};

// What the user wants of a video track.
struct VideoWishes {
  int width = 0;
  int height = 0;
  bool simulcast = true;
  bool screen_share = false;
  Bitrate max_bitrate;  // of the largest encoding; zero: as fits its size
};

// The encodings of a track, from the lowest to the highest, as livekit-client chooses them: three
// from 960 pixels on the longer side, two from 480 on, at a quarter, half and full size; a shared
// screen has two at most. Sizes are even.
std::vector<VideoEncoding> plan_encodings(const VideoWishes& wishes);

// The same for a track that has its encodings already, one to three, and changes its size.
std::vector<VideoEncoding> plan_encodings(const VideoWishes& wishes, size_t count);

// Gives up to three encodings, the lowest first, the rids and qualities that LiveKit knows them by.
void name_encodings(std::vector<VideoEncoding>& encodings);

// What a picture of this size needs at 30 frames per second, between livekit-client's presets.
Bitrate fitting_bitrate(int width, int height, bool screen_share);

}  // namespace gstlk::client
