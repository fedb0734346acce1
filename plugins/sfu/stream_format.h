// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "rtp/codec/payload_descriptor.h"
#include "rtp/header_extension.h"

namespace gstlk::sfu {

// What caps say of a stream.
struct StreamFormat {
  rtp::Codec codec = rtp::Codec::Unknown;
  uint32_t clock_rate = 90'000;
  std::optional<PayloadType> red;  // packets with it are RED around the codec
  rtp::ExtensionMap extensions;

  static std::optional<StreamFormat> from_caps(const GstCaps* caps);
  // What makes another stream of it; the ids of header extensions do not.
  bool same_codec(const StreamFormat& other) const {
    return codec == other.codec && clock_rate == other.clock_rate;
  }
};

}  // namespace gstlk::sfu
