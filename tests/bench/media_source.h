// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"

namespace gstlk::bench {

enum class MediaKind : uint8_t { Video, Audio };

// Writes RTP packets that look like a camera's VP8 (descriptor with picture id, keyframes that say
// so) or like Opus. Each carries the time it was made, behind what a forwarding server may rewrite.
// Not thread-safe.
class MediaSource {
 public:
  struct Config {
    MediaKind kind = MediaKind::Video;
    Ssrc ssrc{1};
    PayloadType payload_type{96};
    size_t packet_size = 1200;  // of RTP, before SRTP
    unsigned burst = 6;         // packets of a frame
    unsigned per_second = 30;   // frames
  };
  static constexpr size_t kHeader = 12;

  explicit MediaSource(const Config& config) : config_(config) {}

  const Config& config() const { return config_; }
  // The next frame starts a new group of pictures.
  void request_keyframe() { keyframe_ = true; }
  // Of the frame that is written next.
  uint32_t timestamp() const { return timestamp_; }
  // `index` counts from 0 to burst - 1; `sent_ns` is CLOCK_REALTIME. Writes a header of kHeader and
  // a payload, packet_size in all.
  void write(unsigned index, int64_t sent_ns, uint8_t* out);

  // The time inside a decrypted packet, of a payload with or without a VP8 descriptor.
  static std::optional<int64_t> sent_time(ByteView packet, MediaKind kind);

 private:
  void write_vp8(unsigned index, uint8_t* payload);

  const Config config_;
  uint16_t sequence_ = 1000;
  uint32_t timestamp_ = 1;
  uint16_t picture_ = 0;
  uint8_t tl0_ = 0;
  bool keyframe_ = true;
};

}  // namespace gstlk::bench
