// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "plugins/livekit/composite_stage.h"
#include "plugins/livekit/remote_tracks.h"
#include "plugins/livekit/room_tiles.h"
#include "plugins/livekit/tile_arranger.h"
#include "plugins/livekit/update_pace.h"

namespace gstlk::client {

// What may change while a room is composed.
struct CompositeWishes {
  LayoutKind layout = LayoutKind::Grid;
  TileSelection selection;
  uint32_t background = StageSettings().background;
  bool names = true;
};

// Follows a room and lets a stage show it: who has a tile (RoomTiles), where (TileArranger), and
// which tracks are received for that, at which size. A video that is not shown is paused at once
// and given up a little later, decoder and all. What changes is arranged together, as a room that
// fills changes with everybody who comes. Client thread only, except join() and leave(), which wait
// for that thread, and change(), which does not: the client thread may wait for who calls it.
//
// Order of locks: mutex_ alone; never held while anything else is called.
class CompositeRoom : public std::enable_shared_from_this<CompositeRoom>,
                      private RemoteTracksOwner,
                      private RoomListener {
 public:
  // All outlive this until it has left; `stage` has the size `canvas`.
  CompositeRoom(GstElement* element, CompositeStage& stage, CanvasSize canvas)
      : tracks_(element, *this), stage_(stage), canvas_(canvas) {}

  // False after an error message of the element. `latency` is in milliseconds.
  [[nodiscard]] bool join(const ConnectionSettings& connection, unsigned latency,
                          const CompositeWishes& wishes);
  void leave();
  void change(const CompositeWishes& wishes);

 private:
  static constexpr Duration kArrangeEvery = 50ms;

  bool wants(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track) override;
  void on_output_added(RemoteOutput& output) override;
  void on_output_removed(RemoteOutput& output) override;
  void on_state(livekit::SessionState state, const std::string& detail) override;
  void on_room_change(const livekit::RoomChange& change) override;
  void on_message(const ::livekit::SignalResponse& message) override;

  void link_outputs();
  void apply(const CompositeWishes& wishes);
  void select_audio();
  // Something is not what it was: update() follows.
  void changed();
  void update();
  // The videos that are shown, at their sizes, and no others.
  void receive(const std::map<std::string, ShownSize>& shown, Timestamp now);
  void start_timer(Timestamp now);

  RemoteTracks tracks_;
  CompositeStage& stage_;
  const CanvasSize canvas_;
  CompositeWishes wishes_;
  std::shared_ptr<RoomSession> session_;
  RoomTiles tiles_;
  TileArranger arranger_;
  std::unique_ptr<ClientTimer> timer_;         // for what is due without a change
  std::unique_ptr<ClientTimer> change_timer_;  // for changes
  UpdatePace pace_{kArrangeEvery};
  // By track sid, of videos that are subscribed: since when they are not shown.
  std::map<std::string, std::optional<Timestamp>> received_;
  // On the stage: the newest of each track, while the one before may still be ending.
  std::map<TrackIdentity, const RemoteOutput*> staged_;
  Mutex mutex_;
  std::vector<RemoteOutput*> added_ GUARDED_BY(mutex_);  // which the stage does not have yet
};

}  // namespace gstlk::client
