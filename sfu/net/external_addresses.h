// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/stun_query.h"

namespace gstlk::net {

// LiveKit's, asked where rtc.stun_servers names none.
extern const std::vector<std::string> kDefaultStunServers;

// What STUN servers see local IPv4 addresses as, by local address.
using ExternalAddresses = std::map<std::string, std::string>;

struct ExternalPolicy {
  bool only = false;                // rtc.external_ip_only
  bool advertise_internal = false;  // rtc.advertise_internal_ip
};

// What clients are told of each local address, best first; of those that are not in it, themselves.
// As LiveKit decides it: the external address instead of the local one, or before it with
// `advertise_internal`. Where two look the same from outside the first of `local` has it, and the
// other is told as it is, like one that nothing is known of; with `only` no IPv4 address is told
// that has no external one. While nothing is found everything stays as it is.
std::map<std::string, std::vector<std::string>> choose_advertised(
    std::span<const std::string> local, const ExternalAddresses& found,
    const ExternalPolicy& policy);

// Those of `hosts` that a STUN server on the internet can be asked from: IPv4, not loopback.
std::vector<std::string> askable(std::span<const std::string> hosts);

// Asks STUN servers from each of some local addresses, now and every now and then: what is found
// may change, as behind a home router every night, and a network may come up after us. LiveKit asks
// once and does not start without an answer. Main thread only.
//
// Left out: whether the external address leads back here (LiveKit sends itself a datagram). Many
// routers that forward ports from outside do not from inside, and then it proves nothing.
class ExternalAddressFinder {
 public:
  struct Settings {
    std::vector<std::string> local;    // see askable()
    std::vector<std::string> servers;  // see StunQuery
    Duration limit = 5s;               // for an answer
    Duration grace = 1s;               // for the others' after the first
    Duration first_retry = 5s;         // where nobody answers, doubled up to `refresh`
    Duration refresh = 300s;
  };
  // What is found, when it is not what it was.
  using Found = std::function<void(const ExternalAddresses&)>;
  // Nobody answers, for the first time or after answers: what is wrong with each server.
  using Failed = std::function<void(const std::string& why)>;

  // Both are called from the main loop and must not destroy this.
  ExternalAddressFinder(Settings settings, Found found, Failed failed);
  ~ExternalAddressFinder();
  ExternalAddressFinder(const ExternalAddressFinder&) = delete;
  ExternalAddressFinder& operator=(const ExternalAddressFinder&) = delete;

 private:
  void ask();
  void on_answer(const std::string& local, const Result<std::string>& answer);
  void end_round();
  void after(Duration duration, void (ExternalAddressFinder::*next)());

  const Settings settings_;
  const Found found_;
  const Failed failed_;
  ExternalAddresses known_;  // what was told last
  ExternalAddresses round_;
  std::string why_;
  bool failing_ = false;
  size_t waiting_ = 0;
  std::vector<std::unique_ptr<StunQuery>> queries_;
  Duration retry_;
  void (ExternalAddressFinder::*next_)() = nullptr;  // at the timer
  guint timer_ = 0;
};

}  // namespace gstlk::net
