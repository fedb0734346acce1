// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/web_socket_frames.h"

#include <glib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "net/permessage_deflate.h"

namespace gstlk::net {
namespace {

constexpr uint8_t kFin = 0x80;
constexpr uint8_t kCompressed = 0x40;  // RSV1, RFC 7692 section 6
constexpr uint8_t kReserved = 0x70;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kSize16 = 126;
constexpr uint8_t kSize64 = 127;
constexpr size_t kMaxControlSize = 125;

bool is_known(Opcode opcode) {
  switch (opcode) {
    case Opcode::Continuation:
    case Opcode::Text:
    case Opcode::Binary:
    case Opcode::Close:
    case Opcode::Ping:
    case Opcode::Pong:
      return true;
  }
  return false;
}

// GLib takes a zero byte for the end, but it may stand in a text.
bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, text.find('\0'));
    if (!g_utf8_validate_len(piece.data(), piece.size(), nullptr)) return false;
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
  }
  return true;
}

}  // namespace

WebSocketReader::WebSocketReader(size_t max_message_size, PermessageDeflate* deflate)
    : max_message_size_(max_message_size == 0 ? std::numeric_limits<size_t>::max()
                                              : max_message_size),
      deflate_(deflate) {}

Result<std::optional<WebSocketMessage>, CloseCode> WebSocketReader::next() {
  using Nothing = std::optional<WebSocketMessage>;
  while (true) {
    if (!frame_) {
      const auto begun = begin_frame();
      if (!begun) return Unexpected{begun.error()};
      if (!*begun) return Nothing{};
    }
    take_payload(frame_->is_control() ? control_ : message_);
    if (frame_->taken < frame_->size) return Nothing{};
    const Frame frame = *std::exchange(frame_, std::nullopt);
    if (frame.is_control()) {
      return std::optional(WebSocketMessage{frame.opcode, std::exchange(control_, {})});
    }
    if (!frame.fin) continue;
    auto message = finish_message();
    if (!message) return Unexpected{message.error()};
    return std::optional(std::move(message).value());
  }
}

// False: its header is not complete yet.
Result<bool, CloseCode> WebSocketReader::begin_frame() {
  ByteReader reader(as_bytes(std::string_view(input_).substr(position_)));
  const uint8_t first = reader.u8();
  const uint8_t second = reader.u8();
  Frame frame;
  frame.fin = (first & kFin) != 0;
  frame.opcode = static_cast<Opcode>(first & 0x0f);
  frame.size = second & ~kMasked & 0xff;
  uint64_t least = 0;
  if (frame.size == kSize16) {
    frame.size = reader.u16();
    least = kSize16;
  } else if (frame.size == kSize64) {
    frame.size = reader.u64();
    least = 0x10000;
  }
  std::ranges::copy(reader.bytes(frame.mask.size()), frame.mask.begin());
  if (!reader.ok()) {
    input_.erase(0, std::exchange(position_, 0));
    return false;
  }
  // "The minimal number of bytes MUST be used to encode the length", and a client must mask.
  if (frame.size < least || (second & kMasked) == 0) return Unexpected{CloseCode::ProtocolError};
  if (const auto error = check(frame, first & kReserved)) return Unexpected{*error};
  position_ += reader.position();
  frame_ = frame;
  return true;
}

std::optional<CloseCode> WebSocketReader::check(const Frame& frame, uint8_t reserved) {
  if (!is_known(frame.opcode)) return CloseCode::ProtocolError;
  if (frame.is_control()) {
    const bool allowed = frame.fin && frame.size <= kMaxControlSize && reserved == 0;
    return allowed ? std::nullopt : std::optional(CloseCode::ProtocolError);
  }
  const bool continues = frame.opcode == Opcode::Continuation;
  // Only the first frame of a message tells whether it is compressed.
  const uint8_t allowed = deflate_ && !continues ? kCompressed : 0;
  if (continues != message_opcode_.has_value() || (reserved & ~allowed) != 0) {
    return CloseCode::ProtocolError;
  }
  if (frame.size > max_message_size_ - message_.size()) return CloseCode::TooBig;
  if (!continues) {
    message_opcode_ = frame.opcode;
    compressed_ = reserved != 0;
  }
  return std::nullopt;
}

void WebSocketReader::take_payload(std::string& out) {
  const std::string_view input = std::string_view(input_).substr(position_);
  const size_t count = std::min<uint64_t>(input.size(), frame_->size - frame_->taken);
  const size_t at = out.size();
  out.append(input.substr(0, count));
  for (size_t i = 0; i < count; i++) {
    out[at + i] = static_cast<char>(static_cast<uint8_t>(out[at + i]) ^
                                    frame_->mask[(frame_->taken + i) % frame_->mask.size()]);
  }
  frame_->taken += count;
  position_ += count;
  if (position_ < input_.size()) return;
  input_.clear();
  position_ = 0;
}

Result<WebSocketMessage, CloseCode> WebSocketReader::finish_message() {
  WebSocketMessage message{*std::exchange(message_opcode_, std::nullopt),
                           std::exchange(message_, {})};
  if (compressed_) {
    auto inflated = deflate_->inflate(message.payload, max_message_size_);
    if (!inflated) {
      return Unexpected{inflated.error() == InflateError::TooLarge ? CloseCode::PolicyViolation
                                                                   : CloseCode::ProtocolError};
    }
    message.payload = std::move(inflated).value();
  }
  if (message.opcode == Opcode::Text && !is_utf8(message.payload)) {
    return Unexpected{CloseCode::BadData};
  }
  return message;
}

std::string frame_header(Opcode opcode, bool compressed, size_t size) {
  Bytes header;
  ByteWriter writer(header);
  writer.u8(
      static_cast<uint8_t>(kFin | (compressed ? kCompressed : 0) | static_cast<uint8_t>(opcode)));
  if (size < kSize16) {
    writer.u8(static_cast<uint8_t>(size));
  } else if (size < 0x10000) {
    writer.u8(kSize16);
    writer.u16(static_cast<uint16_t>(size));
  } else {
    writer.u8(kSize64);
    writer.u64(size);
  }
  return std::string(as_text(header));
}

std::string close_payload(uint16_t code) {
  return {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
}

Result<uint16_t, CloseCode> read_close(std::string_view payload) {
  if (payload.empty()) return static_cast<uint16_t>(CloseCode::Normal);
  ByteReader reader(as_bytes(payload));
  const uint16_t code = reader.u16();
  // 1004 to 1006 and 1015 "MUST NOT be set as a status code in a Close control frame" (7.4.1).
  const bool registered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  const bool private_use = code >= 3000 && code <= 4999;
  if (!reader.ok() || (!registered && !private_use)) return Unexpected{CloseCode::ProtocolError};
  if (!is_utf8(as_text(reader.rest()))) return Unexpected{CloseCode::BadData};
  return code;
}

}  // namespace gstlk::net
