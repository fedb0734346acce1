// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What must hold between the keys of the TURN server, and of those of others.
#include <algorithm>

#include "config/config_loader.h"
#include "config/secret_file.h"

namespace gstlk::config {
namespace {

constexpr uint32_t kDefaultTtl = 300;
constexpr uint32_t kDefaultExternalTtl = 14400;
constexpr uint32_t kMaxTtl = 24 * 60 * 60;

// 0 is LiveKit's default, too much its maximum.
void bound_ttl(uint32_t& ttl, uint32_t otherwise, const std::string& place,
               std::vector<std::string>& warnings) {
  if (ttl == 0) ttl = otherwise;
  if (ttl <= kMaxTtl) return;
  ttl = kMaxTtl;
  warnings.push_back(place + "at most a day, " + std::to_string(kMaxTtl) + ", is what is used");
}

// It is a line of coturn's configuration, which begins behind every '=' and ends at 1,024 bytes.
constexpr size_t kMaxPlain = 256;
bool is_plain(const std::string& text) {
  return text.size() <= kMaxPlain && !text.starts_with('=') &&
         std::ranges::all_of(text,
                             [](char c) { return c > ' ' && c < 127 && c != '"' && c != '#'; });
}

using Addresses = std::vector<std::string>;

bool is_every(const Addresses& bind) {
  return bind.empty() || std::ranges::any_of(bind, [](const std::string& address) {
           return address.empty() || address == "0.0.0.0" || address == "::";
         });
}

// Whether TURN and something else would have a port on the same address. Without addresses of its
// own TURN is where media is, which is not loopback.
bool may_meet(const Addresses& turn, const Addresses& other) {
  if (is_every(other)) return true;
  return std::ranges::any_of(other, [&](const std::string& address) {
    if (is_every(turn)) return address != "::1" && !address.starts_with("127.");
    return std::ranges::count(turn, address) != 0;
  });
}

}  // namespace

Result<void> ConfigLoader::check_turn() {
  for (TurnServer& server : config_.rtc.turn_servers) {
    bound_ttl(server.ttl_seconds, kDefaultExternalTtl,
              place("rtc.turn_servers") + "ttl: ", warnings_);
  }
  TurnConfig& turn = config_.turn;
  if (!turn.enabled) return {};
  if (turn.udp_port == 0 && turn.tls_port == 0) {
    return fail(place("turn.enabled") +
                "needs turn.udp_port, like 3478, or turn.tls_port, like 5349");
  }
  if (turn.udp_port == turn.tls_port && turn.external_tls) {
    return fail(place("turn.tls_port") +
                "expected another port than turn.udp_port, as turn.external_tls is set");
  }
  if (turn.relay_range_start == 0 || turn.relay_range_end < turn.relay_range_start) {
    return fail(place("turn.relay_range_end") +
                "expected a port that is not below turn.relay_range_start");
  }
  bound_ttl(turn.ttl_seconds, kDefaultTtl, place("turn.ttl_seconds"), warnings_);
  if (Result<void> result = check_turn_secret(); !result) return result;
  if (turn.tls_port != 0) {
    if (Result<void> result = check_turn_tls(); !result) return result;
  }
  return check_turn_ports();
}

// coturn says nothing of a port that it does not get, and who comes later would not start.
Result<void> ConfigLoader::check_turn_ports() {
  const TurnConfig& turn = config_.turn;
  const auto check = [&](const char* key, uint16_t port) -> Result<void> {
    if (port == 0) return {};
    const bool beside_api = may_meet(turn.bind_addresses, config_.bind_addresses);
    const char* other = nullptr;
    if (port == config_.port && beside_api) other = "port";
    if (port == config_.prometheus.port && beside_api) other = "prometheus.port";
    if (port == config_.rtc.tcp_port && is_every(turn.bind_addresses)) other = "rtc.tcp_port";
    if (!other) return {};
    return fail(place(key) + "expected another port than " + other + ", which has TCP " +
                std::to_string(port));
  };
  if (Result<void> result = check("turn.tls_port", turn.tls_port); !result) return result;
  return check("turn.udp_port", has_plain_tcp(turn) ? turn.udp_port : 0);
}

Result<void> ConfigLoader::check_turn_secret() {
  TurnConfig& turn = config_.turn;
  if (turn.secret.empty() && !turn.secret_file.empty()) {
    const Result<std::string> secret = read_secret_file(turn.secret_file);
    if (!secret) return fail(place("turn.secret_file") + "expected " + secret.error().message);
    turn.secret = *secret;
  }
  if (is_plain(turn.secret)) return {};
  return fail(
      place("turn.secret") +
      "expected at most 256 letters, digits and signs, none of them \" or #, and no = in front");
}

Result<void> ConfigLoader::check_turn_tls() {
  TurnConfig& turn = config_.turn;
  if (turn.domain.empty()) {
    return fail(place("turn.tls_port") +
                "needs turn.domain beside it: the name that is in the certificate");
  }
  if (turn.external_tls) return {};
  for (const std::string* file : {&turn.cert_file, &turn.key_file}) {
    if (is_plain(*file)) continue;
    return fail(place(file == &turn.key_file ? "turn.key_file" : "turn.cert_file") +
                "expected a path of at most 256 letters, digits and signs, without spaces");
  }
  if (Result<void> result = check_both({"turn.cert_file", turn.cert_file, "the certificate"},
                                       {"turn.key_file", turn.key_file, "the private key"});
      !result)
    return result;
  if (turn.cert_file.empty()) {
    turn.cert_file = config_.tls.cert_file;
    turn.key_file = config_.tls.key_file;
  }
  if (!turn.cert_file.empty()) return {};
  // LiveKit does not start then; everything else works without it.
  warnings_.push_back(place("turn.tls_port") +
                      "TURN over TLS is not offered without a certificate: name one in "
                      "turn.cert_file and turn.key_file, or set turn.external_tls");
  turn.tls_port = 0;
  turn.enabled = turn.udp_port != 0;
  return {};
}

}  // namespace gstlk::config
