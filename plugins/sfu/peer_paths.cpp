// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_paths.h"

#include <algorithm>

#include "plugins/sfu/worker.h"

namespace gstlk::sfu {

std::optional<transport::AddressPair> RecentPaths::add(
    const transport::AddressPair& path, const std::optional<transport::AddressPair>& in_use) {
  const auto known = std::ranges::find(paths_, path);
  if (known != paths_.end()) {
    std::rotate(known, known + 1, paths_.end());
    return std::nullopt;
  }
  std::optional<transport::AddressPair> forgotten;
  if (paths_.size() >= kMax) {
    const auto oldest = std::ranges::find_if(paths_, [&](const auto& p) { return p != in_use; });
    forgotten = *oldest;
    paths_.erase(oldest);
  }
  paths_.push_back(path);
  return forgotten;
}

void PeerPaths::add_tcp(TcpConnection& tcp, const transport::AddressPair& path) {
  if (std::ranges::none_of(tcp_, [&](const auto& entry) { return entry.first == &tcp; }))
    tcp_.emplace_back(&tcp, path);
}

void PeerPaths::remove_tcp(const TcpConnection& tcp) {
  std::erase_if(tcp_, [&](const auto& entry) { return entry.first == &tcp; });
}

void PeerPaths::add_udp(Worker& worker, const transport::AddressPair& path,
                        const std::optional<transport::AddressPair>& in_use,
                        const std::shared_ptr<PeerSession>& session) {
  if (const auto forgotten = udp_.add(path, in_use))
    worker.unlearn(forgotten->remote, forgotten->local, *session);
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
