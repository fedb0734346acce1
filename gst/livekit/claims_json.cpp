// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/claims_json.h"

#include <array>

namespace gstlk::livekit {
namespace {

struct BoolClaim {
  const char* name;
  bool VideoGrant::*member;
};
constexpr BoolClaim kBoolClaims[] = {
    {"agent", &VideoGrant::agent},
    {"hidden", &VideoGrant::hidden},
    {"ingressAdmin", &VideoGrant::ingress_admin},
    {"recorder", &VideoGrant::recorder},
    {"roomAdmin", &VideoGrant::room_admin},
    {"roomCreate", &VideoGrant::room_create},
    {"roomJoin", &VideoGrant::room_join},
    {"roomList", &VideoGrant::room_list},
    {"roomRecord", &VideoGrant::room_record},
};

// Where absent means something else than false.
struct OptionalClaim {
  const char* name;
  std::optional<bool> VideoGrant::*member;
};
constexpr OptionalClaim kOptionalClaims[] = {
    {"canManageAgentSession", &VideoGrant::can_manage_agent_session},
    {"canPublish", &VideoGrant::can_publish},
    {"canPublishData", &VideoGrant::can_publish_data},
    {"canSubscribe", &VideoGrant::can_subscribe},
    {"canSubscribeMetrics", &VideoGrant::can_subscribe_metrics},
    {"canUpdateOwnMetadata", &VideoGrant::can_update_own_metadata},
};

struct TextClaim {
  const char* name;
  std::string Grants::*member;
};
constexpr TextClaim kTextClaims[] = {
    {"kind", &Grants::kind},     {"metadata", &Grants::metadata},
    {"name", &Grants::name},     {"roomPreset", &Grants::room_preset},
    {"sha256", &Grants::sha256},
};

// Reads members of one JSON object; remembers whether any had a wrong type. A null is absent.
class ObjectReader {
 public:
  explicit ObjectReader(JsonObject* object) : object_(object) {}

  bool ok() const { return ok_; }

  void read(const char* name, std::string& out) {
    if (JsonNode* node = value(name, G_TYPE_STRING)) out = json_node_get_string(node);
  }
  void read(const char* name, bool& out) {
    if (JsonNode* node = value(name, G_TYPE_BOOLEAN)) out = json_node_get_boolean(node);
  }
  void read(const char* name, std::optional<bool>& out) {
    if (JsonNode* node = value(name, G_TYPE_BOOLEAN)) out = json_node_get_boolean(node);
  }
  // RFC 7519 section 2, NumericDate: seconds, which may have a fraction.
  void read(const char* name, std::optional<UnixTime>& out) {
    JsonNode* node = find(name);
    if (!node) return;
    if (!JSON_NODE_HOLDS_VALUE(node) || (json_node_get_value_type(node) != G_TYPE_INT64 &&
                                         json_node_get_value_type(node) != G_TYPE_DOUBLE)) {
      ok_ = false;
      return;
    }
    const double seconds = json_node_get_double(node);
    // Year 9999: everything later would overflow what is computed with it.
    if (!(seconds >= 0 && seconds < 253402300800.0)) {
      ok_ = false;
      return;
    }
    out = UnixTime(std::chrono::seconds(static_cast<int64_t>(seconds)));
  }
  void read(const char* name, std::vector<std::string>& out) {
    JsonNode* node = find(name);
    if (!node) return;
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
      ok_ = false;
      return;
    }
    JsonArray* array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
      JsonNode* element = json_array_get_element(array, i);
      if (json_node_get_value_type(element) == G_TYPE_STRING) {
        out.emplace_back(json_node_get_string(element));
      } else {
        ok_ = false;
      }
    }
  }
  void read(const char* name, std::map<std::string, std::string>& out) {
    JsonObject* map = object(name);
    if (!map) return;
    JsonObjectIter iterator;
    json_object_iter_init(&iterator, map);
    const char* key = nullptr;
    JsonNode* node = nullptr;
    while (json_object_iter_next(&iterator, &key, &node)) {
      if (json_node_get_value_type(node) == G_TYPE_STRING) {
        out[key] = json_node_get_string(node);
      } else {
        ok_ = false;
      }
    }
  }
  JsonObject* object(const char* name) {
    JsonNode* node = find(name);
    if (!node) return nullptr;
    if (JSON_NODE_HOLDS_OBJECT(node)) return json_node_get_object(node);
    ok_ = false;
    return nullptr;
  }

 private:
  JsonNode* find(const char* name) const {
    JsonNode* node = json_object_get_member(object_, name);
    return node && !JSON_NODE_HOLDS_NULL(node) ? node : nullptr;
  }
  JsonNode* value(const char* name, GType type) {
    JsonNode* node = find(name);
    if (!node) return nullptr;
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type) return node;
    ok_ = false;
    return nullptr;
  }

  JsonObject* object_;
  bool ok_ = true;
};

bool read_video(JsonObject* object, VideoGrant& video) {
  ObjectReader reader(object);
  for (const BoolClaim& claim : kBoolClaims) reader.read(claim.name, video.*claim.member);
  for (const OptionalClaim& claim : kOptionalClaims) reader.read(claim.name, video.*claim.member);
  reader.read("room", video.room);
  reader.read("destinationRoom", video.destination_room);
  reader.read("canPublishSources", video.can_publish_sources);
  return reader.ok();
}

bool read_grants(ObjectReader& reader, Grants& grants) {
  for (const TextClaim& claim : kTextClaims) reader.read(claim.name, grants.*claim.member);
  reader.read("attributes", grants.attributes);
  reader.read("kindDetails", grants.kind_details);
  reader.read("sub", grants.identity);
  if (grants.identity.empty()) reader.read("jti", grants.identity);
  if (JsonObject* config = reader.object("roomConfig")) {
    JsonPtr node(json_node_new(JSON_NODE_OBJECT));
    json_node_set_object(node.get(), config);
    grants.room_config = print_json(node.get());
  }
  if (JsonObject* video = reader.object("video")) {
    if (!read_video(video, grants.video.emplace())) return false;
  }
  if (JsonObject* object = reader.object("sip")) {
    ObjectReader sip(object);
    grants.sip.emplace();
    sip.read("admin", grants.sip->admin);
    sip.read("call", grants.sip->call);
    if (!sip.ok()) return false;
  }
  return reader.ok();
}

void set_text(JsonObject* object, const char* name, const std::string& text) {
  if (!text.empty()) json_object_set_string_member(object, name, text.c_str());
}

void set_flag(JsonObject* object, const char* name, bool flag) {
  if (flag) json_object_set_boolean_member(object, name, TRUE);
}

void set_texts(JsonObject* object, const char* name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  JsonArray* array = json_array_new();
  for (const std::string& text : texts) json_array_add_string_element(array, text.c_str());
  json_object_set_array_member(object, name, array);
}

void set_time(JsonObject* object, const char* name, const std::optional<UnixTime>& time) {
  if (time) json_object_set_int_member(object, name, time->time_since_epoch().count());
}

JsonObject* write_video(const VideoGrant& video) {
  JsonObject* object = json_object_new();
  for (const BoolClaim& claim : kBoolClaims) set_flag(object, claim.name, video.*claim.member);
  for (const OptionalClaim& claim : kOptionalClaims) {
    const std::optional<bool>& value = video.*claim.member;
    if (value) json_object_set_boolean_member(object, claim.name, *value);
  }
  set_text(object, "room", video.room);
  set_text(object, "destinationRoom", video.destination_room);
  set_texts(object, "canPublishSources", video.can_publish_sources);
  return object;
}

void write_grants(JsonObject* object, const Grants& grants) {
  for (const TextClaim& claim : kTextClaims) set_text(object, claim.name, grants.*claim.member);
  set_text(object, "sub", grants.identity);
  set_texts(object, "kindDetails", grants.kind_details);
  if (!grants.attributes.empty()) {
    JsonObject* attributes = json_object_new();
    for (const auto& [key, value] : grants.attributes) {
      json_object_set_string_member(attributes, key.c_str(), value.c_str());
    }
    json_object_set_object_member(object, "attributes", attributes);
  }
  if (JsonPtr config = parse_json(grants.room_config)) {
    json_object_set_member(object, "roomConfig", config.release());
  }
  if (grants.video) json_object_set_object_member(object, "video", write_video(*grants.video));
  if (grants.sip) {
    JsonObject* sip = json_object_new();
    set_flag(sip, "admin", grants.sip->admin);
    set_flag(sip, "call", grants.sip->call);
    json_object_set_object_member(object, "sip", sip);
  }
}

}  // namespace

std::optional<Claims> read_claims(JsonObject* payload) {
  ObjectReader reader(payload);
  Claims claims;
  std::optional<UnixTime> expires_at;
  reader.read("iss", claims.issuer);
  reader.read("exp", expires_at);
  reader.read("nbf", claims.not_before);
  reader.read("iat", claims.issued_at);
  if (!read_grants(reader, claims.grants) || !expires_at) return std::nullopt;
  claims.expires_at = *expires_at;
  return claims;
}

JsonPtr write_claims(const Claims& claims) {
  JsonObject* object = json_object_new();
  set_text(object, "iss", claims.issuer);
  set_time(object, "exp", claims.expires_at);
  set_time(object, "nbf", claims.not_before);
  set_time(object, "iat", claims.issued_at);
  write_grants(object, claims.grants);
  JsonPtr node(json_node_new(JSON_NODE_OBJECT));
  json_node_take_object(node.get(), object);
  return node;
}

}  // namespace gstlk::livekit
