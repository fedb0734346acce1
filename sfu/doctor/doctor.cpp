// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doctor/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "doctor/checks.h"
#include "doctor/machine.h"
#include "net/descriptor_limit.h"
#include "turn/turn_server.h"

namespace gstlk::doctor {
namespace {

void append(Findings& to, Findings more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Result<std::vector<std::string>> media_addresses(const config::Config& config) {
  const config::RtcConfig& rtc = config.rtc;
  return net::choose_addresses(
      net::list_host_addresses(),
      {rtc.interface_includes, rtc.interface_excludes, rtc.ip_includes, rtc.ip_excludes,
       rtc.enable_loopback_candidate || config.development});
}

void append_addresses(Findings& findings, const config::RtcConfig& rtc,
                      const std::vector<std::string>& hosts) {
  StunAnswers answers;
  if (rtc.use_external_ip) {
    answers =
        ask_stun_servers(net::askable(hosts),
                         rtc.stun_servers.empty() ? net::kDefaultStunServers : rtc.stun_servers);
    findings.push_back(check_external_addresses(answers));
  }
  findings.push_back(check_addresses(rtc, hosts, answers.found));
}

void append_buffers(Findings& findings, uint64_t wanted) {
  constexpr std::pair<const char*, const char*> kBuffers[] = {{"receive", "net.core.rmem_max"},
                                                              {"send", "net.core.wmem_max"}};
  for (const auto& [what, sysctl] : kBuffers) {
    // In a container of its own network /proc does not show it; the host's holds.
    if (const auto limit = read_sysctl(sysctl)) {
      findings.push_back(check_socket_buffer(what, sysctl, *limit, wanted));
    }
  }
}

}  // namespace

Findings examine(const config::Config& config, const MediaNeeds& needs) {
  Findings findings{check_user(geteuid())};
  const auto addresses = media_addresses(config);
  const std::vector<std::string> hosts = addresses ? *addresses : std::vector<std::string>{};
  const std::vector<Port> ports = list_ports(config, hosts);
  for (const Port& port : ports) findings.push_back(check_port(port, probe_port(port)));
  append_addresses(findings, config.rtc, hosts);
  if (config.tls.cert_file.empty()) {
    findings.push_back(check_no_certificate(config.development));
  } else {
    append(findings,
           check_certificate("tls", config.tls.cert_file, config.tls.key_file, std::time(nullptr)));
  }
  findings.push_back(check_turn(config, turn::find_turnserver().has_value()));
  const config::TurnConfig& turn = config.turn;
  if (turn.enabled && !turn.cert_file.empty() && turn.cert_file != config.tls.cert_file) {
    append(findings, check_certificate("turn", turn.cert_file, turn.key_file, std::time(nullptr)));
  }
  append_buffers(findings, needs.socket_buffer);
  findings.push_back(
      check_open_files(net::highest_descriptor_limit(), ports.size() * needs.workers));
  append(findings, check_keys(config));
  findings.push_back(check_clock(std::time(nullptr), is_clock_synchronized()));
  return findings;
}

}  // namespace gstlk::doctor
