// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "room/participant_media.h"
#include "signal/negotiation.h"

namespace gstlk::signal {

// The tracks a client is sent or shall be sent: their settings, and which of them the transport
// forwards since the last negotiation. Main thread only.
class Downstreams {
 public:
  // Adds the track and says how it is negotiated, with SSRCs of its own. One that is known is sent
  // as before until the next negotiation is finished.
  SendTrack add(const room::DownstreamTrack& track, RandomSource random);
  void update(const TrackId& track, const room::SubscriptionSettings& settings,
              room::PeerTransport* transport);
  void remove(const TrackId& track, room::PeerTransport* transport);

  // A negotiation is finished, and exactly `sent` can be sent: subscribes and unsubscribes at the
  // transport. Returns what is new.
  std::vector<room::SubscribedMedia> settle(const std::vector<room::SubscribedMedia>& sent,
                                            room::PeerTransport& transport);

 private:
  struct Track {
    room::SubscriptionSettings settings;
    std::map<std::string, TrackId> sources;
    std::optional<room::PlayoutDelay> playout_delay;
    std::optional<room::SubscribedMedia> sent;
  };
  std::map<TrackId, Track> tracks_;
};

}  // namespace gstlk::signal
