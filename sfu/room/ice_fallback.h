// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "base/time.h"
#include "room/settings.h"

namespace gstlk::room {

// What a client is held to (LiveKit's ICECandidateType): any transport, ICE over TCP alone, or a
// relay that it reaches over TLS.
enum class IcePreference : uint8_t { None, Tcp, Tls };

// When a client whose connection fails is sent to another transport, and to which: UDP, then TCP,
// then TURN over TLS, as far as there is each at the time. Not thread-safe.
class IceFallback {
 public:
  explicit IceFallback(std::function<IceFallbacks()> available)
      : available_(std::move(available)) {}

  // None while what it was sent to is gone.
  IcePreference preference() const {
    return is_available(preference_) ? preference_ : IcePreference::None;
  }
  // Without a failure, if there is such a transport. True: it is another than before.
  bool set(IcePreference preference);
  // One that ended early moves on at once, one that lasted only the second time within a minute.
  // True: there is another preference now.
  bool on_failed(bool early, Timestamp now);

 private:
  bool is_available(IcePreference preference) const;
  IcePreference next() const;

  const std::function<IceFallbacks()> available_;
  IcePreference preference_ = IcePreference::None;
  std::optional<Timestamp> last_failure_;
};

// What worked for those who were here, for when they join again: for five minutes, as LiveKit
// does. Bounded.
class IceMemory {
 public:
  void put(const ParticipantIdentity& who, IcePreference preference, Timestamp now);
  IcePreference find(const ParticipantIdentity& who, Timestamp now) const;

 private:
  struct Entry {
    IcePreference preference;
    Timestamp at;
  };
  std::map<ParticipantIdentity, Entry> entries_;
};

}  // namespace gstlk::room
