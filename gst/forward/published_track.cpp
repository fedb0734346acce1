// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/published_track.h"

#include <algorithm>

#include "rtp/codec/payload_parser.h"
#include "rtp/header_extension.h"

namespace gstlk::forward {

namespace {

// Silence that means a layer has stopped. A camera that goes below two frames a second is rare, a
// screen that does not change is not.
constexpr Duration kCameraSilence = 700ms;
constexpr Duration kScreenSilence = 2500ms;

// A sender that starts over keeps its SSRC and jumps in its numbers (RFC 3550 appendix A.1). What
// is behind by as much came too late for everybody: rtp::ReceiveSession lets nothing such through.
constexpr int64_t kMaxMisorder = 2048;
constexpr int64_t kMaxDropout = 3000;

// Above all that have those 16 bits, and with the same for the next packet.
int64_t sequence_above(int64_t newest) { return ((newest >> 16) + 2) * 65536; }

}  // namespace

bool uses_dependency_descriptor(rtp::Codec codec) {
  return codec == rtp::Codec::Av1 || codec == rtp::Codec::Vp9;
}

PublishedTrack::PublishedTrack(const PublishedTrackConfig& config)
    : config_(config), clocks_(config.clock_rate) {
  config_.encodings = std::clamp<uint8_t>(config.encodings, 1, kMaxSpatialLayers);
  trackers_.fill(StreamTracker(config.screen_share ? kScreenSilence : kCameraSilence));
  for (Encoding& encoding : encodings_) encoding.generation = config.start.generation;
}

TrackStart PublishedTrack::next_start() const {
  uint8_t used = 0;  // generations above the first
  int64_t sequence = config_.start.sequence;
  for (const Encoding& encoding : encodings_) {
    used = std::max(used, static_cast<uint8_t>(encoding.generation - config_.start.generation));
    if (encoding.ssrc) sequence = std::max(sequence, sequence_above(encoding.newest_sequence));
  }
  return {static_cast<uint8_t>(config_.start.generation + used + 1), sequence};
}

bool PublishedTrack::is_svc() const {
  return config_.encodings == 1 && uses_dependency_descriptor(config_.codec);
}

bool PublishedTrack::goes_on(const Encoding& encoding, const rtp::PacketView& packet) {
  if (encoding.ssrc != packet.ssrc()) return false;
  const int64_t ahead = encoding.sequence_base + encoding.sequences.peek(packet.sequence_number()) -
                        encoding.newest_sequence;
  return ahead > -kMaxMisorder && ahead < kMaxDropout;
}

// A new SSRC or a jump starts the encoding anew. Its sequence numbers go on above all those before,
// so that retransmission stores need not know, and keep their low 16 bits.
void PublishedTrack::follow_source(Encoding& encoding, uint8_t index,
                                   const rtp::PacketView& packet) {
  if (goes_on(encoding, packet)) return;
  if (encoding.ssrc) {
    ++encoding.generation;
    encoding.repeats_parameter_sets = false;
    encoding.sequence_base = sequence_above(encoding.newest_sequence);
    encoding.sequences.reset();
    encoding.timestamps.reset();
    encoding.dependencies.reset();
    clocks_.restart(index);
  } else {
    encoding.sequence_base = config_.start.sequence;
  }
  encoding.ssrc = packet.ssrc();
  encoding.newest_sequence = encoding.sequence_base + packet.sequence_number();
}

std::optional<ReceivedPacket> PublishedTrack::receive(uint8_t index, ByteView rtp,
                                                      const ExtensionIds& ids, Timestamp now) {
  if (index >= config_.encodings) return std::nullopt;
  Encoding& encoding = encodings_[index];
  const auto view = rtp::PacketView::parse(rtp);
  if (!view) {
    ++encoding.stats.malformed;
    return std::nullopt;
  }
  follow_source(encoding, index, *view);
  ReceivedPacket packet;
  packet.bytes = rtp;
  packet.payload = view->payload();
  packet.arrival = now;
  packet.encoding = index;
  packet.generation = encoding.generation;
  packet.marker = view->marker();
  packet.sequence = encoding.sequence_base + encoding.sequences.peek(view->sequence_number());
  packet.timestamp = encoding.timestamps.peek(view->timestamp());
  packet.late = packet.sequence < encoding.newest_sequence;
  if (!read_payload(encoding, *view, ids, packet)) {
    ++encoding.stats.malformed;
    return std::nullopt;
  }
  if (!packet.late) {
    encoding.sequences.unwrap(view->sequence_number());
    encoding.newest_sequence = packet.sequence;
    encoding.newest_timestamp = encoding.timestamps.unwrap(view->timestamp());
    if (!packet.padding_only()) clocks_.handle_packet(index, packet.timestamp, now);
  }
  ++encoding.stats.packets;
  encoding.stats.bytes += rtp.size();
  encoding.rate.add(rtp.size(), now);
  track_layers(packet, now);
  return packet;
}

bool PublishedTrack::read_payload(Encoding& encoding, const rtp::PacketView& view,
                                  const ExtensionIds& ids, ReceivedPacket& packet) {
  packet.descriptor.codec = config_.codec;
  if (packet.padding_only()) return true;
  const auto descriptor = rtp::parse_payload(config_.codec, packet.payload, packet.marker);
  if (!descriptor) return false;
  packet.descriptor = *descriptor;
  start_at_parameter_sets(encoding, packet.descriptor);
  if (uses_dependency_descriptor(config_.codec) && ids.dependency_descriptor != 0) {
    packet.descriptor_bytes = rtp::find_extension(view, ids.dependency_descriptor);
    if (!packet.descriptor_bytes.empty()) read_dependency(encoding, packet);
  }
  if (packet.descriptor.width > 0) {
    encoding.stats.width = packet.descriptor.width;
    encoding.stats.height = packet.descriptor.height;
  }
  return true;
}

// Of a sender that repeats them in front of its keyframes (H.264, H.265): behind lost ones a
// keyframe is no place to start.
void PublishedTrack::start_at_parameter_sets(Encoding& encoding,
                                             rtp::PayloadDescriptor& descriptor) {
  if (!descriptor.keyframe) return;
  if (descriptor.parameter_sets) {
    encoding.repeats_parameter_sets = true;
    encoding.bare_keyframes = 0;
    return;
  }
  // Once is a loss; again, and its parameter sets came at the beginning alone.
  if (!encoding.repeats_parameter_sets || ++encoding.bare_keyframes > 1) {
    encoding.repeats_parameter_sets = false;
    return;
  }
  descriptor.keyframe = descriptor.switching_point = false;
}

// Where there is a dependency descriptor it is the one to believe.
void PublishedTrack::read_dependency(Encoding& encoding, ReceivedPacket& packet) {
  const auto dependency = encoding.dependencies.parse(packet.descriptor_bytes);
  if (!dependency) return;
  packet.has_dependency = true;
  packet.dependency = *dependency;
  rtp::PayloadDescriptor& descriptor = packet.descriptor;
  descriptor.keyframe = dependency->has_structure && dependency->first_packet_in_frame;
  descriptor.start_of_frame = dependency->first_packet_in_frame;
  descriptor.end_of_frame = dependency->last_packet_in_frame;
  descriptor.spatial = dependency->spatial;
  descriptor.temporal = dependency->temporal;
  if (dependency->width > 0) {
    descriptor.width = dependency->width;
    descriptor.height = dependency->height;
  }
}

void PublishedTrack::track_layers(const ReceivedPacket& packet, Timestamp now) {
  if (packet.padding_only()) return;
  const size_t layer = is_svc() ? packet.descriptor.spatial : packet.encoding;
  if (layer >= kMaxSpatialLayers) return;
  // A track that was silent altogether was muted, not short of bandwidth.
  const auto alive = [now](const StreamTracker& tracker) { return tracker.alive(now); };
  if (!alive(trackers_[layer]) && std::ranges::none_of(trackers_, alive)) {
    for (StreamTracker& tracker : trackers_) tracker.expect();
  }
  trackers_[layer].handle_packet(now);
  layer_rates_[layer].add(packet.bytes.size(), now);
}

void PublishedTrack::handle_sender_report(uint8_t index, NtpTime ntp, uint32_t rtp_timestamp,
                                          Timestamp now) {
  if (index >= config_.encodings || !encodings_[index].timestamps.started()) return;
  clocks_.handle_sender_report(index, ntp, encodings_[index].timestamps.peek(rtp_timestamp));
}

void PublishedTrack::expect_layer(uint8_t spatial) {
  if (spatial < kMaxSpatialLayers) trackers_[spatial].expect();
}

TrackState PublishedTrack::state(Timestamp now) const {
  TrackState state;
  state.encodings = config_.encodings;
  state.svc = is_svc();
  for (size_t layer = 0; layer < kMaxSpatialLayers; ++layer)
    if (trackers_[layer].alive(now)) state.alive |= static_cast<uint8_t>(1 << layer);
  state.clocks = clocks_.clocks();
  return state;
}

std::optional<Timestamp> PublishedTrack::next_timeout(Timestamp now) const {
  std::optional<Timestamp> next;
  for (const StreamTracker& tracker : trackers_) {
    const auto timeout = tracker.next_timeout(now);
    if (timeout && (!next || *timeout < *next)) next = timeout;
  }
  return next;
}

EncodingStats PublishedTrack::stats(uint8_t index, Timestamp now) const {
  if (index >= config_.encodings) return {};
  EncodingStats stats = encodings_[index].stats;
  stats.bitrate = encodings_[index].rate.rate(now);
  return stats;
}

Bitrate PublishedTrack::layer_bitrate(uint8_t spatial, Timestamp now) const {
  return spatial < kMaxSpatialLayers ? layer_rates_[spatial].rate(now) : Bitrate{};
}

}  // namespace gstlk::forward
