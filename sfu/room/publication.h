// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
// while it is published. What is wanted of it is told to its publisher once its media has come, or
// after two seconds. Main thread only.
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
  // That subscribers can get, as their session descriptions call them: "vp8", the preferred first.
  std::vector<std::string> codecs() const;
  // Of codecs that came beside the first one, the names of their streams in the media plane.
  const std::map<std::string, TrackId>& sources() const { return sources_; }
  // One that was announced and is not sent yet: the publisher sends it when it is wanted.
  std::optional<std::string> announced_codec() const;
  // The codec announced with `cid` is being sent.
  bool receives(const std::string& cid) const;
  // By `track` the client sends what it sent of this, where it did, or another codec of it.
  bool goes_on_with(const UpstreamTrack& track) const;

  // For a track that is forwarded from another room: what it is forwarded from, if that is there.
  using Origin = std::function<Publication*(const TrackId& track)>;
  struct Change {
    std::vector<TrackId> ended;  // streams
    std::vector<TrackId> begun;
    bool info = false;
  };
  // Becomes what `of` is. What is wanted of it from now on is asked of its origin.
  Change mirror(const Publication& of, Origin origin);
  // It has ended: nobody of its room wants anything of its origin.
  void ask_no_more();

  // Calls `on_never` unless the track is published within `limit`.
  void await_offer(Duration limit, std::function<void()> on_never);
  // The client sends the track, or another codec of it. Returns the stream's name in the media
  // plane: the track's own for the first.
  TrackId add_stream(const UpstreamTrack& upstream);
  // The client sends the codecs of these no longer, as long as another is left; returns the names.
  std::vector<TrackId> remove_streams(const std::vector<UpstreamTrack>& sent);
  // By their names in the media plane.
  const std::map<TrackId, UpstreamTrack>& streams() const { return streams_; }
  // For the first time, or in another room: who wanted what is forgotten.
  void start_over();
  void touch();

  // What `subscriber` wants of this track now, as `codec` (empty: the preferred one).
  void set_wanted(const ParticipantId& subscriber, const std::string& codec,
                  ::livekit::VideoQuality quality);
  void remove_subscriber(const ParticipantId& subscriber);
  // Tells the publisher again: it was muted, or its signalling was gone.
  void repeat_wanted();
  // A subscriber receives the track. The first one is told to the publisher.
  void note_bound();

 private:
  void await_media(Timestamp limit);
  void tell_publisher();
  void ask_for_audio(const std::string& codec);
  void tell_audio_codecs();
  void tell_first_subscriber();
  // The policy of backup codecs says so.
  bool may_regress() const;
  void set_regressed(bool regressed);
  // The entry of the track's codecs that `cid` belongs to.
  int codec_of(const std::string& cid) const;

  Publication* origin() const { return origin_ ? origin_(sid_) : nullptr; }

  Participant& publisher_;
  const TrackId sid_;
  const std::string cid_;
  ::livekit::TrackInfo info_;
  std::map<TrackId, UpstreamTrack> streams_;
  std::map<std::string, TrackId> sources_;
  std::set<std::string> asked_audio_;
  // Everybody gets the backup codec, and the publisher is told to stop the others.
  bool regressed_ = false;
  Origin origin_;
  std::set<ParticipantId> asking_;  // those for whom the origin was asked
  bool published_ = false;
  bool known_ = false;  // to its publisher, too
  bool audio_codecs_due_ = false;
  bool subscribed_ = false;  // by anybody, once
  bool first_subscriber_told_ = false;
  std::optional<Dynacast> dynacast_;
  std::unique_ptr<Timer> dynacast_timer_;
  std::unique_ptr<Timer> media_check_;
  std::unique_ptr<Timer> offer_limit_;
};

}  // namespace gstlk::room
