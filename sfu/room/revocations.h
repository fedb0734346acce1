// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "livekit/access_token.h"

namespace gstlk::room {

// Tokens that do not let anybody in any more: all that were issued for somebody and a room before a
// time. When a token was issued its `iat` says, or else its `nbf`; of one that says neither, as
// some SDKs make them, its end: it is an old one if it ends no later than those that were issued
// then. The newest are remembered, and none over a restart; so are those that say neither, to know
// how long they live. Main thread only.
class Revocations {
 public:
  static constexpr size_t kMax = 10'000;

  // A token is used.
  void note_use(const RoomName& room, const livekit::Claims& claims, livekit::UnixTime now);
  // When the tokens end that say neither and were issued before, if all live as long as the last
  // that was used, and none is left that lives longer; nullopt: none is known.
  std::optional<livekit::UnixTime> last_end(const RoomName& room,
                                            const ParticipantIdentity& identity,
                                            livekit::UnixTime before) const;

  // `last_end`: when the tokens end that were issued before.
  void revoke(const RoomName& room, const ParticipantIdentity& identity, livekit::UnixTime before,
              livekit::UnixTime last_end);
  bool covers(const RoomName& room, const livekit::Claims& claims) const;

 private:
  using Key = std::pair<RoomName, ParticipantIdentity>;
  // The values of the kMax keys that were asked for last.
  template <class Value>
  class Newest {
   public:
    Value& operator[](const Key& key);
    const Value* find(const Key& key) const;

   private:
    struct Entry {
      Value value{};
      std::list<Key>::iterator place;
    };
    std::map<Key, Entry> entries_;
    std::list<Key> oldest_first_;
  };
  struct Revoked {
    livekit::UnixTime before;
    livekit::UnixTime last_end;
  };
  struct Used {
    livekit::UnixTime end;
    livekit::UnixTime::duration life;  // that was left to the newest
  };

  Newest<Revoked> revoked_;
  Newest<Used> used_;
};

}  // namespace gstlk::room
