// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "base/ids.h"
#include "metrics/family.h"
#include "room/media.h"
#include "room/room_listener.h"
#include "room/timers.h"

namespace gstlk::room {
class RoomRegistry;
}

namespace gstlk::metrics {

// What goes on in the rooms, under the names of LiveKit's metrics: events as they are told, and the
// figures of every track, which are read every five seconds and at a scrape. Nothing is counted per
// packet for it. Main thread only.
//
// Left out: `country`, which is there and empty. What a track did after the last reading is lost
// when it ends.
class RoomMetrics : public room::RoomListener {
 public:
  // Reads `rooms`, which it outlives as every listener; not used once they are gone. `timers`
  // outlive this.
  RoomMetrics(room::RoomRegistry& rooms, room::Timers& timers);

  // In the text format, with these labels at each sample.
  std::string print(const Labels& constant);

  void on_room_started(const room::Room& room) override;
  void on_room_finished(const room::Room& room) override;
  void on_participant_active(const room::Participant& participant) override;
  void on_participant_left(const room::Participant& participant) override;
  void on_track_published(const room::Publication& publication) override;
  void on_track_unpublished(const room::Publication& publication) override;

 private:
  using Connected = std::set<ParticipantId>;
  // Who receives it, which stream, and whether that is the server. Who sends it is another one
  // after a move to another room, while the stream is the same.
  using Key = std::tuple<ParticipantId, TrackId, bool>;
  using Seen = std::map<Key, room::TrackStats>;

  void start();
  void read();
  void read_participant(room::Participant& participant, Seen& seen, Connected& connected);
  void read_connections(room::Participant& participant, const room::MediaReport& report,
                        Connected& connected);
  void read_track(const Key& key, const room::Publication& publication,
                  const room::TrackStats& stats, Seen& seen);
  void read_order(const Family::Values& stream, const room::TrackStats& stats,
                  const room::TrackStats& before);
  void read_round_trip(const room::Publication& publication, const room::MediaReport& report,
                       bool incoming);

  room::RoomRegistry& rooms_;
  room::Timers& timers_;
  std::unique_ptr<room::Timer> timer_;
  Timestamp read_at_{};
  Seen seen_;
  Connected connected_;  // whose connections have been counted
  std::map<RoomId, Timestamp> started_;

  Family room_total_;
  Family room_duration_;
  Family participant_total_;
  Family track_published_;
  Family track_subscribed_;
  Family packets_;
  Family bytes_;
  Family nacks_;
  Family plis_;
  Family firs_;
  Family lost_;
  Family loss_percent_;
  Family out_of_order_;
  Family out_of_order_percent_;
  Family jitter_;
  Family round_trip_;
  Family connections_;
  Family connection_states_;
  Family relayed_;
  Family web_sockets_;
  Family quality_rating_;
  Family quality_score_;
};

}  // namespace gstlk::metrics
