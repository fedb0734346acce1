// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/candidates.h"

#include <algorithm>

namespace gstlk::sfu {
namespace {

using transport::SocketAddress;

bool is_loopback(const std::string& host) { return host == "::1" || host.starts_with("127."); }

bool is_ipv6(const std::string& host) { return host.find(':') != std::string::npos; }

bool is_family(const std::string& host, const SocketAddress& address) {
  return is_ipv6(host) == (address.family() == SocketAddress::Family::Ipv6);
}

int rank(const SocketAddress& address) {
  return (is_loopback(address.host()) ? 2 : 0) +
         (address.family() == SocketAddress::Family::Ipv6 ? 1 : 0);
}

std::vector<std::string> told(const SocketAddress& address, const CandidateSettings& settings) {
  const auto found = settings.instead.find(address.host());
  if (found != settings.instead.end()) return found->second;
  // What the node is called elsewhere does not lead to its loopback interface.
  const bool mapped = !settings.node_ip.empty() && is_family(settings.node_ip, address) &&
                      (!is_loopback(address.host()) || is_loopback(settings.node_ip));
  return {mapped ? settings.node_ip : address.host()};
}

class CandidateList {
 public:
  void add_all(std::vector<SocketAddress> addresses, bool tcp, const CandidateSettings& settings) {
    std::ranges::stable_sort(addresses, {}, rank);
    for (const SocketAddress& address : addresses) {
      for (const std::string& host : told(address, settings)) add(host, address.port(), tcp);
    }
    for (const std::string& host : settings.additional_ips) {
      for (const SocketAddress& address : addresses) {
        if (is_family(host, address)) add(host, address.port(), tcp);
      }
    }
  }

  std::vector<std::string> take() { return std::move(candidates_); }

 private:
  void add(const std::string& host, uint16_t port, bool tcp) {
    // Behind a 1:1 NAT several addresses of this machine are the same one.
    const std::string name =
        host + " " + std::to_string(port) + " typ host" + (tcp ? " tcptype passive" : "");
    if (std::ranges::count(listed_, name) != 0) return;
    listed_.push_back(name);
    const uint32_t type_preference = tcp ? 90 : 126;
    const uint32_t priority = type_preference << 24 | local_preference_ << 8 | 255;
    --local_preference_;
    candidates_.push_back("candidate:" + std::to_string(listed_.size()) + " 1 " +
                          (tcp ? "tcp" : "udp") + " " + std::to_string(priority) + " " + name);
  }

  unsigned local_preference_ = 65'535;
  std::vector<std::string> listed_;
  std::vector<std::string> candidates_;
};

}  // namespace

std::vector<std::string> make_candidates(const std::vector<SocketAddress>& udp,
                                         const std::vector<SocketAddress>& tcp,
                                         const CandidateSettings& settings) {
  CandidateList list;
  list.add_all(udp, false, settings);
  list.add_all(tcp, true, settings);
  return list.take();
}

}  // namespace gstlk::sfu
