// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "doctor/finding.h"
#include "net/external_addresses.h"
#include "net/host_addresses.h"

// What each of the doctor's lines is decided by: facts in, a finding out. The facts are found in
// machine.h.
namespace gstlk::doctor {

// Who asks may read files and listen on ports where the server may not. `user` is an effective one.
Finding check_user(uid_t user);

// A port that the configuration opens.
struct Port {
  bool tcp = true;
  std::string address;  // "" is every address
  uint16_t port = 0;
  std::string purpose;  // "signalling and the server API"
  std::string key;      // what to change for another one: "rtc.udp_port"

  std::string to_text() const;  // "UDP 192.0.2.1 7882"
};

// Every port of `config`; media is on each of `media_addresses`.
std::vector<Port> list_ports(const config::Config& config,
                             const std::vector<std::string>& media_addresses);

// `error` is errno of listening there, 0 when that worked.
Finding check_port(const Port& port, int error);

// What STUN servers say of the machine's addresses.
struct StunAnswers {
  net::ExternalAddresses found;
  std::string why;  // nothing is found
};

// `media_addresses` are those of this machine that media uses.
Finding check_addresses(const config::RtcConfig& rtc,
                        const std::vector<std::string>& media_addresses,
                        const net::ExternalAddresses& external = {});

// For rtc.use_external_ip.
Finding check_external_addresses(const StunAnswers& answers);

// Of the keys `section`.cert_file and .key_file; the files are read.
Findings check_certificate(const std::string& section, const std::string& cert_file,
                           const std::string& key_file, time_t now);
// Where no certificate is configured.
Finding check_no_certificate(bool development);

// `has_turnserver`: coturn's program is installed.
Finding check_turn(const config::Config& config, bool has_turnserver);

// `what` is receive or send, `limit` the machine's, `sysctl` its name.
Finding check_socket_buffer(const std::string& what, const std::string& sysctl, uint64_t limit,
                            uint64_t wanted);

// How many files a process may have open, and how many of them the workers' sockets take.
Finding check_open_files(uint64_t limit, uint64_t workers_sockets);

Findings check_keys(const config::Config& config);

Finding check_clock(time_t now, bool synchronized);

}  // namespace gstlk::doctor
