// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>

#include "room/ice_fallback.h"
#include "room/timers.h"

namespace gstlk::room {

class Participant;

// How one participant's client is to reach us: what IceFallback decides from what happens to its
// connection, and what the room remembers of it. Main thread only.
class IceRoute {
 public:
  explicit IceRoute(Participant& participant);  // which owns this

  IcePreference preference() const { return fallback_.preference(); }
  // By SimulateScenario.
  void force(IcePreference preference);

  // Something came over its WebSocket. Without, it is the network that is away, and no other
  // transport would help.
  void on_signal();
  // How long its messages take, both ways.
  void on_round_trip(Duration time) { round_trip_ = time; }
  // Zero: not known.
  Duration round_trip() const { return round_trip_; }
  // It is told where to connect to: for the first time, or anew.
  void on_attempt();
  void on_connected();
  // By our own finding; what the client is told next is then another way, perhaps.
  void on_failed();
  // The client says so when it comes back.
  void on_client_failed();

 private:
  bool move_on(bool early);
  void remember();
  // Else it is the one before, of another connection. Remembers it.
  bool is_new_failure();

  Participant& participant_;
  IceFallback fallback_;
  std::optional<Timestamp> connected_;  // in this attempt
  std::optional<Timestamp> failed_;     // the last time that counts
  Timestamp last_signal_;
  Duration round_trip_{};
  std::unique_ptr<Timer> limit_;  // of an attempt over TCP
};

}  // namespace gstlk::room
