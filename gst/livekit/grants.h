// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gstlk::livekit {

// The "video" claim. An absent claim is not the same as false: ask the may_*() functions, which
// know LiveKit's defaults.
struct VideoGrant {
  bool room_create = false;
  bool room_list = false;
  bool room_record = false;
  bool room_admin = false;
  bool room_join = false;
  bool ingress_admin = false;
  bool hidden = false;
  bool recorder = false;
  bool agent = false;
  std::string room;
  std::string destination_room;
  std::optional<bool> can_publish;
  std::optional<bool> can_subscribe;
  std::optional<bool> can_publish_data;
  std::optional<bool> can_update_own_metadata;
  std::optional<bool> can_subscribe_metrics;
  std::optional<bool> can_manage_agent_session;
  // "camera", "microphone", "screen_share", "screen_share_audio"; empty allows all.
  std::vector<std::string> can_publish_sources;

  bool may_publish() const { return can_publish.value_or(true); }
  bool may_publish_source(const std::string& source) const;
  bool may_subscribe() const { return can_subscribe.value_or(true); }
  bool may_publish_data() const { return can_publish_data.value_or(may_publish()); }
  bool may_update_own_metadata() const { return can_update_own_metadata.value_or(false); }
  bool may_subscribe_metrics() const { return can_subscribe_metrics.value_or(false); }
  bool may_manage_agent_session() const { return can_manage_agent_session.value_or(false); }
  // Managing participants and the room itself needs the grant for that very room.
  bool may_administer(const std::string& name) const { return room_admin && room == name; }
};

struct SipGrant {
  bool admin = false;
  bool call = false;
};

// What an access token says about its holder, without the registered claims.
struct Grants {
  std::string identity;  // "sub", or "jti" when that is empty
  std::string name;
  std::string metadata;
  std::map<std::string, std::string> attributes;
  std::string kind;  // "standard", "ingress", "egress", "sip", "agent", ...; empty is standard
  std::vector<std::string> kind_details;
  std::string sha256;       // of the body, in webhooks
  std::string room_preset;  // a name in room.room_configurations
  std::string room_config;  // a RoomConfiguration as protojson; empty when the token has none
  std::optional<VideoGrant> video;
  std::optional<SipGrant> sip;
};

}  // namespace gstlk::livekit
