// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "livekit_rtc.pb.h"
#include "room/layer_choice.h"
#include "room/participant_media.h"
#include "room/room_listener.h"
#include "room/timers.h"

namespace gstlk::room {

class Participant;
class Publication;

// One participant's use of one track.
struct Subscription {
  // Said by the client or an administrator; else auto_subscribe decides.
  std::optional<bool> wanted;
  std::optional<::livekit::UpdateTrackSettings> settings;
  bool active = false;                // handed to the media
  bool bound = false;                 // negotiated with the client
  bool refused = false;               // the client can decode none of its codecs
  std::optional<uint8_t> affordable;  // the highest spatial layer, when the bandwidth is limited
  bool starved = false;               // paused: no bandwidth is left for it
  std::string codec;  // that it is sent as, or would have to be; empty: not known yet
  std::vector<std::string> offered;  // the codecs that the media may choose from
  std::optional<bool> permission_told;
  bool awaited = false;                // nobody publishes it, yet
  std::optional<Timestamp> requested;  // until it has succeeded, failed or been cancelled
  uint32_t times_bound = 0;
};

// What one participant receives: desire, permission and the track itself meet in reconcile(), which
// is called whenever one of them changes. UpdateSubscription, UpdateTrackSettings. Main thread
// only.
class Subscriptions {
 public:
  Subscriptions(Participant& owner, bool auto_subscribe, bool adaptive_stream,
                bool allow_pause);  // `owner` owns this

  // By the client, its SyncState, or an administrator.
  void handle_update(const ::livekit::UpdateSubscription& request);
  void handle_settings(const ::livekit::UpdateTrackSettings& request);
  void set_wanted(const TrackId& track, bool wanted);
  void set_disabled(const TrackId& track);

  void reconcile(const TrackId& track);
  void reconcile_all();
  // The track has ended. True: it was being received.
  bool forget(const TrackId& track);
  void end_all();
  // The publisher's layers are known better, or the client came back.
  void apply_settings(const TrackId& track);

  // SimulateScenario: all video together gets this many bits per second; 0: as many as it takes.
  // Where that may pause a track its client hears so (StreamStateUpdate).
  void limit_bandwidth(uint64_t bits_per_second);

  void on_bound(const TrackId& track, const std::string& codec);
  void on_refused(const TrackId& track);
  void on_codecs_changed(Publication& publication);

  bool receives_from(const ParticipantId& publisher) const;
  std::vector<TrackId> active() const;
  // Those that are known of, active or not.
  const std::map<TrackId, Subscription>& all() const { return subscriptions_; }
  // The client's, or else what it begins with.
  ::livekit::UpdateTrackSettings settings_of(const Subscription& subscription) const;

 private:
  bool is_permitted(const Publication& publication) const;
  bool within_limit(const Publication& publication) const;
  void tell_permission(Subscription& subscription, const Publication& publication);
  void start(Subscription& subscription, Publication& publication);
  void stop(const TrackId& track, Subscription& subscription);
  // What is told of it; of each request once.
  void note_request(const TrackId& track, Subscription& subscription);
  void note_success(const TrackId& track, Subscription& subscription,
                    const Publication* publication);
  void note_failure(const TrackId& track, Subscription& subscription, const char* error);
  void note_end(const TrackId& track, Subscription& subscription);
  void tell(const SubscriptionEvent& event) const;
  void await_publication(const TrackId& track, Subscription& subscription);
  void end_wait(const TrackId& track, Subscription& subscription);
  void give_up(const TrackId& track);
  void schedule_give_up();
  void note_free_place();
  // Of the codec that it is sent as.
  const VideoLayers& layers_for(const Subscription& subscription,
                                const Publication& publication) const;
  SubscriptionSettings media_settings(const Subscription& subscription,
                                      const Publication& publication) const;
  void share_bandwidth();
  void afford(const TrackId& track, std::optional<uint8_t> highest, bool starved);
  Subscription* find(const TrackId& track);

  Participant& owner_;
  const bool auto_subscribe_;
  const bool adaptive_stream_;
  const bool allow_pause_;
  std::map<TrackId, Subscription> subscriptions_;
  struct Wait {
    Timestamp until;
    TrackId track;
  };
  std::deque<Wait> waits_;  // the next to end first
  std::unique_ptr<Timer> give_up_;
  std::unique_ptr<Timer> free_place_;
  uint64_t bandwidth_limit_ = 0;
  std::set<TrackId> unapplied_;  // settings wait for the debounce
  std::unique_ptr<Timer> debounce_;
};

}  // namespace gstlk::room
