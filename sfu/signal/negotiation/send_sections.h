// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "signal/negotiation.h"
#include "signal/negotiation/remote_description.h"

namespace gstlk::signal {

// The tracks to send on a single peer connection and the recvonly m-lines of the client they are on
// (protocol section 4.4). An m-line that lost its track is answered inactive once before it carries
// another: otherwise the browser sees no new track. Not thread-safe.
class SendSections {
 public:
  void add(SendTrack track);
  void remove(const TrackId& track);
  std::optional<MediaSections> poll_requirement();

  // A new offer: puts waiting tracks onto free m-lines.
  void place(const RemoteDescription& offer);
  // The track on `mid`; nullptr: none.
  const SendTrack* find(const Mid& mid) const;
  // The client decodes no codec of the track on `mid`. It is not tried again.
  void refuse(const Mid& mid);
  // The offer that was placed is answered.
  void on_answered();

 private:
  struct Entry {
    SendTrack track;
    bool refused = false;
    std::optional<Mid> mid;
  };

  Entry* find_entry(const TrackId& track);
  uint32_t count_waiting(room::TrackKind kind) const;
  uint32_t count_missing(room::TrackKind kind);
  bool is_free(const Mid& mid) const;

  std::vector<Entry> entries_;
  std::map<Mid, TrackId> placed_;
  std::map<Mid, room::TrackKind> recvonly_;  // of the last offer, those that can take a new track
  std::set<Mid> sending_;                    // answered sendonly the last time
  std::array<uint32_t, 2> asked_{};          // by kind, since the last answer
  bool answered_ = false;                    // ever
  bool dirty_ = false;
};

}  // namespace gstlk::signal
