// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

// The package of the generated messages. Inside gstlk the name `livekit` means this folder.
namespace livekit {}

namespace gstlk {
namespace pb = ::livekit;
}  // namespace gstlk

// LiveKit's messages as bytes and as text. The three flavours differ: a signal connection speaks
// protobuf in binary frames and protojson in text frames, the server API its own JSON. Works on any
// generated message, and its header costs nothing to include.
namespace gstlk::livekit {

Bytes to_protobuf(const google::protobuf::Message& message);
[[nodiscard]] bool from_protobuf(ByteView bytes, google::protobuf::Message& message);

// camelCase, defaults left out, 64-bit integers as strings: signal text frames and webhooks.
std::string to_json(const google::protobuf::Message& message);
// Either case, enums by name or number, unknown fields ignored.
Result<void> from_json(std::string_view text, google::protobuf::Message& message);

// What the server API answers: snake_case, every field, absent messages as null.
std::string to_api_json(const google::protobuf::Message& message);

}  // namespace gstlk::livekit
