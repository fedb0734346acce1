// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/ice_servers.h"

#include <glib.h>

#include <algorithm>
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

// The end in the name is what the server goes by.
void set_credentials(room::IceServer& server, const std::string& secret,
                     const ParticipantId& participant, livekit::UnixTime now,
                     std::chrono::seconds ttl) {
  const auto end = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()) + ttl;
  server.username = std::to_string(end.count()) + ":" + participant.value;
  server.credential = hmac_sha1_base64(secret, server.username);
}

bool is_tls(const config::TurnServer& server) { return server.protocol == "tls"; }

}  // namespace

std::vector<room::IceServer> ice_servers(const OwnTurn& own, const config::RtcConfig& config,
                                         const ParticipantId& participant, livekit::UnixTime now,
                                         bool tls_only) {
  std::vector<room::IceServer> servers;
  room::IceServer ours;
  if (!tls_only) ours.urls = own.plain_urls;
  ours.urls.insert(ours.urls.end(), own.tls_urls.begin(), own.tls_urls.end());
  if (!ours.urls.empty()) {
    set_credentials(ours, own.secret, participant, now, own.ttl);
    servers.push_back(std::move(ours));
  }
  for (const config::TurnServer& server : config.turn_servers) {
    if (tls_only && !is_tls(server)) continue;
    servers.push_back({{turn_url(server)}, server.username, server.credential});
    if (server.secret.empty()) continue;
    set_credentials(servers.back(), server.secret, participant, now,
                    std::chrono::seconds(server.ttl_seconds));
  }
  if (tls_only || config.stun_servers.empty()) return servers;
  room::IceServer stun;
  for (const std::string& host : config.stun_servers)
    stun.urls.push_back(host.starts_with("stun:") ? host : "stun:" + host);
  servers.push_back(std::move(stun));
  return servers;
}

bool has_tls(const OwnTurn& own, const config::RtcConfig& config) {
  return !own.tls_urls.empty() || std::ranges::any_of(config.turn_servers, is_tls);
}

}  // namespace gstlk::signal
