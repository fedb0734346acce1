// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/permessage_deflate.h"

#include <algorithm>
#include <array>
#include <optional>

namespace gstlk::net {
namespace {

constexpr std::string_view kName = "permessage-deflate";
// "If the resulting data does not end with an empty DEFLATE block with no compression, append one;
// remove 4 octets from the tail end" (section 7.2.1); the receiver puts them back.
constexpr std::string_view kTail{"\x00\x00\xff\xff", 4};
// The fastest gives most of the gain; a busy room sends much.
constexpr int kLevel = 1;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts off what stands before `separator`, or all.
std::string_view take(std::string_view& text, char separator) {
  const std::string_view head = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(head.size() + 1, text.size()));
  return trim(head);
}

bool is_acceptable(std::string_view offer) {
  if (take(offer, ';') != kName) return false;
  while (!offer.empty()) {
    const std::string_view parameter = take(offer, ';');
    const std::string_view name = trim(parameter.substr(0, parameter.find('=')));
    // What the client could do besides is no condition; a limit on our window would be one.
    if (name != "client_max_window_bits" && parameter != "client_no_context_takeover" &&
        parameter != "server_no_context_takeover") {
      return false;
    }
  }
  return true;
}

// Inflates one piece of a message onto `out`.
std::optional<InflateError> inflate_piece(GConverter* inflater, std::string_view packed,
                                          size_t limit, std::string& out) {
  std::array<char, 16384> chunk;
  while (true) {
    gsize read = 0;
    gsize written = 0;
    const GConverterResult state =
        g_converter_convert(inflater, packed.data(), packed.size(), chunk.data(), chunk.size(),
                            G_CONVERTER_NO_FLAGS, &read, &written, nullptr);
    // With no input left this only says that there is no more output either.
    if (state == G_CONVERTER_ERROR && packed.empty()) return std::nullopt;
    if (state == G_CONVERTER_ERROR || (read == 0 && written == 0)) return InflateError::Malformed;
    if (written > limit - out.size()) return InflateError::TooLarge;
    packed.remove_prefix(read);
    out.append(chunk.data(), written);
    // A final block may stand inside a message (section 7.2.3.4).
    if (state == G_CONVERTER_FINISHED) g_converter_reset(inflater);
    if (packed.empty() && written < chunk.size()) return std::nullopt;
  }
}

}  // namespace

PermessageDeflate::PermessageDeflate()
    : compressor_(
          Ref<GZlibCompressor>::adopt(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, kLevel))),
      decompressor_(
          Ref<GZlibDecompressor>::adopt(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW))) {}

std::string PermessageDeflate::accept(std::string_view offers) {
  while (!offers.empty()) {
    if (is_acceptable(take(offers, ','))) {
      return std::string(kName) + "; server_no_context_takeover; client_no_context_takeover";
    }
  }
  return {};
}

std::string PermessageDeflate::compress(std::string_view message) {
  auto* compressor = G_CONVERTER(compressor_.get());
  g_converter_reset(compressor);
  std::string out;
  std::array<char, 16384> chunk;
  while (true) {
    gsize read = 0;
    gsize written = 0;
    const GConverterResult state =
        g_converter_convert(compressor, message.data(), message.size(), chunk.data(), chunk.size(),
                            G_CONVERTER_FLUSH, &read, &written, nullptr);
    if (state == G_CONVERTER_ERROR) break;
    message.remove_prefix(read);
    out.append(chunk.data(), written);
    if (message.empty() && written < chunk.size()) break;
  }
  if (out.ends_with(kTail)) out.resize(out.size() - kTail.size());
  return out;
}

Result<std::string, InflateError> PermessageDeflate::inflate(std::string_view packed,
                                                             size_t limit) {
  auto* decompressor = G_CONVERTER(decompressor_.get());
  g_converter_reset(decompressor);
  std::string out;
  for (const std::string_view piece : {packed, kTail}) {
    if (const auto error = inflate_piece(decompressor, piece, limit, out)) {
      return Unexpected{*error};
    }
  }
  return out;
}

}  // namespace gstlk::net
