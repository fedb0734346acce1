// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/json_writer.h"

#include <glib.h>

#include <array>
#include <charconv>

namespace gstlk::metrics {

void JsonWriter::separate() {
  if (follows_) text_ += ',';
  follows_ = false;
}

void JsonWriter::begin(std::string_view name) {
  separate();
  text_ += '"';
  text_ += name;
  text_ += "\":";
}

void JsonWriter::literal(std::string_view name, std::string_view value) {
  begin(name);
  text_ += value;
  follows_ = true;
}

void JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
}

void JsonWriter::close(char bracket) {
  text_ += bracket;
  follows_ = true;
}

void JsonWriter::member(std::string_view name, std::string_view text) {
  begin(name);
  if (g_utf8_validate_len(text.data(), text.size(), nullptr)) {
    quote(text);
  } else {
    char* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
    quote(valid);
    g_free(valid);
  }
  follows_ = true;
}

void JsonWriter::member(std::string_view name, double value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  literal(name, {digits.data(), static_cast<size_t>(end - digits.data())});
}

// "All Unicode characters may be placed within the quotation marks, except for the characters that
// MUST be escaped: quotation mark, reverse solidus, and the control characters (U+0000 through
// U+001F)." RFC 8259 section 7.
void JsonWriter::quote(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  text_ += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (code < 0x20) {
      text_ += "\\u00";
      text_ += kDigits[code >> 4];
      text_ += kDigits[code & 15];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

}  // namespace gstlk::metrics
