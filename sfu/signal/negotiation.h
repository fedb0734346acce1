// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "room/media.h"
#include "sdp/media_plan.h"

// The offer/answer state machines of LiveKit's peer connections (RFC 8829, protocol sections 4.3,
// 4.4 and 6): SDP texts in, SDP texts and MediaPlans out. They know codecs, header extensions and
// m-lines, and nothing of sockets, timers or messages: the signal session drives them, debounces
// them and carries their results to the media plane. Not thread-safe; main thread.
//
//   v0   client offers   -> PublisherNegotiation
//        server offers   -> SubscriberNegotiation
//   v1   client offers   -> SinglePeerNegotiation, which receives and sends
//
// The server is ICE-lite and, whenever the client allows it, the passive DTLS side. Left out:
// m-lines outside of the BUNDLE group (refused), RTP without rtcp-mux (refused), pausing rids.
namespace gstlk::signal {

// As in `room.enabled_codecs`. An empty fmtp stands for every profile that is on by default.
struct EnabledCodec {
  std::string mime;  // "video/vp8", in any case
  std::string fmtp;
};
const std::vector<EnabledCodec>& default_enabled_codecs();

struct NegotiationOptions {
  std::vector<EnabledCodec> publish_codecs = default_enabled_codecs();
  std::vector<EnabledCodec> subscribe_codecs = default_enabled_codecs();
  // Of the o= line: random, different for every peer connection.
  uint64_t session_id = 1;
  // v0: the id of the first offer.
  uint32_t first_offer_id = 1;
  // Estimate the way to the subscriber from transport-cc feedback; else the client sends REMB.
  bool send_side_bandwidth_estimation = false;
  bool playout_delay = false;
  // An m-line that lost its track may carry another (protocol > 3, not Safari, no sync streams).
  bool reuse_sections = true;
  // List only the preferred codec of a publisher's m-line (Firefox on Linux ignores the order).
  bool only_preferred_codec = false;
};

// Our side of the transport for one description. Candidates, if any, are complete.
struct LocalDescription {
  room::LocalTransport transport;
  std::vector<std::string> candidates;  // "candidate:...", empty: they are trickled
};

// What AddTrack said of a track that the client is about to offer or has offered. Give all of a
// participant's, queued, pending and published, one for each cid (the ones of simulcast_codecs
// too).
struct PublishHint {
  std::string cid;
  room::TrackKind kind = room::TrackKind::Audio;
  std::string preferred_codec;  // "vp8" or "video/vp8"; empty: the order of the offer
  bool red = false;             // audio without a preferred codec: RED in front of Opus
  bool dtx = true;
  bool stereo = false;
  room::MatchBy match = room::MatchBy::Kind;
};

// A track that the client sends by its last offer.
struct ReceivedTrack {
  Mid mid;
  room::TrackKind kind = room::TrackKind::Audio;
  std::string stream_id;
  std::string track_id;            // a=msid's second token, or its only one
  std::optional<std::string> cid;  // the PublishHint it belongs to, once known
  std::vector<Rid> rids;           // low to high; empty: one encoding
  std::vector<sdp::AnnouncedSsrc> ssrcs;
  std::vector<std::string> codecs;  // accepted, in the order of the answer, as in a=rtpmap: "VP8"
};

// A track that the server sends.
struct SendTrack {
  TrackId track;
  ParticipantId participant;  // who publishes it
  room::TrackKind kind = room::TrackKind::Audio;
  std::string stream;  // behind the '|' of the stream id; empty: the track's sid
  Ssrc ssrc;
  std::optional<Ssrc> rtx_ssrc;     // wanted if the client takes retransmissions
  std::vector<std::string> codecs;  // what can be sent, best first, names or mime types
  bool stereo = false;
};

// What a client's offer said of its transport.
struct RemoteOffer {
  room::RemoteTransport remote;
  bool ice_restart = false;  // answer with new credentials
  std::vector<std::string> candidates;
  bool has_data_channels = false;
};

struct Answer {
  std::string sdp;
  std::vector<sdp::MediaPlan> plans;  // every m-line that was not refused, in order
  std::vector<ReceivedTrack> tracks;  // all that are received now
  std::vector<Mid> ended;             // m-lines whose former track is not received any more
  // Tracks the server sends, and the map that tells the client (v1).
  std::vector<room::SubscribedMedia> sent;
  std::map<std::string, std::string> mid_to_track_id;
  // Tracks of which the client can decode no codec. They wait for nothing: remove them.
  std::vector<TrackId> unsupported;
};

struct Offer {
  uint32_t id = 0;
  std::string sdp;
  std::map<std::string, std::string> mid_to_track_id;
  std::vector<TrackId> unsupported;  // no codec of theirs is enabled for subscribers; not offered
};

// What a client's answer has settled.
struct AppliedAnswer {
  room::RemoteTransport remote;
  std::vector<std::string> candidates;
  std::vector<sdp::MediaPlan> plans;
  std::vector<room::SubscribedMedia> sent;
  std::vector<TrackId> unsupported;
};

// SessionMessage media_sections_requirement.
struct MediaSections {
  uint32_t audios = 0;
  uint32_t videos = 0;
  bool operator==(const MediaSections&) const = default;
};

// v0, the connection on which the client publishes. Every accepted offer wants one answer.
class PublisherNegotiation {
 public:
  explicit PublisherNegotiation(NegotiationOptions options);
  ~PublisherNegotiation();

  // An error leaves everything as it was.
  Result<RemoteOffer> handle_offer(std::string_view sdp);
  // Answers the last offer. Fails only when there is none.
  Result<Answer> create_answer(const LocalDescription& local, std::span<const PublishHint> hints);
  // AddTrack after the offer: the received track it belongs to, if one is without a hint.
  std::optional<ReceivedTrack> claim(const PublishHint& hint);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// v0, the connection on which the server sends. One offer is out at a time: whoever changes tracks
// asks wants_offer() afterwards, and again after each answer.
class SubscriberNegotiation {
 public:
  explicit SubscriberNegotiation(NegotiationOptions options);
  ~SubscriberNegotiation();

  void add_track(SendTrack track);  // a known sid replaces what was said of it
  void remove_track(const TrackId& track);
  // Something else needs an offer: the first one, or new ICE credentials of ours.
  void mark_dirty();

  bool awaiting_answer() const;
  // There is something to offer, and no answer is outstanding.
  bool wants_offer() const;
  // Asserts !awaiting_answer().
  Offer create_offer(const LocalDescription& local);
  // `id` 0 is a client that does not echo it. An answer to an earlier offer is an error.
  Result<AppliedAnswer> handle_answer(std::string_view sdp, uint32_t id = 0);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// v1, the only connection. The client offers; tracks to send take the recvonly m-lines of its
// offers.
class SinglePeerNegotiation {
 public:
  explicit SinglePeerNegotiation(NegotiationOptions options);
  ~SinglePeerNegotiation();

  void add_track(SendTrack track);
  void remove_track(const TrackId& track);
  // The media_sections_requirement to send now: sections that the client must add beyond those it
  // has been asked for, 0/0 where a new offer is all that is needed. nullopt: nothing to tell.
  std::optional<MediaSections> poll_requirement();

  // As PublisherNegotiation's.
  Result<RemoteOffer> handle_offer(std::string_view sdp);
  Result<Answer> create_answer(const LocalDescription& local, std::span<const PublishHint> hints);
  std::optional<ReceivedTrack> claim(const PublishHint& hint);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gstlk::signal
