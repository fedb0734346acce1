// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/ids.h"
#include "rtp/packet.h"

// Retransmission payload format: RFC 4588, SSRC-multiplexed.
namespace gstlk::rtp {

constexpr size_t kRtxOverhead = 2;  // the original sequence number, OSN

// Restores the original in place: the header moves up over the OSN. Gives the last part of
// `packet`, two bytes shorter; nullopt, and nothing changed, when it carries nothing (a probe of
// padding). `packet` is what `view` was parsed from.
std::optional<std::span<uint8_t>> restore_rtx(std::span<uint8_t> packet, const PacketView& view,
                                              PayloadType original_type, Ssrc original_ssrc);

// Writes `original` as a retransmission into `out`, padding left out. Gives its size, or 0 when
// `out` is too small.
size_t write_rtx(const PacketView& original, PayloadType rtx_type, Ssrc rtx_ssrc,
                 uint16_t rtx_sequence, std::span<uint8_t> out);

}  // namespace gstlk::rtp
