// SPDX-License-Identifier: LGPL-2.1-or-later
#include "media_source.h"

#include <cstring>

namespace gstlk::bench {
namespace {

// Descriptor and the first bytes of a VP8 frame; the rest of a payload is opaque to a server.
constexpr size_t kVp8Descriptor = 6;
constexpr size_t kVp8FrameHeader = 10;
constexpr size_t kVideoTime = kVp8Descriptor + kVp8FrameHeader;
constexpr size_t kAudioTime = 4;

}  // namespace

//   X|R|N|S|R|PID (REQUIRED)        RFC 7741 section 4.2
//   I|L|T|K| RSV
//   M| PictureID (15 bits)
//   TL0PICIDX
//   TID|Y| KEYIDX
void MediaSource::write_vp8(unsigned index, uint8_t* payload) {
  payload[0] = index == 0 ? 0x90 : 0x80;
  payload[1] = 0xf0;
  store_u16(payload + 2, static_cast<uint16_t>(0x8000 | (picture_ & 0x7fff)));
  payload[4] = tl0_;
  payload[5] = 0;
  if (index > 0) return;
  // RFC 6386 section 9.1: the low bit is 0 for a keyframe, which has the start code and the size.
  payload[6] = keyframe_ ? 0x10 : 0x11;
  payload[7] = payload[8] = 0;
  static constexpr uint8_t kStart[] = {0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02};  // 1280x720
  if (keyframe_) std::memcpy(payload + 9, kStart, sizeof kStart);
}

void MediaSource::write(unsigned index, int64_t sent_ns, uint8_t* out) {
  const bool video = config_.kind == MediaKind::Video;
  const bool last = index + 1 == config_.burst;
  out[0] = 0x80;
  out[1] = static_cast<uint8_t>((last && video ? 0x80 : 0) | config_.payload_type.value);
  store_u16(out + 2, sequence_++);
  store_u32(out + 4, timestamp_);
  store_u32(out + 8, config_.ssrc.value);
  std::memset(out + kHeader, 0x5a, config_.packet_size - kHeader);
  if (video) write_vp8(index, out + kHeader);
  store_u64(out + kHeader + (video ? kVideoTime : kAudioTime), static_cast<uint64_t>(sent_ns));
  if (!last) return;
  timestamp_ += (video ? 90'000u : 48'000u) / config_.per_second;
  ++picture_;
  ++tl0_;
  keyframe_ = false;
}

std::optional<int64_t> MediaSource::sent_time(ByteView packet, MediaKind kind) {
  if (packet.size() < kHeader) return std::nullopt;
  size_t at = kHeader + 4u * (packet[0] & 0x0f);
  if (packet[0] & 0x10) {
    if (packet.size() < at + 4) return std::nullopt;
    at += 4 + 4u * load_u16(&packet[at + 2]);
  }
  at += kind == MediaKind::Video ? kVideoTime : kAudioTime;
  if (packet.size() < at + 8) return std::nullopt;
  return static_cast<int64_t>(load_u64(&packet[at]));
}

}  // namespace gstlk::bench
