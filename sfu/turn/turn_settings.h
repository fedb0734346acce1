// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "turn/ip_range.h"

namespace gstlk::turn {

// Where the SFU is, as the relay and its clients see it.
struct SfuAddresses {
  std::vector<std::string> local;       // of this machine, that the SFU listens on
  std::vector<std::string> advertised;  // in its ICE candidates, best first
  std::string node_ip;  // stands for every local address of its family; may be empty
  std::map<std::string, std::string> external;  // stand for these local ones, before node_ip
};

// Everything that the TURN server is told, and what clients are told of it. The values are those of
// LiveKit's `turn` keys, checked.
struct TurnSettings {
  std::vector<std::string> listen;  // addresses
  // Reached by clients as the first, which the second is on this machine (1:1 NAT).
  std::vector<std::pair<std::string, std::string>> mapped;
  uint16_t udp_port = 0;      // 0: no UDP
  bool tcp = false;           // plain TCP on udp_port
  uint16_t tls_port = 0;      // 0: no TLS
  bool external_tls = false;  // what comes to tls_port is no longer TLS
  std::string cert_file, key_file;
  uint16_t relay_first = 0, relay_last = 0;
  uint32_t user_quota = 0;       // allocations of one participant; 0: any
  std::vector<IpRange> allowed;  // before `denied`
  std::vector<IpRange> denied;
  std::string secret;

  std::vector<std::string> plain_urls;  // turn:, what clients get
  std::vector<std::string> tls_urls;    // turns:

  bool operator==(const TurnSettings&) const = default;
};

// `config.turn` must be enabled and have passed the loader. `random_secret` is what credentials are
// made with when the administrator names none. The error is one line: key, value, remedy.
Result<TurnSettings> turn_settings(const config::Config& config, const SfuAddresses& sfu,
                                   const std::string& random_secret);

// Without plain TCP: neither said to clients nor listened for.
void drop_tcp(TurnSettings& settings);

}  // namespace gstlk::turn
