// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include "base/bytes.h"

namespace gstlk::rtp {

inline constexpr size_t kMaxDecodeTargets = 32;
inline constexpr size_t kMaxChains = 8;
inline constexpr size_t kMaxFrameDiffs = 8;

// What a frame is to a decode target.
enum class DecodeTargetIndication : uint8_t { NotPresent, Discardable, Switch, Required };

// The dependency descriptor of one packet with its template filled in, so that it can be understood
// without the structure. Decode targets are numbered as in the structure.
struct FrameDependency {
  int64_t frame_number = 0;     // unwrapped
  int64_t structure_frame = 0;  // the frame number of the keyframe whose structure this frame uses
  bool first_packet_in_frame = false;
  bool last_packet_in_frame = false;
  bool has_structure = false;       // the packet carries the structure: it starts a keyframe
  bool has_active_targets = false;  // the packet says which decode targets are active
  uint8_t spatial = 0;
  uint8_t temporal = 0;
  uint8_t target_count = 0;
  uint8_t chain_count = 0;
  uint8_t frame_diff_count = 0;
  uint16_t width = 0;  // of the highest layer, when the structure says so
  uint16_t height = 0;
  uint32_t active_targets = 0;  // bit i: decode target i is produced at present
  uint64_t indications = 0;     // two bits per decode target
  std::array<uint16_t, kMaxFrameDiffs> frame_diffs{};  // frames this one refers to, as distances
  std::array<uint8_t, kMaxChains> chain_diffs{};  // distance to the previous frame of the chain
  std::array<uint8_t, kMaxDecodeTargets> target_spatial{};
  std::array<uint8_t, kMaxDecodeTargets> target_temporal{};
  std::array<uint8_t, kMaxDecodeTargets> target_chain{};  // which chain protects the target

  DecodeTargetIndication indication(size_t target) const {
    return static_cast<DecodeTargetIndication>(indications >> (2 * target) & 3);
  }
};
static_assert(std::is_trivially_copyable_v<FrameDependency>);

// Reads the dependency descriptor header extension of the AV1 RTP specification (appendix A), which
// other codecs use as well. Keeps the last template dependency structure, which later packets refer
// to, so packets are given in order of arrival; frames of another structure than the last are
// refused. More than kMaxChains chains or kMaxFrameDiffs references of a frame are refused, which
// no scalability mode of WebRTC reaches. Not thread-safe.
class DependencyDescriptorParser {
 public:
  DependencyDescriptorParser();
  ~DependencyDescriptorParser();
  DependencyDescriptorParser(DependencyDescriptorParser&&) noexcept;
  DependencyDescriptorParser& operator=(DependencyDescriptorParser&&) noexcept;

  std::optional<FrameDependency> parse(ByteView extension);
  // Forgets the structure: the stream starts anew.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// How an SFU changes a dependency descriptor for one subscriber.
struct DependencyDescriptorEdit {
  bool present = false;      // false: send the descriptor as it came
  uint8_t target_count = 0;  // 0: leave the active decode targets as they are
  uint16_t frame_number = 0;
  uint32_t active_targets = 0;
  bool operator==(const DependencyDescriptorEdit&) const = default;
};

// How much longer than the original an edited descriptor can be.
inline constexpr size_t kMaxDescriptorGrowth = 5;

// Writes `original` with the edit applied, returns its size; 0 when `original` is malformed or
// `out` too small (original.size() + kMaxDescriptorGrowth is always enough).
size_t write_dependency_descriptor(ByteView original, const DependencyDescriptorEdit& edit,
                                   std::span<uint8_t> out);

}  // namespace gstlk::rtp
