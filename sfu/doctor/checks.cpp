// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doctor/checks.h"

#include <gio/gio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/ref.h"

namespace gstlk::doctor {
namespace {

constexpr size_t kMinSecretSize = 32;
// A signal connection for each participant, and one more for media where UDP is blocked.
constexpr uint64_t kFilesForAHundred = 200;
constexpr uint64_t kFilesOfTheProcess = 64;
constexpr uint64_t kFilesForAThousand = 10 * kFilesForAHundred;
// 2026: when this was written.
constexpr time_t kEarliestTime = 1767225600;

Ref<GInetAddress> parse_address(const std::string& text) {
  GInetAddress* address = g_inet_address_new_from_string(text.c_str());
  return address ? Ref<GInetAddress>::adopt(address) : Ref<GInetAddress>();
}

bool in_network(GInetAddress* address, const char* network) {
  const auto mask =
      Ref<GInetAddressMask>::adopt(g_inet_address_mask_new_from_string(network, nullptr));
  return g_inet_address_mask_get_family(mask.get()) == g_inet_address_get_family(address) &&
         g_inet_address_mask_matches(mask.get(), address);
}

// Where nobody on the internet can send to: RFC 1918, RFC 4193, RFC 6598 and this machine alone.
bool is_private(const std::string& text) {
  const Ref<GInetAddress> address = parse_address(text);
  if (!address) return false;
  if (g_inet_address_get_is_loopback(address.get()) ||
      g_inet_address_get_is_link_local(address.get()))
    return true;
  return std::ranges::any_of(
      std::initializer_list<const char*>{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                         "100.64.0.0/10", "fc00::/7"},
      [&](const char* network) { return in_network(address.get(), network); });
}

std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

}  // namespace

std::string print(const Finding& finding) {
  static constexpr const char* kWords[] = {"ok  ", "warn", "fail"};
  std::string line = kWords[static_cast<size_t>(finding.verdict)];
  line += "  " + finding.what;
  if (!finding.remedy.empty()) line += " — " + finding.remedy;
  return line;
}

std::string Port::to_text() const {
  return (tcp ? "TCP " : "UDP ") + (address.empty() ? "" : address + " ") + std::to_string(port);
}

Finding check_user(uid_t user) {
  if (user != 0) return ok("user: not root");
  return warn("user: root, who may read and listen where the server may not",
              "where that runs as somebody else ask as the same, for the Debian package's service: "
              "runuser -u livekit-sfu -- livekit-sfu doctor ...");
}

std::vector<Port> list_ports(const config::Config& config,
                             const std::vector<std::string>& media_addresses) {
  std::vector<Port> ports;
  std::vector<std::string> binds = config.bind_addresses;
  if (binds.empty()) binds.emplace_back();
  for (const std::string& bind : binds) {
    ports.push_back({true, bind, config.port, "signalling and the server API", "port"});
    if (config.prometheus.port == 0) continue;
    ports.push_back({true, bind, config.prometheus.port, "metrics", "prometheus.port"});
  }
  const config::TurnConfig& turn = config.turn;
  std::vector<std::string> turn_binds = turn.bind_addresses;
  if (turn_binds.empty()) turn_binds = media_addresses;
  for (const std::string& bind : turn_binds) {
    if (turn.enabled && turn.udp_port != 0)
      ports.push_back({false, bind, turn.udp_port, "TURN", "turn.udp_port"});
    if (turn.enabled && turn.tls_port != 0)
      ports.push_back({true, bind, turn.tls_port, "TURN over TLS", "turn.tls_port"});
  }
  const config::RtcConfig& rtc = config.rtc;
  for (const std::string& address : media_addresses) {
    for (uint32_t port = rtc.udp_ports.first; !rtc.force_tcp && port <= rtc.udp_ports.last; ++port)
      ports.push_back({false, address, static_cast<uint16_t>(port), "media", "rtc.udp_port"});
    if (rtc.tcp_port == 0) continue;
    ports.push_back({true, address, rtc.tcp_port, "media where UDP is blocked", "rtc.tcp_port"});
  }
  return ports;
}

Finding check_port(const Port& port, int error) {
  const std::string what = port.to_text() + ", " + port.purpose + ": ";
  switch (error) {
    case 0:
      return ok(what + "free");
    case EADDRINUSE:
      return broken(what + "in use",
                    "stop what has it, livekit-sfu itself too for this check (ss -lnp shows it), "
                    "or set " +
                        port.key + " to another");
    case EACCES:
      return broken(what + "only root may listen there",
                    "set " + port.key +
                        " to 1024 or more, or give the service "
                        "AmbientCapabilities=CAP_NET_BIND_SERVICE, which the Debian package's has");
    case EADDRNOTAVAIL:
      return broken(what + "this machine does not have that address",
                    "correct it where it is written: bind_addresses, --bind or rtc.ips");
    default:
      return broken(what + strerror(error), "set " + port.key + " to another");
  }
}

Finding check_external_addresses(const StunAnswers& answers) {
  if (answers.found.empty()) {
    return warn("external address: no STUN server says it (" + answers.why + ")",
                "let UDP to the servers pass, name others in rtc.stun_servers, or set rtc.node_ip");
  }
  std::vector<std::string> texts;
  for (const auto& [local, external] : answers.found)
    texts.push_back(local == external ? local + ", without a NAT" : external + " of " + local);
  return ok("external address: " + join(texts));
}

namespace {

// By the rules that the candidates are made by.
std::vector<std::string> told_addresses(const config::RtcConfig& rtc,
                                        const std::vector<std::string>& media_addresses,
                                        const net::ExternalAddresses& external) {
  const auto instead = net::choose_advertised(
      net::askable(media_addresses), external,
      {.only = rtc.external_ip_only, .advertise_internal = rtc.advertise_internal_ip});
  std::vector<std::string> told;
  auto add = [&](const std::string& host) {
    if (std::ranges::count(told, host) == 0) told.push_back(host);
  };
  auto is_ipv6 = [](const std::string& host) { return host.find(':') != std::string::npos; };
  for (const std::string& address : media_addresses) {
    const auto found = instead.find(address);
    if (found != instead.end()) {
      std::ranges::for_each(found->second, add);
    } else {
      const bool mapped = !rtc.node_ip.empty() && is_ipv6(rtc.node_ip) == is_ipv6(address);
      add(mapped ? rtc.node_ip : address);
    }
  }
  std::ranges::for_each(rtc.additional_host_ips, add);
  return told;
}

}  // namespace

Finding check_addresses(const config::RtcConfig& rtc,
                        const std::vector<std::string>& media_addresses,
                        const net::ExternalAddresses& external) {
  if (media_addresses.empty()) {
    return broken("addresses: media has none",
                  "look at rtc.interfaces and rtc.ips, or set rtc.enable_loopback_candidate");
  }
  if (!rtc.node_ip.empty() && !parse_address(rtc.node_ip)) {
    return broken("addresses: rtc.node_ip " + rtc.node_ip + " is no IP address",
                  "set it to the address that clients reach this machine at");
  }
  const std::vector<std::string> told = told_addresses(rtc, media_addresses, external);
  const std::string what = "addresses: clients are told " + join(told);
  std::vector<std::string> ipv4 = told;
  std::erase_if(ipv4, [](const std::string& host) { return host.find(':') != std::string::npos; });
  // An IPv6 address for everybody is of no use to who has only IPv4.
  if (std::ranges::all_of(ipv4.empty() ? told : ipv4, is_private)) {
    return warn(what + ", which only this network reaches",
                "for clients elsewhere set rtc.node_ip to the public address, or "
                "rtc.use_external_ip, and have the router forward the media ports");
  }
  return ok(what);
}

namespace {

std::string print_own_turn(const config::TurnConfig& turn) {
  std::vector<std::string> ways;
  const std::string protocols = config::has_plain_tcp(turn) ? "UDP and TCP " : "UDP ";
  if (turn.udp_port != 0) ways.push_back(protocols + std::to_string(turn.udp_port));
  if (turn.tls_port != 0) ways.push_back("TLS " + std::to_string(turn.tls_port));
  return join(ways);
}

Finding check_own_turn(const config::TurnConfig& turn, bool has_turnserver) {
  if (!has_turnserver) {
    return broken("TURN: there is no program turnserver",
                  "install the Debian package coturn, and leave its own service off: systemctl "
                  "disable --now coturn");
  }
  if (turn.tls_port == 0) {
    return warn("TURN: own server, " + print_own_turn(turn) + ", without TLS",
                "clients whose firewall allows nothing but TLS get no media: set turn.tls_port, "
                "turn.domain and a certificate for it");
  }
  return ok("TURN: own server, " + print_own_turn(turn));
}

Finding check_other_turn(const std::vector<config::TurnServer>& servers) {
  std::vector<std::string> names;
  for (const config::TurnServer& server : servers) {
    if (server.host.empty()) {
      return broken("TURN: an entry of rtc.turn_servers has no host", "set its host");
    }
    if (server.secret.empty() && (server.username.empty() || server.credential.empty())) {
      return broken("TURN: " + server.host + " has no credentials",
                    "set its username and credential, or its secret");
    }
    names.push_back(server.host + ":" + std::to_string(server.port) + " (" + server.protocol + ")");
  }
  return ok("TURN: " + join(names));
}

}  // namespace

Finding check_turn(const config::Config& config, bool has_turnserver) {
  if (config.turn.enabled) return check_own_turn(config.turn, has_turnserver);
  if (!config.rtc.turn_servers.empty()) return check_other_turn(config.rtc.turn_servers);
  if (config.development) return ok("TURN: none, for development");
  return warn("TURN: none",
              "clients whose firewall allows nothing but port 443 get no media: set turn.enabled "
              "with turn.tls_port, or name a server in rtc.turn_servers");
}

Finding check_socket_buffer(const std::string& what, const std::string& sysctl, uint64_t limit,
                            uint64_t wanted) {
  const std::string text = what + " buffers: " + std::to_string(limit) + " bytes allowed, " +
                           std::to_string(wanted) + " wanted";
  if (limit >= wanted) return ok(text);
  return warn(text, "packets are lost in bursts: sysctl -w " + sysctl + "=" +
                        std::to_string(wanted) + ", and the same line in /etc/sysctl.d");
}

Finding check_open_files(uint64_t limit, uint64_t workers_sockets) {
  const uint64_t taken = workers_sockets + kFilesOfTheProcess;
  const std::string what = "open files: " + std::to_string(limit) + " allowed, " +
                           std::to_string(taken) + " taken before anybody comes";
  const std::string remedy = "ulimit -Hn 65536, or LimitNOFILE=65536 in the service's unit";
  if (limit < taken + kFilesForAHundred) return broken(what, remedy);
  if (limit < taken + kFilesForAThousand) {
    return warn(what + ": too few for a thousand participants", remedy);
  }
  return ok(what);
}

Findings check_keys(const config::Config& config) {
  Findings findings;
  for (const auto& [key, secret] : config.keys) {
    if (config.development) {
      findings.push_back(ok("keys: " + key + ", for development"));
    } else if (secret.size() < kMinSecretSize) {
      findings.push_back(warn("keys: the secret of " + key + " has " +
                                  std::to_string(secret.size()) + " characters and can be guessed",
                              "livekit-sfu generate-keys makes one of 44; at least 32"));
    } else {
      findings.push_back(ok("keys: " + key));
    }
  }
  return findings;
}

Finding check_clock(time_t now, bool synchronized) {
  if (now < kEarliestTime) {
    return broken("clock: it is years behind, and no token is valid yet",
                  "timedatectl set-ntp true, or set it with date");
  }
  if (!synchronized) {
    return warn("clock: nothing keeps it right",
                "tokens are good for minutes, and a wrong clock refuses them: timedatectl set-ntp "
                "true, or install chrony");
  }
  return ok("clock: synchronized");
}

}  // namespace gstlk::doctor
