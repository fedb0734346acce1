// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/header_extension.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

constexpr uint16_t kOneByteProfile = 0xbede;
constexpr uint16_t kTwoByteProfile = 0x1000;  // the low four bits are "appbits"

constexpr std::array<std::string_view, kExtensionTypeCount> kUris = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    "http://tools.ietf.org/html/draft-ietf-avtext-framemarking-07",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "urn:3gpp:video-orientation",
};

}  // namespace

std::string_view uri_of(ExtensionType type) { return kUris[static_cast<size_t>(type)]; }

std::optional<ExtensionType> extension_from_uri(std::string_view uri) {
  const auto found = std::find(kUris.begin(), kUris.end(), uri);
  if (found == kUris.end()) return std::nullopt;
  return static_cast<ExtensionType>(found - kUris.begin());
}

bool ExtensionMap::add(uint8_t id, ExtensionType type) {
  const std::optional<ExtensionType> taken = type_of(id);
  if (id == 0 || (taken && *taken != type) || (has(type) && id_of(type) != id)) return false;
  ids_[static_cast<size_t>(type)] = id;
  return true;
}

bool ExtensionMap::add(uint8_t id, std::string_view uri) {
  const std::optional<ExtensionType> type = extension_from_uri(uri);
  return type && add(id, *type);
}

std::optional<ExtensionType> ExtensionMap::type_of(uint8_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = std::find(ids_.begin(), ids_.end(), id);
  if (found == ids_.end()) return std::nullopt;
  return static_cast<ExtensionType>(found - ids_.begin());
}

ExtensionReader::ExtensionReader(const PacketView& packet)
    : ExtensionReader(packet.extension_profile(), packet.extension()) {}

ExtensionReader::ExtensionReader(uint16_t profile, ByteView block) : block_(block) {
  if (profile == kOneByteProfile) {
    form_ = Form::OneByte;
  } else if ((profile & 0xfff0) == kTwoByteProfile) {
    form_ = Form::TwoByte;
  } else {
    block_ = {};
  }
}

//   one-byte form          two-byte form
//    0 1 2 3 4 5 6 7        0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//   +-+-+-+-+-+-+-+-+      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  ID   |  len  |      |      ID       |    length     |
//   +-+-+-+-+-+-+-+-+      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// RFC 8285 sections 4.2 and 4.3; `len` is one less than the number of bytes.
std::optional<ExtensionElement> ExtensionReader::next() {
  while (position_ < block_.size()) {
    const uint8_t first = block_[position_++];
    if (first == 0) continue;  // padding
    ExtensionElement element{.id = first};
    size_t size;
    if (form_ == Form::OneByte) {
      element.id = first >> 4;
      size = (first & 0x0f) + 1u;
      // "If the ID value 15 is used, its length field should be ignored, processing of the entire
      // extension should terminate at that point." An ID of 0 with a length is not padding, and
      // nobody says what it is.
      if (element.id == 15 || element.id == 0) break;
    } else {
      if (position_ == block_.size()) break;
      size = block_[position_++];
    }
    if (size > block_.size() - position_) break;
    element.data = block_.subspan(position_, size);
    position_ += size;
    return element;
  }
  position_ = block_.size();
  return std::nullopt;
}

ByteView find_extension(const PacketView& packet, uint8_t id) {
  if (id == 0 || !packet.has_extension()) return {};
  ExtensionReader reader(packet);
  while (const auto element = reader.next()) {
    if (element->id == id) return element->data;
  }
  return {};
}

std::optional<AudioLevel> read_audio_level(ByteView data) {
  if (data.empty()) return std::nullopt;
  return AudioLevel{.level = static_cast<uint8_t>(data[0] & 0x7f), .voice = (data[0] & 0x80) != 0};
}

std::optional<uint16_t> read_transport_sequence(ByteView data) {
  if (data.size() < 2) return std::nullopt;
  return load_u16(data.data());
}

std::optional<uint32_t> read_abs_send_time(ByteView data) {
  if (data.size() != 3) return std::nullopt;
  return load_u24(data.data());
}

std::optional<AbsCaptureTime> read_abs_capture_time(ByteView data) {
  if (data.size() != 8 && data.size() != 16) return std::nullopt;
  ByteReader reader(data);
  AbsCaptureTime time{.capture_ntp = reader.u64()};
  if (reader.remaining() == 8) time.clock_offset = static_cast<int64_t>(reader.u64());
  return time;
}

std::string_view read_sdes_text(ByteView data) {
  // Some senders fill the element up with zeros to keep its size.
  while (!data.empty() && data.back() == 0) data = data.first(data.size() - 1);
  return as_text(data);
}

ExtensionWriter::ExtensionWriter(std::span<uint8_t> out, bool two_byte)
    : out_(out), two_byte_(two_byte) {}

std::span<uint8_t> ExtensionWriter::reserve(uint8_t id, size_t size) {
  const size_t head = two_byte_ ? 2 : 1;
  if (id == 0 || size > 255 || (!two_byte_ && needs_two_byte(id, size))) return {};
  // finish() pads to four bytes, so that the padding must fit as well.
  if ((size_ + head + size + 3) / 4 * 4 > out_.size()) return {};
  if (two_byte_) {
    out_[size_] = id;
    out_[size_ + 1] = static_cast<uint8_t>(size);
  } else {
    out_[size_] = static_cast<uint8_t>(id << 4 | (size - 1));
  }
  size_ += head + size;
  return out_.subspan(size_ - size, size);
}

bool ExtensionWriter::add(uint8_t id, ByteView data) {
  const size_t before = size_;
  const std::span<uint8_t> room = reserve(id, data.size());
  if (size_ == before) return false;
  std::copy(data.begin(), data.end(), room.begin());
  return true;
}

size_t ExtensionWriter::finish() {
  if (size_ == 4) return 0;
  while (size_ % 4 != 0) out_[size_++] = 0;
  store_u16(&out_[0], two_byte_ ? kTwoByteProfile : kOneByteProfile);
  store_u16(&out_[2], static_cast<uint16_t>(size_ / 4 - 1));
  return size_;
}

}  // namespace gstlk::rtp
