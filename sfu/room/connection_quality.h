// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "livekit_models.pb.h"
#include "room/media.h"

namespace gstlk::room {

// How well one track in one direction gets through, from 0 to 100, in windows of five seconds: only
// loss counts, as in LiveKit's server with its defaults. Worse shows sooner than better. Driven by
// ConnectionQuality. Not thread-safe.
class TrackQuality {
 public:
  explicit TrackQuality(TrackKind kind) : kind_(kind) {}

  // A window is over. `streams` are of their lives. A muted track is perfect, and one that sends
  // nothing poor.
  double update(const StreamStats& streams, bool muted);

 private:
  const TrackKind kind_;
  StreamStats last_;
  double score_ = 100;
  bool was_muted_ = true;
};

::livekit::ConnectionQuality quality_of(double score);

}  // namespace gstlk::room
