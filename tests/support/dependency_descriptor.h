// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "support/bit_string.h"

namespace gstlk::test {

// Builds the dependency descriptor of one packet of a stream with `spatial` spatial and two
// temporal layers. Decode target 2 * s + t is layer {s, t}; spatial layer s is protected by chain
// s. Frames spell out their indications, references and chains instead of leaving them to a
// template.
struct DescriptorBuilder {
  uint8_t spatial_layers = 2;
  uint16_t frame_number = 0;
  uint8_t spatial = 0;
  uint8_t temporal = 0;
  bool first = true;
  bool last = true;
  bool with_structure = false;
  bool independent_layers = false;  // k-SVC: only targets of this very spatial layer need the frame
  uint16_t width = 0;               // of the highest layer; 0: no resolutions
  uint16_t height = 0;
  std::optional<uint32_t> active_targets;
  std::vector<uint16_t> references;  // distances
  std::vector<uint8_t> chain_diffs;  // one per chain

  unsigned targets() const { return spatial_layers * 2u; }

  Bytes bytes() const {
    BitString out;
    out.bits(first, 1).bits(last, 1).bits(kIdOffset + spatial * 2u + temporal, 6);
    out.bits(frame_number, 16);
    out.bits(with_structure, 1).bits(active_targets.has_value(), 1).bits(7, 3);
    if (with_structure) add_structure(out);
    if (active_targets) out.bits(*active_targets, targets());
    for (unsigned target = 0; target < targets(); ++target)
      out.bits(indication(spatial, temporal, target, independent_layers), 2);
    for (uint16_t reference : references) out.bits(2, 2).bits(reference - 1u, 8);
    out.bits(0, 2);
    for (unsigned chain = 0; chain < spatial_layers; ++chain)
      out.bits(chain < chain_diffs.size() ? chain_diffs[chain] : 0, 8);
    return out.bytes();
  }

 private:
  static constexpr unsigned kIdOffset = 5;

  static unsigned indication(unsigned s, unsigned t, unsigned target, bool independent) {
    const bool has_spatial = independent ? target / 2 == s : target / 2 >= s;
    return has_spatial && target % 2 >= t ? 3 : 0;
  }

  void add_structure(BitString& out) const {
    out.bits(kIdOffset, 6).bits(targets() - 1, 5);
    for (unsigned i = 0; i < targets(); ++i) out.bits(i + 1 == targets() ? 3 : i % 2 + 1, 2);
    for (unsigned i = 0; i < targets(); ++i)
      for (unsigned target = 0; target < targets(); ++target)
        out.bits(indication(i / 2, i % 2, target, false), 2);
    for (unsigned i = 0; i < targets(); ++i) out.bits(1, 1).bits(i, 4).bits(0, 1);
    out.non_symmetric(targets() + 1, spatial_layers);
    for (unsigned target = 0; target < targets(); ++target)
      out.non_symmetric(spatial_layers, target / 2);
    for (unsigned i = 0; i < targets() * spatial_layers; ++i) out.bits(1, 4);
    out.bits(width != 0, 1);
    if (width == 0) return;
    for (unsigned s = 0; s < spatial_layers; ++s) {
      const unsigned shift = spatial_layers - 1u - s;
      out.bits((width >> shift) - 1u, 16).bits((height >> shift) - 1u, 16);
    }
  }
};

}  // namespace gstlk::test
