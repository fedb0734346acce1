// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/turn_settings.h"

#include <algorithm>

namespace gstlk::turn {
namespace {

constexpr uint16_t kHttpsPort = 443;

// Where a relay could reach what is not for everybody. RFC 6890, and the IPv6 addresses that have
// an IPv4 one in them: mapped, compatible, NAT64, 6to4, Teredo.
constexpr const char* kRestricted[] = {
    "0.0.0.0/8",     "10.0.0.0/8",        "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",      "192.168.0.0/16", "198.18.0.0/15",  "224.0.0.0/3",
    "::/96",         "::ffff:0.0.0.0/96", "64:ff9b::/96",   "64:ff9b:1::/48", "2001::/32",
    "2002::/16",     "fc00::/7",          "fe80::/9",       "ff00::/8"};

Result<void> add_networks(const char* key, const std::vector<std::string>& networks,
                          std::vector<IpRange>& out) {
  for (const std::string& network : networks) {
    const auto range = IpRange::parse(network);
    if (!range) {
      return fail(std::string(key) + ": expected a network like 10.0.0.0/8, not \"" + network +
                  "\"");
    }
    out.push_back(*range);
  }
  return {};
}

bool is_ipv6(const std::string& address) { return address.find(':') != std::string::npos; }

bool is_wildcard(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

bool is_loopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}

void add_once(const std::string& address, std::vector<std::string>& list) {
  if (!address.empty() && std::ranges::count(list, address) == 0) list.push_back(address);
}

// coturn is told each address: a socket on the wildcard address would answer from any of them.
Result<std::vector<std::string>> listen_addresses(const std::vector<std::string>& configured,
                                                  const std::vector<std::string>& local) {
  std::vector<std::string> listen;
  if (configured.empty()) listen = local;
  for (const std::string& address : configured) {
    if (!IpRange::parse(address) || address.find('/') != std::string::npos) {
      return fail("turn.bind_addresses: expected addresses like 0.0.0.0, not \"" + address + "\"");
    }
    if (!is_wildcard(address)) add_once(address, listen);
    for (const std::string& one : local) {
      if (is_wildcard(address) && is_ipv6(address) == is_ipv6(one)) add_once(one, listen);
    }
  }
  if (listen.empty()) {
    return fail("turn.bind_addresses: this machine has none of them; name one that it has");
  }
  return listen;
}

// What clients reach a local address at.
std::string outside_of(const std::string& address, const SfuAddresses& sfu) {
  const auto found = sfu.external.find(address);
  if (found != sfu.external.end()) return found->second;
  const bool mapped =
      !sfu.node_ip.empty() && !is_loopback(address) && is_ipv6(address) == is_ipv6(sfu.node_ip);
  return mapped ? sfu.node_ip : address;
}

// The best of each family that a client may reach: loopback only if there is nothing else.
std::vector<std::string> client_hosts(const TurnSettings& settings, const SfuAddresses& sfu) {
  std::vector<std::string> reachable;
  for (const std::string& address : sfu.advertised) {
    const bool listens = std::ranges::count(settings.listen, address) != 0;
    const bool maps = std::ranges::any_of(settings.mapped,
                                          [&](const auto& pair) { return pair.first == address; });
    if (listens || maps) reachable.push_back(address);
  }
  for (const std::string& address : settings.listen) {
    if (reachable.empty()) reachable.push_back(address);
  }
  std::ranges::stable_sort(reachable, {}, is_loopback);
  std::vector<std::string> hosts{reachable.front()};
  for (const std::string& address : reachable) {
    if (hosts.size() == 1 && is_ipv6(address) != is_ipv6(hosts[0]) &&
        is_loopback(address) == is_loopback(hosts[0]))
      hosts.push_back(address);
  }
  return hosts;
}

void add_urls(const config::TurnConfig& config, const SfuAddresses& sfu, TurnSettings& settings) {
  for (const char* transport : {"udp", "tcp"}) {
    if (settings.udp_port == 0 || (transport[0] == 't' && !settings.tcp)) continue;
    for (const std::string& host : client_hosts(settings, sfu)) {
      settings.plain_urls.push_back("turn:" + (is_ipv6(host) ? "[" + host + "]" : host) + ":" +
                                    std::to_string(settings.udp_port) + "?transport=" + transport);
    }
  }
  if (settings.tls_port == 0) return;
  // What takes TLS off listens where browsers expect it; LiveKit says 443 always.
  const uint16_t port = settings.external_tls ? kHttpsPort : settings.tls_port;
  settings.tls_urls.push_back("turns:" + config.domain + ":" + std::to_string(port) +
                              "?transport=tcp");
}

// coturn asks the allowed ones first, so what is denied by name must not be among them.
Result<void> set_peers(const config::TurnConfig& config, const SfuAddresses& sfu,
                       TurnSettings& settings) {
  std::vector<IpRange> denied;
  if (auto added = add_networks("turn.deny_peer_cidrs", config.deny_peer_cidrs, denied); !added)
    return added;
  std::vector<IpRange> allowed;
  if (auto added = add_networks("turn.allow_restricted_peer_cidrs",
                                config.allow_restricted_peer_cidrs, allowed);
      !added)
    return added;
  std::vector<std::string> own;
  for (const auto* list : {&sfu.local, &sfu.advertised}) {
    for (const std::string& address : *list) add_once(address, own);
  }
  for (const std::string& address : own) {
    if (const auto range = IpRange::parse(address)) allowed.push_back(*range);
  }
  settings.allowed = subtract(std::move(allowed), denied);
  for (const char* network : kRestricted) settings.denied.push_back(*IpRange::parse(network));
  settings.denied.insert(settings.denied.end(), denied.begin(), denied.end());
  return {};
}

}  // namespace

Result<TurnSettings> turn_settings(const config::Config& config, const SfuAddresses& sfu,
                                   const std::string& random_secret) {
  const config::TurnConfig& turn = config.turn;
  auto listen = listen_addresses(turn.bind_addresses, sfu.local);
  if (!listen) return Unexpected<Error>{listen.error()};
  TurnSettings settings;
  settings.listen = std::move(*listen);
  for (const std::string& address : settings.listen) {
    const std::string outside = outside_of(address, sfu);
    if (outside != address) settings.mapped.emplace_back(outside, address);
  }
  settings.udp_port = turn.udp_port;
  settings.tcp = config::has_plain_tcp(turn);
  settings.tls_port = turn.tls_port;
  settings.external_tls = turn.external_tls;
  settings.cert_file = turn.cert_file;
  settings.key_file = turn.key_file;
  settings.relay_first = turn.relay_range_start;
  settings.relay_last = turn.relay_range_end;
  settings.user_quota = turn.per_user_relay_allocation_limit;
  settings.secret = turn.secret.empty() ? random_secret : turn.secret;
  if (auto set = set_peers(turn, sfu, settings); !set) return Unexpected<Error>{set.error()};
  add_urls(turn, sfu, settings);
  return settings;
}

void drop_tcp(TurnSettings& settings) {
  settings.tcp = false;
  std::erase_if(settings.plain_urls,
                [](const std::string& url) { return url.ends_with("transport=tcp"); });
}

}  // namespace gstlk::turn
