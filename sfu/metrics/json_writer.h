// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace gstlk::metrics {

// JSON (RFC 8259) from the outside in, written at once. json-glib makes a tree first, and an answer
// of a large room held up the main loop ten times as long. Not thread-safe.
class JsonWriter {
 public:
  // Objects and arrays with what `fill` writes into them.
  template <class Fill>
  void object(Fill&& fill) {
    open('{');
    fill();
    close('}');
  }
  template <class Fill>
  void object(std::string_view name, Fill&& fill) {
    begin(name);
    object(fill);
  }
  template <class Fill>
  void array(std::string_view name, Fill&& fill) {
    begin(name);
    open('[');
    fill();
    close(']');
  }

  // Text that is not UTF-8 is made so.
  void member(std::string_view name, std::string_view text);
  void member(std::string_view name, const std::string& text) {
    member(name, std::string_view(text));
  }
  void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }
  void member(std::string_view name, bool value) { literal(name, value ? "true" : "false"); }
  void member(std::string_view name, double value);  // finite
  void member(std::string_view name, std::integral auto value) {
    literal(name, std::to_string(value));
  }
  void null_member(std::string_view name) { literal(name, "null"); }

  const std::string& text() const { return text_; }

 private:
  void separate();
  void begin(std::string_view name);
  void literal(std::string_view name, std::string_view value);
  void open(char bracket);
  void close(char bracket);
  void quote(std::string_view text);

  std::string text_;
  bool follows_ = false;  // a comma has to come first
};

}  // namespace gstlk::metrics
