// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/ice_route.h"

#include <algorithm>

#include "room/log.h"
#include "room/participant.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

// LiveKit's.
constexpr Duration kEarly = 90s;
constexpr Duration kSignalSilence = 15s;
constexpr Duration kShortestTcpLimit = 5s;
constexpr Duration kLongestTcpLimit = 12s;
constexpr int kTcpRoundTrips = 8;
// Two peer connections that lose the same way fail one after the other, even when the client is
// back already; and none fails sooner than this after its last check.
constexpr Duration kOneFailure = 15s;

IceFallbacks available_to(const Participant& participant) {
  const Settings& settings = participant.room().settings();
  IceFallbacks available = settings.ice_fallbacks;
  available.tcp &= participant.quirks().dials_tcp;
  // Held to a relay without one, nobody would connect.
  available.tls = available.tls && settings.ice_servers &&
                  !settings.ice_servers(participant.sid(), true).empty();
  return available;
}

const char* name_of(IcePreference preference) {
  switch (preference) {
    case IcePreference::None:
      return "any transport";
    case IcePreference::Tcp:
      return "TCP";
    case IcePreference::Tls:
      return "TURN over TLS";
  }
  return "";
}

}  // namespace

IceRoute::IceRoute(Participant& participant)
    : participant_(participant),
      fallback_([&participant] { return available_to(participant); }),
      last_signal_(participant.room().timers().now()) {
  fallback_.set(participant.room().ice_memory().find(participant.identity(), last_signal_));
}

void IceRoute::remember() {
  Room& room = participant_.room();
  room.ice_memory().put(participant_.identity(), preference(), room.timers().now());
  LOG_INFO(log_room, "%s (%s): from now on by %s", participant_.identity().value.c_str(),
           participant_.sid().value.c_str(), name_of(preference()));
}

void IceRoute::force(IcePreference preference) {
  if (fallback_.set(preference)) remember();
}

void IceRoute::on_signal() { last_signal_ = participant_.room().timers().now(); }

void IceRoute::on_attempt() {
  connected_.reset();
  limit_.reset();
  if (preference() != IcePreference::Tcp) return;
  // Where TCP is blocked as well, nothing ever comes that could fail.
  const Duration limit =
      std::clamp(kTcpRoundTrips * round_trip_, kShortestTcpLimit, kLongestTcpLimit);
  const uint64_t received = participant_.media().bytes_received();
  limit_ = participant_.room().timers().call_later(limit, [this, received] {
    // Of two peer connections one may have failed, and come back without a word of the other.
    if (participant_.media().bytes_received() > received) return;
    if (move_on(true)) participant_.restart_media();
  });
}

void IceRoute::on_connected() {
  limit_.reset();
  if (!connected_) connected_ = participant_.room().timers().now();
}

bool IceRoute::move_on(bool early) {
  const Timestamp now = participant_.room().timers().now();
  if (now - last_signal_ >= kSignalSilence) return false;
  if (!fallback_.on_failed(early, now)) return false;
  remember();
  return true;
}

void IceRoute::on_failed() {
  limit_.reset();
  // Without its WebSocket it is the client's network that is away.
  if (!participant_.has_link() || !is_new_failure()) return;
  move_on(!connected_ || participant_.room().timers().now() - *connected_ < kEarly);
}

bool IceRoute::is_new_failure() {
  const Timestamp now = participant_.room().timers().now();
  if (failed_ && now - *failed_ < kOneFailure) return false;
  failed_ = now;
  return true;
}

void IceRoute::on_client_failed() {
  if (!connected_) return;
  const Timestamp now = participant_.room().timers().now();
  if (is_new_failure() && now - *connected_ < kEarly) move_on(true);
  // It restarts ICE, which need not be seen from here: it may have been heard all the time.
  connected_ = now;
}

}  // namespace gstlk::room
