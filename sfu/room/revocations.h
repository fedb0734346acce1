// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <utility>

#include "base/ids.h"
#include "livekit/access_token.h"

namespace gstlk::room {

// Tokens that do not let anybody in any more: all that were issued for somebody and a room before a
// time. When a token was issued its `iat` says, or else its `nbf`; of one that says neither, as
// some SDKs make them, its end: it is an old one if it ends no later than those that were issued
// then. The newest are remembered, and none over a restart. Main thread only.
class Revocations {
 public:
  static constexpr size_t kMax = 10'000;

  // `last_end`: when the tokens end that were issued before.
  void revoke(const RoomName& room, const ParticipantIdentity& identity, livekit::UnixTime before,
              livekit::UnixTime last_end);
  bool covers(const RoomName& room, const livekit::Claims& claims) const;

 private:
  using Key = std::pair<RoomName, ParticipantIdentity>;
  struct Entry {
    livekit::UnixTime before;
    livekit::UnixTime last_end;
    std::list<Key>::iterator place;
  };

  std::map<Key, Entry> entries_;
  std::list<Key> oldest_first_;
};

}  // namespace gstlk::room
