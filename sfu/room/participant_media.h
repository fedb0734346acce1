// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "room/media.h"

namespace livekit {
class SessionDescription;
class TrickleRequest;
}  // namespace livekit

namespace gstlk::room {

class Participant;

// What AddTrack said of one encoding of a track: the negotiation matches m-lines to it by `cid`,
// or, as long as nothing of the track is there, by kind: the client may have changed the id.
struct UpstreamHint {
  std::string cid;
  TrackKind kind = TrackKind::Audio;
  std::string preferred_codec;  // "video/vp8"
  bool red = false;
  bool dtx = true;
  bool stereo = false;
  MatchBy match = MatchBy::Kind;
};

// A track that the client sends by its last offer.
struct UpstreamTrack {
  std::string cid;      // the hint it belongs to
  std::string sdp_cid;  // the id in a=msid
  Mid mid;
  TrackKind kind = TrackKind::Audio;
  std::vector<Rid> rids;            // low to high; empty without simulcast
  std::vector<std::string> codecs;  // in the order of the answer: "VP8"
};

// A track to send to a client.
struct DownstreamTrack {
  TrackId track;
  ParticipantId publisher;
  TrackKind kind = TrackKind::Audio;
  std::string stream;               // behind the '|' of the stream id; empty: the track's sid
  std::vector<std::string> codecs;  // what it is published as, the preferred first
  std::map<std::string, TrackId> sources;  // by codec, of those that are a stream of their own
  bool stereo = false;
  std::optional<PlayoutDelay> playout_delay;  // of video
  SubscriptionSettings settings;
};

// Told by ParticipantMedia, from the main loop, never from inside one of its calls unless that
// function says so.
class ParticipantMediaListener {
 public:
  virtual ~ParticipantMediaListener() = default;
  // Connectivity checks get through on a peer connection, any.
  virtual void on_ice_connected() = 0;
  // The primary peer connection is up. Once, and again after a restart of ICE.
  virtual void on_media_connected() = 0;
  virtual void on_media_failed() = 0;
  // Both _reliable and _lossy are open.
  virtual void on_data_channels_open() = 0;
  virtual void on_data(DataChannelKind channel, ByteView message) = 0;
  virtual void on_data_low(DataChannelKind channel) = 0;
  // Inside handle_offer(), before the answer: one for every cid, pending or published.
  virtual std::vector<UpstreamHint> upstream_hints() = 0;
  // Inside handle_offer(), after the answer was sent: everything the client sends now, as far as it
  // is known what it is.
  virtual void on_upstream_tracks(const std::vector<UpstreamTrack>& tracks) = 0;
  // The client has agreed to receive `track` as `codec` ("VP8"), and it is being sent. May come
  // from inside handle_offer() and handle_answer().
  virtual void on_downstream_bound(const TrackId& track, const std::string& codec) = 0;
  // The client can decode none of the track's codecs.
  virtual void on_downstream_refused(const TrackId& track) = 0;
  // Nothing can be negotiated any more: the client has to start over.
  virtual void on_negotiation_failed(const std::string& why) = 0;
};

// The peer connections of one participant and their negotiation; signal/ implements it for one and
// for two of them. Lives as long as the participant, over every resume. Main thread only.
class ParticipantMedia {
 public:
  virtual ~ParticipantMedia() = default;

  // After the join response was sent and the first downstream tracks were added.
  virtual void start() = 0;
  // After a reconnect response: restarts ICE where it is the server's to do.
  virtual void resume() = 0;

  virtual void handle_offer(const ::livekit::SessionDescription& offer) = 0;
  virtual void handle_answer(const ::livekit::SessionDescription& answer) = 0;
  // False: it cannot be read.
  virtual bool handle_trickle(const ::livekit::TrickleRequest& candidate) = 0;
  // PeerTransport::candidates() may give others than before.
  virtual void announce_candidates() = 0;

  // AddTrack came after the offer: the received track that was waiting for it, if there is one.
  virtual std::optional<UpstreamTrack> claim(const UpstreamHint& hint) = 0;
  virtual void publish(const Mid& mid, const PublishedMedia& media) = 0;
  virtual void unpublish(const TrackId& track) = 0;
  // See PeerTransport.
  virtual void forward(const TrackId& track, RoomMedia& to) = 0;
  virtual void end_forward(const TrackId& track, RoomMedia& to) = 0;

  virtual void add_downstream(const DownstreamTrack& track) = 0;
  virtual void update_downstream(const TrackId& track, const SubscriptionSettings& settings) = 0;
  virtual void remove_downstream(const TrackId& track) = 0;

  // As PeerTransport::move_to().
  virtual void move_to(RoomMedia& room) = 0;
  // See PeerTransport.
  virtual bool send_data(DataChannelKind channel, ByteView message) = 0;
  virtual size_t buffered_data(DataChannelKind channel) const = 0;
  virtual void hold_data(bool hold) = 0;
  virtual MediaReport report() const = 0;
  // Grows while the client reaches us.
  virtual uint64_t bytes_received() const = 0;
};

// Makes the media of a participant that joins; the participant owns and outlives it.
using ParticipantMediaFactory =
    std::function<std::unique_ptr<ParticipantMedia>(Participant& participant, RoomMedia& media)>;

}  // namespace gstlk::room
