// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "rtp/codec/payload_parser.h"
#include "support/dependency_descriptor.h"
#include "support/rtp_packet.h"

namespace gstlk::test {

constexpr uint8_t kDescriptorId = 12;

// One simulcast encoding of a VP8 camera with three temporal layers (0 2 1 2), 15-bit picture ids
// and every index. Each frame is a list of RTP packets.
class Vp8Stream {
 public:
  Vp8Stream(uint32_t ssrc, uint16_t sequence, uint32_t timestamp)
      : ssrc_(ssrc), sequence_(sequence), timestamp_(timestamp) {}

  // The next frame, `ticks` of 90 kHz after the one before.
  std::vector<Bytes> frame(bool keyframe, size_t packets, uint32_t ticks = 3000) {
    static constexpr uint8_t kPattern[] = {0, 2, 1, 2};
    if (keyframe) phase_ = 0;
    vp8_.has_picture_id = vp8_.has_tl0_picture_index = true;
    vp8_.has_temporal_index = vp8_.has_key_index = true;
    vp8_.picture_id_is_15_bit = true;
    vp8_.temporal_index = kPattern[phase_ % 4];
    vp8_.layer_sync = phase_ % 4 == 1 || phase_ % 4 == 2;
    if (vp8_.temporal_index == 0) ++vp8_.tl0_picture_index;
    if (keyframe) vp8_.key_index = (vp8_.key_index + 1) & 0x1f;
    vp8_.picture_id = (vp8_.picture_id + 1) & 0x7fff;
    ++phase_;
    timestamp_ += ticks;
    std::vector<Bytes> out;
    for (size_t i = 0; i < packets; ++i) out.push_back(packet(keyframe, i == 0, i + 1 == packets));
    return out;
  }

  uint32_t timestamp() const { return timestamp_; }
  uint32_t ssrc() const { return ssrc_; }

 private:
  Bytes packet(bool keyframe, bool first, bool last) {
    vp8_.start_of_partition = first;
    Bytes payload(6);
    payload.resize(rtp::write_vp8_descriptor(vp8_, payload.data()));
    for (uint8_t byte : {keyframe ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1, 0})
      payload.push_back(byte);
    return rtp_packet()
        .ssrc(Ssrc(ssrc_))
        .seq(sequence_++)
        .timestamp(timestamp_)
        .marker(last)
        .payload(payload)
        .bytes();
  }

  uint32_t ssrc_;
  uint16_t sequence_;
  uint32_t timestamp_;
  unsigned phase_ = 0;
  rtp::Vp8Descriptor vp8_;
};

// An SVC encoding with two temporal layers (0 1), as VP9 payloads, as AV1 with dependency
// descriptors, or as both. One packet per layer frame.
class SvcStream {
 public:
  struct Options {
    uint8_t spatial_layers = 3;
    bool key_only = true;  // k-SVC: layers depend on each other in keyframes only
    bool vp9 = true;
    bool descriptors = false;
  };
  explicit SvcStream(Options options) : options_(options) {}

  // The next picture with its first `layers` spatial layers, one packet each.
  std::vector<Bytes> picture(bool keyframe, uint8_t layers) {
    if (keyframe) phase_ = 0;
    const uint8_t temporal = phase_++ % 2;
    timestamp_ += 3000;
    ++picture_id_;
    if (temporal == 0) ++tl0_;
    std::vector<Bytes> out;
    for (uint8_t spatial = 0; spatial < layers; ++spatial) {
      auto packet = rtp_packet().ssrc(Ssrc(9)).seq(sequence_++).timestamp(timestamp_);
      packet.marker(spatial + 1 == layers);
      packet.payload(
          options_.vp9
              ? vp9_payload(keyframe, spatial, temporal)
              : Bytes{static_cast<uint8_t>(keyframe && spatial == 0 ? 0x18 : 0x10), 0x32, 0});
      if (options_.descriptors)
        packet.extension(kDescriptorId, ByteView(descriptor(keyframe, spatial, temporal)));
      out.push_back(packet.bytes());
    }
    return out;
  }

  // From the next picture on the descriptors say that these are the active decode targets.
  void set_active_targets(uint32_t targets) { active_targets_ = targets; }

 private:
  Bytes vp9_payload(bool keyframe, uint8_t spatial, uint8_t temporal) const {
    const bool depends = spatial > 0 && (keyframe || !options_.key_only);
    const bool structure = keyframe && spatial == 0;
    Bytes out{static_cast<uint8_t>(0x80 | (keyframe ? 0 : 0x40) | 0x20 | 0x08 | 0x04 |
                                   (structure ? 2 : 0)),
              static_cast<uint8_t>(0x80 | (picture_id_ >> 8 & 0x7f)),
              static_cast<uint8_t>(picture_id_),
              static_cast<uint8_t>(temporal << 5 | 0x10 | spatial << 1 | (depends ? 1 : 0)), tl0_};
    if (structure) out.push_back(static_cast<uint8_t>((options_.spatial_layers - 1) << 5));
    out.push_back(0xaa);
    return out;
  }

  Bytes descriptor(bool keyframe, uint8_t spatial, uint8_t temporal) {
    DescriptorBuilder d;
    d.spatial_layers = options_.spatial_layers;
    d.frame_number = ++frame_number_;
    d.spatial = spatial;
    d.temporal = temporal;
    d.with_structure = keyframe && spatial == 0;
    d.independent_layers = options_.key_only && !keyframe;
    d.active_targets = active_targets_;
    const auto to = [&](uint16_t frame) { return static_cast<uint16_t>(frame_number_ - frame); };
    if (!keyframe) d.references.push_back(to(last_base_[spatial]));
    if (spatial > 0 && (keyframe || !options_.key_only)) d.references.push_back(1);
    d.chain_diffs.assign(options_.spatial_layers, 0);
    if (!d.with_structure)
      for (size_t chain = 0; chain < d.chain_diffs.size(); ++chain)
        d.chain_diffs[chain] = static_cast<uint8_t>(to(last_in_chain_[chain]));
    if (temporal == 0) {
      last_base_[spatial] = frame_number_;
      for (size_t chain = 0; chain < d.chain_diffs.size(); ++chain)
        if (chain == spatial || (chain > spatial && (keyframe || !options_.key_only)))
          last_in_chain_[chain] = frame_number_;
    }
    return d.bytes();
  }

  Options options_;
  std::optional<uint32_t> active_targets_;
  uint16_t sequence_ = 1000;
  uint32_t timestamp_ = 5000;
  uint16_t picture_id_ = 40;
  uint8_t tl0_ = 3;
  unsigned phase_ = 0;
  uint16_t frame_number_ = 200;
  uint16_t last_base_[4]{};
  uint16_t last_in_chain_[4]{};
};

}  // namespace gstlk::test
