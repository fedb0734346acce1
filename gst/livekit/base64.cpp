// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/base64.h"

#include <array>

namespace gstlk::livekit {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNone = 255;

constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> values{};
  for (uint8_t& value : values) value = kNone;
  for (size_t i = 0; i < 64; i++) {
    values[static_cast<uint8_t>(kStandard[i])] = static_cast<uint8_t>(i);
    values[static_cast<uint8_t>(kUrlSafe[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr std::array<uint8_t, 256> kValues = make_values();

std::string encode(ByteView bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t pending = 0;
  int bits = 0;
  for (const uint8_t byte : bytes) {
    pending = pending << 8 | byte;
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet[pending >> (bits - 6) & 63];
  }
  if (bits > 0) out += alphabet[pending << (6 - bits) & 63];
  return out;
}

}  // namespace

std::optional<Bytes> decode_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); padding++) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(text.size() * 3 / 4);
  uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const uint8_t value = kValues[static_cast<uint8_t>(c)];
    if (value == kNone) return std::nullopt;
    pending = pending << 6 | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<uint8_t>(pending >> bits));
  }
  return out;
}

std::string encode_base64url(ByteView bytes) { return encode(bytes, kUrlSafe); }

std::string encode_base64(ByteView bytes) {
  std::string out = encode(bytes, kStandard);
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

}  // namespace gstlk::livekit
