// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "signal/negotiation.h"
#include "signal/negotiation/remote_description.h"

namespace gstlk::signal {

// Which m-lines of a client's offers it sends on, and which AddTrack each of them belongs to
// (protocol sections 6.2, 6.6 and 8.1). The client may offer before AddTrack or after it, and may
// have changed the track's id in between. Not thread-safe.
class ReceiveSections {
 public:
  // A new offer: notes what it sends and what it has ended.
  void update(const RemoteDescription& offer);
  // Gives the tracks without a hint the ones that they fit.
  void match(std::span<const PublishHint> hints);
  // The track that `hint` now belongs to, if one was without.
  std::optional<ReceivedTrack> claim(const PublishHint& hint);

  // nullptr: nothing is received on `mid`.
  ReceivedTrack* find(const Mid& mid);
  const PublishHint* find_hint(const Mid& mid) const;
  const std::vector<ReceivedTrack>& tracks() const { return tracks_; }
  // The m-lines ended by all offers since the last call.
  std::vector<Mid> take_ended();

 private:
  bool is_bound(const PublishHint& hint) const;
  void bind(ReceivedTrack& track, const PublishHint& hint);
  bool fits(const ReceivedTrack& track, const PublishHint& hint, room::MatchBy by) const;
  void match_rest(std::span<const PublishHint> hints);

  std::vector<ReceivedTrack> tracks_;  // in the order of the m-lines
  std::map<Mid, PublishHint> hints_;
  // The cids of m-lines whose id the last offer changed, and nothing else.
  std::map<Mid, std::string> renamed_;
  std::vector<Mid> ended_;
};

}  // namespace gstlk::signal
