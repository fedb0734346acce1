// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "livekit_rtc.pb.h"
#include "room/dynacast.h"
#include "room/participant_media.h"
#include "room/timers.h"

namespace gstlk::room {

class Participant;

// One track that a participant has announced (AddTrack) and, once its m-line is there, makes
// available in the room. Owned by its publisher's Publications; room-wide it is known by its sid
// while it is published. Main thread only.
class Publication {
 public:
  // `publisher` owns this.
  Publication(Participant& publisher, ::livekit::TrackInfo info, std::string cid);

  const TrackId& sid() const { return sid_; }
  const std::string& cid() const { return cid_; }
  Participant& publisher() const { return publisher_; }
  const ::livekit::TrackInfo& info() const { return info_; }
  ::livekit::TrackInfo& mutable_info() { return info_; }
  TrackKind kind() const;
  bool is_published() const { return published_; }
  bool has_cid(const std::string& cid) const;
  std::vector<UpstreamHint> hints() const;
  // As a subscriber's session description calls them: "vp8", the preferred first.
  std::vector<std::string> codecs() const;

  // Calls `on_never` unless the track is published within `limit`.
  void await_offer(Duration limit, std::function<void()> on_never);
  void set_published(const UpstreamTrack& upstream);
  const UpstreamTrack& upstream() const { return upstream_; }
  // In another room: who wanted what is forgotten.
  void start_over();
  void touch();

  // What `subscriber` wants of this track now.
  void set_wanted(const ParticipantId& subscriber, ::livekit::VideoQuality quality);
  void remove_subscriber(const ParticipantId& subscriber);
  // Tells the publisher again: it was muted, or its signalling was gone.
  void repeat_wanted();
  // A subscriber receives the track. The first one is told to the publisher.
  void note_bound();

 private:
  void tell_publisher();

  Participant& publisher_;
  const TrackId sid_;
  const std::string cid_;
  ::livekit::TrackInfo info_;
  UpstreamTrack upstream_;
  bool published_ = false;
  bool first_subscriber_told_ = false;
  std::optional<Dynacast> dynacast_;
  std::unique_ptr<Timer> dynacast_timer_;
  std::unique_ptr<Timer> offer_limit_;
};

}  // namespace gstlk::room
