// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "room/settings.h"

// What everybody is told of a participant, by its token, its client or an administrator: name,
// metadata and attributes.
namespace gstlk::room {

using Attributes = std::map<std::string, std::string>;

enum class TooLong : uint8_t { No, Name, Metadata, Attributes };
TooLong too_long(const Limits& limits, const std::string& name, const std::string& metadata,
                 const Attributes& attributes);

// An update: empty values delete.
void merge(const Attributes& changes, Attributes& attributes);
// What a client brings along when it joins: empty values leave the token's alone.
void add(const Attributes& own, Attributes& attributes);

}  // namespace gstlk::room
