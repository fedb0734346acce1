// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace gstlk::rtp {

struct PictureSize {
  uint16_t width = 0;
  uint16_t height = 0;
};

// The size of the pictures of an H.264 sequence parameter set (ITU-T H.264 section 7.3.2.1.1).
// `nal` starts with the NAL unit header. nullopt: malformed or cut off.
std::optional<PictureSize> h264_picture_size(ByteView nal);

}  // namespace gstlk::rtp
