// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "plugins/sfu/route.h"
#include "transport/address.h"

namespace gstlk::sfu {

class PeerSession;
class TcpConnection;
class Worker;

// The last paths on which checks came, at most kMax. Not thread-safe.
class RecentPaths {
 public:
  static constexpr size_t kMax = 16;

  // It was heard of now. Gives the one that is forgotten for it: that of the oldest check, but
  // never `in_use`.
  std::optional<transport::AddressPair> add(const transport::AddressPair& path,
                                            const std::optional<transport::AddressPair>& in_use);

 private:
  std::vector<transport::AddressPair> paths_;  // the oldest check first
};

// The ways on which valid checks of one peer came: its worker knows the UDP ones as the session's
// from then on, the last RecentPaths::kMax of them, and each ICE/TCP connection is one. Session's
// thread only. A connection outlives its place here, which remove() ends.
class PeerPaths {
 public:
  // A STUN message came over `tcp`.
  void add_tcp(TcpConnection& tcp, const transport::AddressPair& path);
  void remove_tcp(const TcpConnection& tcp);
  // A valid check came on `path`, by UDP; media goes on `in_use`.
  void add_udp(Worker& worker, const transport::AddressPair& path,
               const std::optional<transport::AddressPair>& in_use,
               const std::shared_ptr<PeerSession>& session);

  // Not valid when nothing leads there (any more).
  Route route_to(const Worker& worker, const transport::AddressPair& path) const;

 private:
  std::vector<std::pair<TcpConnection*, transport::AddressPair>> tcp_;
  RecentPaths udp_;
};

}  // namespace gstlk::sfu
