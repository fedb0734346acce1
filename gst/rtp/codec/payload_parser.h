// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "base/bytes.h"
#include "rtp/codec/payload_descriptor.h"

namespace gstlk::rtp {

// What the payload of an RTP packet says about frames and layers, for an SFU. `marker` is the
// packet's. nullopt: malformed. Codecs without layers (audio) give a descriptor in which every
// packet is a frame and decodable alone. Reads headers only: no slice or frame data is looked at
// beyond what gives a keyframe's size.
std::optional<PayloadDescriptor> parse_payload(Codec codec, ByteView payload, bool marker);

// One per codec, where parse_payload() goes.
std::optional<PayloadDescriptor> parse_vp8(ByteView payload, bool marker);   // RFC 7741
std::optional<PayloadDescriptor> parse_vp9(ByteView payload, bool marker);   // RFC 9628
std::optional<PayloadDescriptor> parse_h264(ByteView payload, bool marker);  // RFC 6184
std::optional<PayloadDescriptor> parse_h265(ByteView payload, bool marker);  // RFC 7798
// AV1 RTP specification, section 4. Layers are in the dependency descriptor, not here.
std::optional<PayloadDescriptor> parse_av1(ByteView payload, bool marker);

// Writes the descriptor of `vp8` as RFC 7741 lays it out; returns its size, at most 6. A picture id
// that needs 15 bits is written so whatever the flag says.
size_t write_vp8_descriptor(const Vp8Descriptor& vp8, uint8_t* out);

}  // namespace gstlk::rtp
