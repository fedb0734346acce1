// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include <concepts>
#include <string>

#include "base/ref.h"

namespace gstlk::metrics {

// JSON from the outside in, over json-glib. Not thread-safe.
class JsonWriter {
 public:
  JsonWriter() : builder_(Ref<JsonBuilder>::adopt(json_builder_new())) {}

  // Objects and arrays with what `fill` writes into them.
  template <class Fill>
  void object(Fill&& fill) {
    json_builder_begin_object(builder_.get());
    fill();
    json_builder_end_object(builder_.get());
  }
  template <class Fill>
  void object(const char* name, Fill&& fill) {
    json_builder_set_member_name(builder_.get(), name);
    object(fill);
  }
  template <class Fill>
  void array(const char* name, Fill&& fill) {
    json_builder_set_member_name(builder_.get(), name);
    json_builder_begin_array(builder_.get());
    fill();
    json_builder_end_array(builder_.get());
  }

  // Text that is not UTF-8 is made so.
  void member(const char* name, const std::string& text);
  void member(const char* name, const char* text) { member(name, std::string(text)); }
  void member(const char* name, bool value);
  void member(const char* name, double value);
  void member(const char* name, std::integral auto value) {
    integer(name, static_cast<int64_t>(value));
  }
  void null_member(const char* name);

  std::string print() const;

 private:
  void integer(const char* name, int64_t value);

  Ref<JsonBuilder> builder_;
};

}  // namespace gstlk::metrics
