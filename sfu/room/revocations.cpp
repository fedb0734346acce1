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

template <class Value>
Value& Revocations::Newest<Value>::operator[](const Key& key) {
  if (const auto known = entries_.find(key); known != entries_.end()) {
    oldest_first_.splice(oldest_first_.end(), oldest_first_, known->second.place);
    return known->second.value;
  }
  if (entries_.size() >= kMax) {
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  Entry& entry = entries_[key];
  entry.place = oldest_first_.insert(oldest_first_.end(), key);
  return entry.value;
}

template <class Value>
const Value* Revocations::Newest<Value>::find(const Key& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.value;
}

void Revocations::note_use(const RoomName& room, const livekit::Claims& claims,
                           livekit::UnixTime now) {
  if (says_when(claims.issued_at) || says_when(claims.not_before)) return;
  Used& used = used_[{room, ParticipantIdentity(claims.grants.identity)}];
  // Used again, it does not live any shorter.
  if (claims.expires_at > used.end || used.end < now) used.life = claims.expires_at - now;
  used.end = std::max(used.end, claims.expires_at);
}

std::optional<livekit::UnixTime> Revocations::last_end(const RoomName& room,
                                                       const ParticipantIdentity& identity,
                                                       livekit::UnixTime before) const {
  const Used* used = used_.find({room, identity});
  if (!used) return std::nullopt;
  // Tokens have seconds: the last of before was issued in that before it.
  return std::max(used->end, before - std::chrono::seconds(1) + used->life);
}

void Revocations::revoke(const RoomName& room, const ParticipantIdentity& identity,
                         livekit::UnixTime before, livekit::UnixTime last_end) {
  Revoked& revoked = revoked_[{room, identity}];
  revoked.before = std::max(revoked.before, before);
  revoked.last_end = std::max(revoked.last_end, last_end);
}

bool Revocations::covers(const RoomName& room, const livekit::Claims& claims) const {
  const Revoked* revoked = revoked_.find({room, ParticipantIdentity(claims.grants.identity)});
  if (!revoked) return false;
  const auto& issued = says_when(claims.issued_at) ? claims.issued_at : claims.not_before;
  if (!says_when(issued)) return claims.expires_at <= revoked->last_end;
  return *issued < revoked->before;
}

}  // namespace gstlk::room
