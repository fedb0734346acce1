// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

// What the media plane has counted, as copies that are at most a second old. Making one touches no
// packet's way.
namespace gstlk::room {

// Of one received or sent stream over its life; bitrate and loss of the last second or report.
struct TrackStats {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // payload
  uint64_t packets_lost = 0;
  uint64_t retransmitted = 0;
  uint64_t out_of_order = 0;  // received streams only
  uint64_t nacks = 0;
  uint64_t keyframe_requests = 0;
  uint64_t firs = 0;  // of those
  Duration jitter{};
  Bitrate bitrate;           // payload
  double fraction_lost = 0;  // 0 to 1

  // Of several streams: their sum, and the worst jitter and fraction_lost.
  TrackStats& operator+=(const TrackStats& other);
};

// Of one track, by the names of its streams: those of its codecs come and go, each with its life.
using StreamStats = std::map<TrackId, TrackStats>;

// One encoding that a participant sends.
struct ReceivedEncoding {
  TrackId stream;  // PublishedMedia::track
  Rid rid;         // empty without simulcast
  TrackStats stats;
};

// The layers that a subscriber is sent; -1 before the first packet.
struct ForwardedLayer {
  int spatial = -1;
  int temporal = -1;
  int target_spatial = -1;  // from its next keyframe on
};

struct SentTrack {
  TrackStats stats;
  ForwardedLayer layer;
};

// One peer connection.
struct TransportReport {
  std::string role;            // "publisher", "subscriber", or "both"
  std::string state;           // of sfu-transport: "connected"
  std::string protocol;        // "udp" or "tcp"; empty while there is no path, as the next two
  std::string remote_address;  // "192.0.2.1:50000"
  std::string candidate_type;  // of the client's: "host", "srflx", "prflx" or "relay"
  Duration age{};              // how long ago everything was as it is here
  Duration round_trip{};       // zero: not known
  uint64_t packets_received = 0;
  uint64_t bytes_received = 0;
  uint64_t packets_sent = 0;
  uint64_t bytes_sent = 0;
  uint64_t malformed = 0;  // datagrams that were none of ours
  std::vector<ReceivedEncoding> received;
  std::map<TrackId, SentTrack> sent;
};

// "TR_x", or "TR_x/h264" for a codec beside the first.
bool is_stream_of(const TrackId& stream, const TrackId& track);

// All connections of a participant.
struct MediaReport {
  std::vector<TransportReport> transports;

  // All encodings of each of the track's streams together.
  StreamStats received_streams(const TrackId& track) const;
  // Those streams together, which is less when one has ended; nullopt when there is none.
  std::optional<TrackStats> received(const TrackId& track) const;
  const SentTrack* sent(const TrackId& track) const;
};

// A spatial layer of a received track.
struct LayerReport {
  Bitrate bitrate;     // whole packets, of the last second
  uint16_t width = 0;  // 0: not known
  uint16_t height = 0;
  bool alive = false;
};

// A pipeline as a picture needs it.
struct PipelineGraph {
  struct Node {
    std::string name;
    std::string factory;  // "sfu-transport"
  };
  struct Edge {
    std::string from;  // a node, and its pad
    std::string from_pad;
    std::string to;
    std::string to_pad;
    std::string track;     // what flows
    std::string encoding;  // "VP8"; empty: not known yet
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

}  // namespace gstlk::room
