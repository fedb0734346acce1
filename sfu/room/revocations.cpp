// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/revocations.h"

#include <algorithm>

namespace gstlk::room {
namespace {

// The Unix time 0 is how an SDK leaves "nbf" out.
bool says_when(const std::optional<livekit::UnixTime>& time) {
  return time && *time > livekit::UnixTime{};
}

}  // namespace

void Revocations::revoke(const RoomName& room, const ParticipantIdentity& identity,
                         livekit::UnixTime before, livekit::UnixTime last_end) {
  const Key key{room, identity};
  if (const auto known = entries_.find(key); known != entries_.end()) {
    known->second.before = std::max(known->second.before, before);
    known->second.last_end = std::max(known->second.last_end, last_end);
    oldest_first_.splice(oldest_first_.end(), oldest_first_, known->second.place);
    return;
  }
  if (entries_.size() >= kMax) {
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  entries_.emplace(key, Entry{before, last_end, oldest_first_.insert(oldest_first_.end(), key)});
}

bool Revocations::covers(const RoomName& room, const livekit::Claims& claims) const {
  const auto found = entries_.find({room, ParticipantIdentity(claims.grants.identity)});
  if (found == entries_.end()) return false;
  const auto& issued = says_when(claims.issued_at) ? claims.issued_at : claims.not_before;
  if (!says_when(issued)) return claims.expires_at <= found->second.last_end;
  return *issued < found->second.before;
}

}  // namespace gstlk::room
