// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "plugins/sfu/route.h"
#include "transport/address.h"

namespace gstlk::sfu {

class PeerSession;
class TcpConnection;
class Worker;

// The ways on which valid checks of one peer came: its worker knows the UDP ones as the session's
// from then on, the last kMaxPaths of them, and each ICE/TCP connection is one. Session's thread
// only. A connection outlives its place here, which remove() ends.
class PeerPaths {
 public:
  static constexpr size_t kMaxPaths = 16;

  // A STUN message came over `tcp`.
  void add_tcp(TcpConnection& tcp, const transport::AddressPair& path);
  void remove_tcp(const TcpConnection& tcp);
  // A valid check came on `path`, by UDP.
  void add_udp(Worker& worker, const transport::AddressPair& path,
               const std::shared_ptr<PeerSession>& session);

  // Not valid when nothing leads there (any more).
  Route route_to(const Worker& worker, const transport::AddressPair& path) const;

 private:
  std::vector<std::pair<TcpConnection*, transport::AddressPair>> tcp_;
  std::vector<transport::AddressPair> udp_;  // the oldest first
};

}  // namespace gstlk::sfu
