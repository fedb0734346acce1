// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "room/media_report.h"
#include "sdp/media_plan.h"

// What room/ and signal/ see of the media plane: interfaces that sfu/graph implements with
// GStreamer pipelines, and that tests implement with a fake. Main thread only, both ways.
namespace gstlk::room {

enum class TrackKind : uint8_t { Audio, Video };

// How the m-line of an announced track is found.
enum class MatchBy : uint8_t {
  Kind,   // by its id, else the first of its kind that is free
  Rest,   // its track is published as another codec: by its id, which browsers may have changed,
          // else the only one of its kind that nobody else has, if nobody else is left either
  Id,     // by its id: what has another one is another track
  Place,  // it is received on an m-line, and on no other
};

// Data channels by their label: LiveKit's three, and those that a client gave a label of its own.
enum class DataChannelKind : uint8_t { Reliable, Lossy, DataTrack, Raw };

struct LocalTransport {
  std::string ice_ufrag;
  std::string ice_pwd;
  std::string fingerprint;  // "sha-256 AA:BB:..."
};

struct RemoteTransport {
  std::string ice_ufrag;
  std::string ice_pwd;
  std::string fingerprint;
  // a=setup that the *server* ends up with: true is passive, DTLS server.
  bool dtls_server = true;
};

// A forwarded track's state as one subscriber sees it.
struct SubscriptionSettings {
  bool paused = false;
  uint8_t max_spatial = 2;
  uint8_t max_temporal = 3;
};

// How long receivers shall hold video back, up to 40,950 ms each; more than `min` as far as the
// jitter asks for it. Zero for both: not at all. `max` zero: LiveKit's ten seconds.
struct PlayoutDelay {
  Duration min{};
  Duration max{};

  bool operator==(const PlayoutDelay&) const = default;
};

// A received track: what the router needs to know beside the RTP itself.
struct PublishedMedia {
  TrackId track;
  TrackKind kind = TrackKind::Audio;
  // Simulcast encodings by rid, low to high; the index is the spatial layer. Empty: one encoding.
  std::vector<Rid> layers;
  // Few frames are normal then: a layer counts as gone later.
  bool screen_share = false;
  // What ends frames that the server makes itself, so that receivers do not decrypt them; bytes.
  std::string filler_trailer = {};
};

struct SubscribedMedia {
  TrackId track;
  TrackId source;  // the stream of it: what was published as PublishedMedia::track
  Mid mid;         // the m-line it is sent on
  Ssrc ssrc;
  std::optional<Ssrc> rtx_ssrc;
  std::string encoding_name;  // codec to send, as in the plan of `mid`
  std::optional<PlayoutDelay> playout_delay = {};
  std::string cname = {};  // the same for all that is on one clock
};

class PeerTransportListener {
 public:
  virtual ~PeerTransportListener() = default;
  // The peer's connectivity checks get through; DTLS comes next. At most once.
  virtual void on_ice_connected() = 0;
  // ICE and DTLS are up: for the first time, and again whenever the peer was not heard in between.
  virtual void on_connected() = 0;
  // Consent expired or DTLS failed: nothing has been received for ICE's limit.
  virtual void on_failed() = 0;
  virtual void on_data_channel_open(DataChannelKind channel) = 0;
  virtual void on_data(DataChannelKind channel, ByteView message) = 0;
  // buffered_data() was above 16 KB and no longer is.
  virtual void on_data_low(DataChannelKind channel) = 0;
};

class RoomMedia;

// One peer connection of one participant. May call its listener only from the main loop, never from
// inside one of these calls.
class PeerTransport {
 public:
  virtual ~PeerTransport() = default;

  virtual LocalTransport local() const = 0;
  // a=candidate values without "a=", UDP first.
  virtual std::vector<std::string> candidates() const = 0;
  // New ufrag and password; the old ones stay valid until the first check with the new.
  virtual void restart_ice() = 0;
  virtual void set_remote(const RemoteTransport& remote) = 0;
  // Whole state: every m-line of the session in order. Called after each finished negotiation.
  virtual void set_media(const std::vector<sdp::MediaPlan>& sections) = 0;

  // The media received on `mid` is track `media.track` of this room.
  virtual void publish(const Mid& mid, const PublishedMedia& media) = 0;
  virtual void unpublish(const TrackId& track) = 0;
  // What is received as `track` of this room is a track of that name of another room of the same
  // media plane as well, until end_forward() or unpublish(). A track that is not published is not
  // forwarded.
  virtual void forward(const TrackId& track, RoomMedia& to) = 0;
  virtual void end_forward(const TrackId& track, RoomMedia& to) = 0;

  // Sends `media.track` of this room on `media.mid`. The m-line must be in set_media()'s sections.
  virtual void subscribe(const SubscribedMedia& media, const SubscriptionSettings& settings) = 0;
  virtual void update_subscription(const TrackId& track, const SubscriptionSettings& settings) = 0;
  virtual void unsubscribe(const TrackId& track) = 0;

  // The server opens LiveKit's three channels itself (v0 subscriber side).
  virtual void open_data_channels() = 0;
  // False: the channel's buffer of 4 MB is full; the message is dropped.
  virtual bool send_data(DataChannelKind channel, ByteView message) = 0;
  // Bytes of what was sent that wait here; what is on its way to the peer does not count.
  virtual size_t buffered_data(DataChannelKind channel) const = 0;
  // True: on_data() is not called for reliable messages; at a bound the peer is slowed down, for
  // other messages too. False: it is called again, for what was kept first.
  virtual void hold_data(bool hold) = 0;

  // Into the pipeline of another room of the same media plane: the connection stays as it is.
  // Nothing may be published or subscribed to on it.
  virtual void move_to(RoomMedia& room) = 0;

  // Without what only signalling knows: role and candidate_type.
  virtual TransportReport report() const = 0;
};

// One room's pipeline.
class RoomMedia {
 public:
  virtual ~RoomMedia() = default;
  // `name` is for logs and the dot dump. The listener outlives the transport.
  virtual std::unique_ptr<PeerTransport> add_transport(const std::string& name,
                                                       PeerTransportListener& listener) = 0;
  // RFC 6464 level of a published audio track over the last `audio.update_interval`, linear 0..1;
  // 0 when silent or below the active level.
  virtual double audio_level(const TrackId& track) const = 0;
  // Whether any encoding of the track has been received within the last two seconds.
  virtual bool receiving(const TrackId& track) const = 0;
  // The spatial layers of a stream, from the lowest; none before its publisher is connected.
  virtual std::vector<LayerReport> layers(const TrackId& stream) const = 0;
  virtual PipelineGraph graph() const = 0;
  // As Graphviz reads it, with every pad and property.
  virtual std::string dot() const = 0;
};

using RoomMediaFactory = std::function<std::unique_ptr<RoomMedia>(const RoomName& name)>;

}  // namespace gstlk::room
