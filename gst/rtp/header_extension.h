// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "rtp/packet.h"

// RTP header extensions: RFC 8285 (the block) and the elements that WebRTC clients use.
namespace gstlk::rtp {

enum class ExtensionType : uint8_t {
  Mid,                   // RFC 8843
  Rid,                   // RFC 8852
  RepairedRid,           // RFC 8852
  AudioLevel,            // RFC 6464
  TransportCc,           // draft-holmer-rmcat-transport-wide-cc-extensions-01
  AbsSendTime,           // 24 bits, 6.18 fixed point seconds
  AbsCaptureTime,        // NTP time of capture, optionally the clock offset
  DependencyDescriptor,  // AV1 RTP specification, appendix A
  FrameMarking,          // draft-ietf-avtext-framemarking
  PlayoutDelay,          // two 12-bit delays in 10 ms
  VideoOrientation,      // 3GPP TS 26.114, "CVO"
};
constexpr size_t kExtensionTypeCount = 11;

std::string_view uri_of(ExtensionType type);
std::optional<ExtensionType> extension_from_uri(std::string_view uri);

// Which id means what in one m-line, as SDP's a=extmap settled it. Ids 1..14 fit both forms of
// block, 15 is reserved in the one-byte form, up to 255 need the two-byte form. Trivially copyable.
class ExtensionMap {
 public:
  // False, and nothing changes, when `id` is 0 or the type or the id is taken by another.
  bool add(uint8_t id, ExtensionType type);
  bool add(uint8_t id, std::string_view uri);

  // 0 when it was not negotiated.
  uint8_t id_of(ExtensionType type) const { return ids_[static_cast<size_t>(type)]; }
  bool has(ExtensionType type) const { return id_of(type) != 0; }
  std::optional<ExtensionType> type_of(uint8_t id) const;

  bool operator==(const ExtensionMap&) const = default;

 private:
  std::array<uint8_t, kExtensionTypeCount> ids_{};
};

struct ExtensionElement {
  uint8_t id = 0;
  ByteView data;
};

// Walks the elements of a block in wire order; padding is skipped, a malformed rest ends the walk.
// Gives nothing when the profile is not of RFC 8285.
class ExtensionReader {
 public:
  explicit ExtensionReader(const PacketView& packet);
  ExtensionReader(uint16_t profile, ByteView block);

  std::optional<ExtensionElement> next();

 private:
  enum class Form : uint8_t { None, OneByte, TwoByte };
  ByteView block_;
  size_t position_ = 0;
  Form form_ = Form::None;
};

// The element with `id`, empty when there is none. (An element of no bytes is empty as well; none
// of ours has a meaning then.) `id` 0 is never found.
ByteView find_extension(const PacketView& packet, uint8_t id);
inline ByteView find_extension(const PacketView& packet, const ExtensionMap& map,
                               ExtensionType type) {
  return find_extension(packet, map.id_of(type));
}

struct AudioLevel {
  uint8_t level = 127;  // -dBov: 0 is loudest, 127 silence
  bool voice = false;
};
struct AbsCaptureTime {
  uint64_t capture_ntp = 0;
  std::optional<int64_t> clock_offset;  // 32.32 fixed point
};
// Readers of an element's bytes; nullopt (an empty text) when the length is wrong.
std::optional<AudioLevel> read_audio_level(ByteView data);
std::optional<uint16_t> read_transport_sequence(ByteView data);
std::optional<uint32_t> read_abs_send_time(ByteView data);
std::optional<AbsCaptureTime> read_abs_capture_time(ByteView data);
// For Mid, Rid and RepairedRid. Borrows from the packet.
std::string_view read_sdes_text(ByteView data);

// Writes one block (the four bytes of profile and length included) into a caller's bytes; nothing
// is allocated. The two-byte form is used from the start when `two_byte` is set, which an element
// longer than 16 bytes, or an id above 14, needs. Elements that do not fit are refused.
// Not thread-safe.
class ExtensionWriter {
 public:
  explicit ExtensionWriter(std::span<uint8_t> out, bool two_byte = false);

  static bool needs_two_byte(uint8_t id, size_t size) { return id > 14 || size == 0 || size > 16; }

  bool add(uint8_t id, ByteView data);
  // Room for `size` bytes to be filled in by the caller; empty when refused.
  std::span<uint8_t> reserve(uint8_t id, size_t size);
  // Pads to four bytes and writes the length. Gives the block's size: 0 when nothing was added, and
  // then the packet's X bit must be clear.
  size_t finish();

 private:
  std::span<uint8_t> out_;
  size_t size_ = 4;
  bool two_byte_;
};

}  // namespace gstlk::rtp
