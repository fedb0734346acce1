// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/revocations.h"

#include <algorithm>

namespace gstlk::room {

void Revocations::revoke(const RoomName& room, const ParticipantIdentity& identity,
                         livekit::UnixTime before) {
  const Key key{room, identity};
  if (const auto known = entries_.find(key); known != entries_.end()) {
    known->second.before = std::max(known->second.before, before);
    oldest_first_.splice(oldest_first_.end(), oldest_first_, known->second.place);
    return;
  }
  if (entries_.size() >= kMax) {
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  entries_.emplace(key, Entry{before, oldest_first_.insert(oldest_first_.end(), key)});
}

bool Revocations::covers(const RoomName& room, const livekit::Claims& claims) const {
  const auto found = entries_.find({room, ParticipantIdentity(claims.grants.identity)});
  if (found == entries_.end()) return false;
  const auto issued = claims.issued_at ? claims.issued_at : claims.not_before;
  return !issued || *issued < found->second.before;
}

}  // namespace gstlk::room
