// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/ice_servers.h"

#include <glib.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "livekit/base64.h"

namespace gstlk::signal {
namespace {

constexpr size_t kSha1Size = 20;

std::string hmac_sha1_base64(const std::string& secret, const std::string& text) {
  const std::unique_ptr<GHmac, void (*)(GHmac*)> hmac(
      g_hmac_new(G_CHECKSUM_SHA1, reinterpret_cast<const guchar*>(secret.data()), secret.size()),
      g_hmac_unref);
  g_hmac_update(hmac.get(), reinterpret_cast<const guchar*>(text.data()),
                static_cast<gssize>(text.size()));
  std::array<uint8_t, kSha1Size> digest;
  gsize size = digest.size();
  g_hmac_get_digest(hmac.get(), digest.data(), &size);
  return livekit::encode_base64(digest);
}

// RFC 7065: turn:host:port?transport=..., turns: over TLS, which is over TCP.
std::string turn_url(const config::TurnServer& server) {
  const bool tls = server.protocol == "tls";
  const bool ipv6 = server.host.find(':') != std::string::npos && !server.host.starts_with('[');
  const std::string host = ipv6 ? "[" + server.host + "]" : server.host;
  return (tls ? "turns:" : "turn:") + host + ":" + std::to_string(server.port) +
         "?transport=" + (tls ? "tcp" : server.protocol);
}

room::IceServer turn_server(const config::TurnServer& server, const ParticipantId& participant,
                            livekit::UnixTime now) {
  room::IceServer out{{turn_url(server)}, server.username, server.credential};
  if (server.secret.empty()) return out;
  const auto expiry = now + std::chrono::seconds(server.ttl_seconds);
  out.username =
      std::to_string(
          std::chrono::duration_cast<std::chrono::seconds>(expiry.time_since_epoch()).count()) +
      ":" + participant.value;
  out.credential = hmac_sha1_base64(server.secret, out.username);
  return out;
}

}  // namespace

std::vector<room::IceServer> ice_servers(const config::RtcConfig& config,
                                         const ParticipantId& participant, livekit::UnixTime now) {
  std::vector<room::IceServer> servers;
  for (const config::TurnServer& server : config.turn_servers)
    servers.push_back(turn_server(server, participant, now));
  if (!servers.empty() || config.stun_servers.empty()) return servers;
  room::IceServer stun;
  for (const std::string& host : config.stun_servers)
    stun.urls.push_back(host.starts_with("stun:") ? host : "stun:" + host);
  servers.push_back(std::move(stun));
  return servers;
}

}  // namespace gstlk::signal
