// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "base/bytes.h"
#include "base/time.h"
#include "forward/layer.h"
#include "rtp/codec/dependency_descriptor.h"
#include "rtp/codec/payload_descriptor.h"

namespace gstlk::forward {

// A received RTP packet with everything that down tracks ask about it, found out once and then read
// by all of them on any thread. `bytes` is borrowed: whoever passes the packet on keeps it alive.
struct ReceivedPacket {
  ByteView bytes;             // the whole RTP packet
  ByteView payload;           // inside `bytes`, without padding
  ByteView descriptor_bytes;  // the dependency descriptor extension inside `bytes`, or empty
  Timestamp arrival;
  int64_t sequence = 0;   // unwrapped, of this encoding
  int64_t timestamp = 0;  // unwrapped, of this encoding
  uint8_t encoding = 0;
  uint8_t generation = 0;  // changes when the encoding starts anew
  bool marker = false;
  bool late = false;            // newer ones of the encoding were there before
  bool has_dependency = false;  // whether `dependency` is filled
  rtp::PayloadDescriptor descriptor;
  rtp::FrameDependency dependency;

  bool padding_only() const { return payload.empty(); }
};
static_assert(std::is_trivially_copyable_v<ReceivedPacket>);

// How the timestamps of an encoding relate to those of the track's other encodings.
struct EncodingClock {
  bool known = false;
  int64_t to_reference = 0;  // added to a timestamp of the encoding gives the common time line
  bool operator==(const EncodingClock&) const = default;
};

// What down tracks need to know of a published track beside the packet itself. A copy goes along
// with every batch of packets, so that no thread looks into another one's PublishedTrack.
struct TrackState {
  uint8_t alive = 0;  // a bit per spatial layer that is being received
  uint8_t encodings = 1;
  bool svc = false;  // spatial layers are inside the only encoding
  std::array<EncodingClock, kMaxSpatialLayers> clocks;
  bool operator==(const TrackState&) const = default;
};

}  // namespace gstlk::forward
