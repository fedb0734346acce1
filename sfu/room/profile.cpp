// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/profile.h"

namespace gstlk::room {
namespace {

bool exceeds(size_t size, size_t limit) { return limit != 0 && size > limit; }

size_t total_size(const Attributes& attributes) {
  size_t size = 0;
  for (const auto& [key, value] : attributes) size += key.size() + value.size();
  return size;
}

}  // namespace

TooLong too_long(const Limits& limits, const std::string& name, const std::string& metadata,
                 const Attributes& attributes) {
  if (exceeds(name.size(), limits.max_participant_name_length)) return TooLong::Name;
  if (exceeds(metadata.size(), limits.max_metadata_size)) return TooLong::Metadata;
  return exceeds(total_size(attributes), limits.max_attributes_size) ? TooLong::Attributes
                                                                     : TooLong::No;
}

void merge(const Attributes& changes, Attributes& attributes) {
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      attributes.erase(key);
    } else {
      attributes[key] = value;
    }
  }
}

void add(const Attributes& own, Attributes& attributes) {
  for (const auto& [key, value] : own) {
    if (!value.empty()) attributes[key] = value;
  }
}

}  // namespace gstlk::room
