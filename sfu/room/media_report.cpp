// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/media_report.h"

#include <algorithm>

namespace gstlk::room {

TrackStats& TrackStats::operator+=(const TrackStats& other) {
  packets += other.packets;
  bytes += other.bytes;
  packets_lost += other.packets_lost;
  retransmitted += other.retransmitted;
  out_of_order += other.out_of_order;
  nacks += other.nacks;
  keyframe_requests += other.keyframe_requests;
  firs += other.firs;
  jitter = std::max(jitter, other.jitter);
  bitrate.bps += other.bitrate.bps;
  fraction_lost = std::max(fraction_lost, other.fraction_lost);
  return *this;
}

bool is_stream_of(const TrackId& stream, const TrackId& track) {
  return stream == track ||
         (stream.value.starts_with(track.value) && stream.value[track.value.size()] == '/');
}

StreamStats MediaReport::received_streams(const TrackId& track) const {
  StreamStats streams;
  for (const TransportReport& transport : transports) {
    for (const ReceivedEncoding& encoding : transport.received) {
      if (is_stream_of(encoding.stream, track)) streams[encoding.stream] += encoding.stats;
    }
  }
  return streams;
}

std::optional<TrackStats> MediaReport::received(const TrackId& track) const {
  const StreamStats streams = received_streams(track);
  if (streams.empty()) return std::nullopt;
  TrackStats sum;
  for (const auto& [stream, stats] : streams) sum += stats;
  return sum;
}

const SentTrack* MediaReport::sent(const TrackId& track) const {
  for (const TransportReport& transport : transports) {
    const auto found = transport.sent.find(track);
    if (found != transport.sent.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace gstlk::room
