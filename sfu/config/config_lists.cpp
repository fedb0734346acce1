// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config_lists.h"

#include "config/config_values.h"
#include "config/secret_file.h"
#include "livekit/messages.h"
#include "livekit_room.pb.h"

namespace gstlk::config {
namespace {

std::string text_of(const YamlNode& map, std::string_view name, std::string absent = "") {
  const YamlNode* node = map.find(name);
  return node && node->kind == YamlNode::Kind::Scalar ? node->text : absent;
}

Result<TurnServer> read_turn_server(const YamlNode& node) {
  TurnServer server;
  server.host = text_of(node, "host");
  if (server.host.empty()) return fail("each server to have a host");
  const auto port = parse_integer(text_of(node, "port", "3478"), 65535);
  if (!port) return fail("port to be a number up to 65535");
  server.port = static_cast<uint16_t>(*port);
  server.protocol = text_of(node, "protocol", "udp");
  if (server.protocol != "udp" && server.protocol != "tcp" && server.protocol != "tls") {
    return fail("protocol to be udp, tcp or tls");
  }
  server.username = text_of(node, "username");
  server.credential = text_of(node, "credential");
  server.secret = text_of(node, "secret");
  const std::string secret_file = text_of(node, "secret_file");
  if (server.secret.empty() && !secret_file.empty()) {
    Result<std::string> secret = read_secret_file(secret_file);
    if (!secret) return fail(secret.error().message);
    server.secret = *secret;
  }
  const auto ttl = parse_integer(text_of(node, "ttl", "14400"), UINT32_MAX);
  if (!ttl) return fail("ttl to be a number of seconds");
  server.ttl_seconds = static_cast<uint32_t>(*ttl);
  if (server.secret.empty() && (server.username.empty() || server.credential.empty())) {
    return fail("each server to have a secret, or a username and a credential");
  }
  return server;
}

}  // namespace

Result<void> read_enabled_codecs(Config& config, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::List) return fail("a list of {mime, fmtp_line}");
  config.room.enabled_codecs.clear();
  for (const YamlNode& item : node.items) {
    const std::string mime = text_of(item, "mime");
    if (mime.find('/') == std::string::npos)
      return fail("each codec to have a mime, \"video/VP8\"");
    config.room.enabled_codecs.push_back({mime, text_of(item, "fmtp_line")});
  }
  return {};
}

Result<void> read_room_configurations(Config& config, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::Map) return fail("a map of names to room configurations");
  config.room.room_configurations.clear();
  for (const auto& [name, value] : node.members) {
    const std::string json = to_json(value);
    pb::RoomConfiguration message;
    if (const Result<void> read = livekit::from_json(json, message); !read) {
      return fail("a room configuration for \"" + name + "\" (" + read.error().message + ")");
    }
    config.room.room_configurations[name] = json;
  }
  return {};
}

Result<void> read_simulcast_layers(Config& config, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::List) return fail("a list of {quality, bitrate, fps}");
  config.video.simulcast_layers.clear();
  for (const YamlNode& item : node.items) {
    LayerConfig layer{.quality = text_of(item, "quality")};
    if (layer.quality != "low" && layer.quality != "medium" && layer.quality != "high")
      return fail("each layer to have a quality, which is low, medium or high");
    const auto bitrate = parse_integer(text_of(item, "bitrate", "0"), UINT32_MAX);
    if (!bitrate) return fail("bitrate to be a number of bits per second");
    layer.bitrate = static_cast<uint32_t>(*bitrate);
    const auto fps = parse_integer(text_of(item, "fps", "0"), UINT16_MAX);
    if (!fps) return fail("fps to be a number of frames per second");
    layer.fps = static_cast<uint32_t>(*fps);
    config.video.simulcast_layers.push_back(std::move(layer));
  }
  return {};
}

Result<void> read_turn_servers(Config& config, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::List) return fail("a list of {host, port, protocol, ...}");
  config.rtc.turn_servers.clear();
  for (const YamlNode& item : node.items) {
    Result<TurnServer> server = read_turn_server(item);
    if (!server) return fail(server.error().message);
    config.rtc.turn_servers.push_back(std::move(*server));
  }
  return {};
}

}  // namespace gstlk::config
