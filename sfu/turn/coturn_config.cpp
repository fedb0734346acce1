// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/coturn_config.h"

#include <algorithm>
#include <optional>

namespace gstlk::turn {
namespace {

// Of the program itself: no second way in, nothing that only helps who looks for weaknesses. It is
// left to look for realms in its database, which is empty: so the database is made before there are
// threads. Else they make it at the first requests, in each other's way, and refuse those.
constexpr char kAlways[] =
    "realm=livekit\n"
    "use-auth-secret\n"
    "fingerprint\n"
    "no-cli\n"
    "no-tcp-relay\n"
    "no-multicast-peers\n"
    "no-tlsv1\n"
    "no-tlsv1_1\n"
    "no-rfc5780\n"
    "no-stun-backward-compatibility\n"
    "response-origin-only-with-rfc5780\n"
    "no-software-attribute\n"
    "no-dynamic-ip-list\n"
    "no-auth-pings\n"
    "allocation-default-address-family=keep\n"
    "log-file=stdout\n"
    "simple-log\n";

class Text {
 public:
  void flag(const char* name) { text_ += std::string(name) + "\n"; }
  void set(const char* name, const std::string& value) {
    text_ += std::string(name) + "=" + value + "\n";
  }
  void set(const char* name, uint32_t value) { set(name, std::to_string(value)); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_ = kAlways;
};

bool reaches_loopback(const std::vector<IpRange>& allowed) {
  return std::ranges::any_of(allowed, [](const IpRange& range) {
    return range.overlaps(*IpRange::parse("127.0.0.0/8")) || range.overlaps(*IpRange::parse("::1"));
  });
}

// coturn has two pairs of ports, a plain one and one for TLS and DTLS, each for TCP and UDP. Only
// kinds can be switched off, not ports; but what it gets on the second pair's UDP may be plain.
void add_listeners(const TurnSettings& settings, const std::string& folder, Text& text) {
  for (const std::string& address : settings.listen) text.set("listening-ip", address);
  for (const auto& [outside, inside] : settings.mapped) {
    text.set("external-ip", outside + "/" + inside);
  }
  const bool plain_tls_port = settings.tls_port != 0 && settings.external_tls;
  if (plain_tls_port) {
    // TCP for what is no longer TLS is the first pair's, so UDP is the second's.
    text.set("listening-port", settings.tls_port);
    text.flag("no-tls");
    if (settings.udp_port == 0) {
      text.flag("no-udp");
      text.flag("no-dtls");
      return;
    }
    text.set("tls-listening-port", settings.udp_port);
    text.set("cert", folder + kThrowawayCertificate);
    text.set("pkey", folder + kThrowawayCertificate);
    return;
  }
  text.flag("no-dtls");
  if (settings.udp_port == 0) {
    text.flag("no-udp");
  } else {
    text.set("listening-port", settings.udp_port);
  }
  if (!settings.tcp) text.flag("no-tcp");
  if (settings.tls_port == 0) {
    text.flag("no-tls");
    return;
  }
  text.set("tls-listening-port", settings.tls_port);
  text.set("cert", settings.cert_file);
  text.set("pkey", settings.key_file);
}

// To coturn an end that is :: or 0.0.0.0 is none at all: a range from :: on has every IPv4 address
// in it. Neither address is ever a peer.
std::optional<std::string> coturn_range(IpRange range) {
  constexpr IpRange::Address kAny{};
  if (range.last == kAny) return std::nullopt;
  if (range.first == kAny) range.first[range.ipv6 ? 15 : 3] = 1;
  return range.to_text();
}

void add_ranges(const char* name, const std::vector<IpRange>& ranges, Text& text) {
  for (const IpRange& range : ranges) {
    if (const auto printed = coturn_range(range)) text.set(name, *printed);
  }
}

void add_peers(const TurnSettings& settings, Text& text) {
  // What is loopback and not allowed is denied like the rest.
  if (reaches_loopback(settings.allowed)) text.flag("allow-loopback-peers");
  add_ranges("allowed-peer-ip", settings.allowed, text);
  add_ranges("denied-peer-ip", settings.denied, text);
}

}  // namespace

std::string coturn_config(const TurnSettings& settings, const std::string& folder) {
  Text text;
  add_listeners(settings, folder, text);
  text.set("min-port", settings.relay_first);
  text.set("max-port", settings.relay_last);
  text.set("total-quota", settings.relay_last - settings.relay_first + 1U);
  if (settings.user_quota != 0) text.set("user-quota", settings.user_quota);
  add_peers(settings, text);
  text.set("static-auth-secret", settings.secret);
  text.set("userdb", folder + "/turndb");
  text.set("pidfile", folder + "/pid");
  return text.take();
}

}  // namespace gstlk::turn
