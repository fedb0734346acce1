// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "metrics/family.h"
#include "room/room_listener.h"
#include "room/timers.h"

namespace gstlk::room {
struct SignalTally;
}

namespace gstlk::metrics {

// How well clients are served, under the names of LiveKit's metrics: what they asked for, whether
// they got it and how long that took, and what they and we said to each other. Main thread only.
//
// Left out: the time from a subscription to its first packet ("subscribe-stream-start").
class SessionMetrics : public room::RoomListener {
 public:
  // `timers` outlives this; `tally` is not read once it is gone.
  SessionMetrics(room::Timers& timers, const room::SignalTally& tally);

  // In the text format, with these labels at each sample.
  std::string print(const Labels& constant);

  void on_participant_joined(const room::Participant& participant) override;
  void on_participant_active(const room::Participant& participant) override;
  void on_participant_left(const room::Participant& participant) override;
  void on_track_requested(const room::Publication& publication) override;
  void on_track_published(const room::Publication& publication) override;
  void on_track_cancelled(const room::Publication& publication) override;
  void on_subscription(const room::SubscriptionEvent& event) override;
  void on_data_stream(const room::DataStreamEvent& event) override;
  void on_negotiation_failed(const room::Participant& participant) override;

 private:
  void observe_time(const char* direction, const room::Publication& publication,
                    const room::Participant& client, Duration took, uint32_t times);
  void read_tally();

  room::Timers& timers_;
  const room::SignalTally& tally_;
  std::map<TrackId, Timestamp> requested_;  // tracks that are not published yet

  Family participant_join_;
  Family join_latency_;
  Family start_time_;
  Family duration_;
  Family publish_counter_;
  Family subscribe_counter_;
  Family track_time_;
  Family stream_destinations_;
  Family stream_bytes_;
  Family messages_;
  Family operations_;
};

}  // namespace gstlk::metrics
