// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/trickle.h"

#include <utility>

#include "livekit/json.h"

namespace gstlk::client {

::livekit::SignalRequest trickle_message(::livekit::SignalTarget target, unsigned mline,
                                         const std::string& candidate) {
  JsonObject* object = json_object_new();
  json_object_set_string_member(object, "candidate", candidate.c_str());
  // Everything is in one bundle, so the first section will do where the mid is not known.
  json_object_set_string_member(object, "sdpMid", std::to_string(mline).c_str());
  json_object_set_int_member(object, "sdpMLineIndex", mline);
  livekit::JsonPtr node(json_node_new(JSON_NODE_OBJECT));
  json_node_take_object(node.get(), object);
  ::livekit::SignalRequest request;
  request.mutable_trickle()->set_target(target);
  request.mutable_trickle()->set_candidateinit(livekit::print_json(node.get()));
  return request;
}

std::optional<Candidate> read_trickle(const ::livekit::TrickleRequest& trickle) {
  const livekit::JsonPtr node = livekit::parse_json(trickle.candidateinit());
  if (!node || !JSON_NODE_HOLDS_OBJECT(node.get())) return std::nullopt;
  JsonObject* object = json_node_get_object(node.get());
  const char* text = json_object_get_string_member_with_default(object, "candidate", "");
  const gint64 mline = json_object_get_int_member_with_default(object, "sdpMLineIndex", 0);
  if (!text || !*text || mline < 0) return std::nullopt;
  return Candidate{static_cast<unsigned>(mline), text};
}

}  // namespace gstlk::client
