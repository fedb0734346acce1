// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/connection_settings.h"
#include "plugins/livekit/data_output.h"
#include "plugins/livekit/remote_tracks.h"
#include "plugins/livekit/track_selection.h"

namespace gstlk::client {

// The user's wishes, beside the room.
struct SourceSettings {
  ConnectionSettings connection;
  TrackSelection selection;
  std::vector<std::string> topics;
  OutputForm form = OutputForm::Auto;
  guint latency = 200;
  guint width = 0;
  guint height = 0;
  guint hold = 10;
  bool of_uri = false;
};

// What livekitsrc does: chooses tracks, and gives each output a pad. Thread-safe.
class SourceRoom : public RemoteTracksOwner {
 public:
  explicit SourceRoom(GstElement* element)
      : element_(element),
        tracks_(element, *this),
        data_(element, gst_element_get_pad_template(element, "data_%u")) {}

  SourceSettings settings;  // under the element's object lock

  bool join();
  void leave();
  // Does not wait: streaming threads may ask for it.
  void disconnect();
  void send_eos();
  GstStructure* stats();
  bool publish_data(GBytes* payload, const DataWishes& wishes) {
    return tracks_.member().publish_data(payload, wishes);
  }
  bool set_subscribed(const std::string& track_sid, bool subscribed);
  bool request_keyframe(const std::string& track_sid);

 private:
  bool wants(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track) override {
    return selection_.wants(who, track);
  }
  void on_output_added(RemoteOutput& output) override;
  void on_output_removed(RemoteOutput& output) override;
  void stop_listening(RoomSession& session);
  void post_collection();
  void pads_have_changed();
  // On the client thread; false when not joined.
  template <class Task>
  bool in_session(Task task);

  GstElement* const element_;
  TrackSelection selection_;  // of this membership, as is of_uri_
  bool of_uri_ = false;
  RemoteTracks tracks_;
  DataOutputs data_;
  std::unique_ptr<ClientTimer> settle_;  // client thread; until there are no more pads at first
  Mutex mutex_;
  std::vector<Ref<GstStream>> streams_ GUARDED_BY(mutex_);
};

}  // namespace gstlk::client
