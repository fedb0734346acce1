// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_paths.h"

#include <algorithm>

#include "plugins/sfu/worker.h"

namespace gstlk::sfu {

void PeerPaths::add_tcp(TcpConnection& tcp, const transport::AddressPair& path) {
  if (std::ranges::none_of(tcp_, [&](const auto& entry) { return entry.first == &tcp; }))
    tcp_.emplace_back(&tcp, path);
}

void PeerPaths::remove_tcp(const TcpConnection& tcp) {
  std::erase_if(tcp_, [&](const auto& entry) { return entry.first == &tcp; });
}

void PeerPaths::add_udp(Worker& worker, const transport::AddressPair& path,
                        const std::shared_ptr<PeerSession>& session) {
  if (std::ranges::find(udp_, path) == udp_.end()) {
    if (udp_.size() >= kMaxPaths) {
      worker.unlearn(udp_.front().remote, udp_.front().local, *session);
      udp_.erase(udp_.begin());
    }
    udp_.push_back(path);
  }
  // Also what is known: another client may have had the address meanwhile.
  worker.learn(path.remote, path.local, session);
}

Route PeerPaths::route_to(const Worker& worker, const transport::AddressPair& path) const {
  if (path.protocol == transport::Protocol::Udp) return worker.route_to(path.remote, path.local);
  Route route;
  for (const auto& [connection, known] : tcp_) {
    if (known == path) route.tcp = connection;
  }
  return route;
}

}  // namespace gstlk::sfu
