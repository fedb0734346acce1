// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "room/publication.h"
#include "room/settings.h"

namespace gstlk::room {

// Everything one participant publishes or has announced, and the requests about it: AddTrack, mute,
// changes of TrackInfo, and m-lines that appear and end (protocol.md calls that lazy matching: the
// offer may come before or after AddTrack). Main thread only.
class Publications {
 public:
  explicit Publications(Participant& owner);  // which owns this
  ~Publications();

  void handle_add_track(const ::livekit::AddTrackRequest& request);
  void handle_mute(const ::livekit::MuteTrackRequest& request);
  void handle_update_audio(const ::livekit::UpdateLocalAudioTrack& request);
  void handle_update_video(const ::livekit::UpdateLocalVideoTrack& request);

  std::vector<UpstreamHint> hints() const;
  // All that the client sends now: publishes what is new and ends what is gone.
  void handle_upstream(const std::vector<UpstreamTrack>& tracks);

  Publication* find(const TrackId& sid) const;
  // Published ones only.
  std::vector<Publication*> published() const;
  bool any_published() const;
  // As an administrator: the owner is told. False: there is no such published track.
  bool mute(const TrackId& sid, bool muted);
  // After the grants changed: ends what is no longer allowed, and tells the owner.
  void enforce_grants();
  void repeat_wanted();
  // The participant goes to another room: what it publishes ends in the old one and begins in the
  // new.
  void leave_room();
  void enter_room();
  // What is published becomes what `source` publishes, of another room; `origin` finds it there,
  // and null when it has ended.
  void mirror(const Publications& source, const Publication::Origin& origin);
  // The participant leaves: everything ends.
  void end_all();

 private:
  using List = std::vector<std::unique_ptr<Publication>>;

  // The answer to a request that cannot be granted.
  void reject(const ::livekit::AddTrackRequest& request, ::livekit::RequestResponse::Reason reason,
              const std::string& message);
  bool refused(const ::livekit::AddTrackRequest& request);
  void add_backup_codec(const ::livekit::AddTrackRequest& request);
  void queue(const ::livekit::AddTrackRequest& request);
  // That the client may publish: of others its offers are not accepted.
  std::vector<EnabledCodec> codecs() const;
  void announce(const Publication& publication, const std::string& cid);
  void claim(Publication& publication);
  void on_never_offered(const TrackId& sid);
  void bind(Publication& publication, const UpstreamTrack& upstream);
  void publish(const Publication& publication, const TrackId& source);
  void end_streams(Publication& publication, const std::vector<UpstreamTrack>& sent);
  void end(List::iterator position);
  // Leaves what has waited for it to serve_queue().
  void remove(List::iterator position);
  // Published or pending; nullptr: the id is free.
  Publication* find_cid(const std::string& cid) const;
  // Some of a track that has ended may have been waited for.
  void serve_queue();
  void set_muted(Publication& publication, bool muted);
  void changed(Publication& publication);

  Participant& owner_;
  List list_;
  std::deque<::livekit::AddTrackRequest> queued_;
};

}  // namespace gstlk::room
