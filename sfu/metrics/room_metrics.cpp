// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/room_metrics.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "metrics/labels.h"
#include "room/participant.h"
#include "room/publication.h"
#include "room/room.h"
#include "room/room_registry.h"

namespace gstlk::metrics {
namespace {

constexpr Duration kReadInterval = 5s;
// The elements' own figures are no younger.
constexpr Duration kFresh = 1s;

const std::vector<double> kRoomSeconds{5, 10, 60, 300, 600, 1800, 3600, 7200, 18000, 36000};
const std::vector<double> kPercent{0, 0.1, 0.3, 0.5, 0.7, 1, 5, 10, 40, 100};
const std::vector<double> kRoundTripMilliseconds{50,  100, 150,  200,  250,
                                                 500, 750, 1000, 5000, 10000};
const std::vector<double> kRatings{0, 1, 2};
const std::vector<double> kScores{1, 2, 2.5, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5};
const std::vector<double> kJitterMicroseconds{1000,   10000,  30000,  50000,  70000,
                                              100000, 300000, 600000, 1000000};

// From a rating of 0 to 100 to a mean opinion score, ITU-T G.107 annex B.
double opinion_score(double rating) {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
}

// "udp", "tcp", or "turn" when it is the relay that we hear.
std::string kind_of(const room::TransportReport& transport) {
  return transport.candidate_type == "relay" ? "turn" : transport.protocol;
}

// A figure that starts again after a restart of its stream counts from zero.
double growth(uint64_t now, uint64_t before) {
  return static_cast<double>(now >= before ? now - before : now);
}

}  // namespace

RoomMetrics::RoomMetrics(room::RoomRegistry& rooms, room::Timers& timers)
    : rooms_(rooms),
      timers_(timers),
      room_total_(Kind::Gauge, "livekit_room_total", "Rooms that are open."),
      room_duration_(Kind::Histogram, "livekit_room_duration_seconds",
                     "How long rooms were open that have ended.", {}, kRoomSeconds),
      participant_total_(Kind::Gauge, "livekit_participant_total",
                         "Participants whose media is connected."),
      track_published_(Kind::Gauge, "livekit_track_published_total", "Tracks that are published.",
                       {"kind"}),
      track_subscribed_(Kind::Gauge, "livekit_track_subscribed_total",
                        "Tracks that participants receive.", {"kind"}),
      packets_(Kind::Counter, "livekit_packet_total", "RTP packets of tracks.",
               {"direction", "transmission", "country"}),
      bytes_(Kind::Counter, "livekit_packet_bytes", "Payload of the RTP packets of tracks.",
             {"direction", "transmission", "country"}),
      nacks_(Kind::Counter, "livekit_nack_total", "Packets that were asked for again.",
             {"direction", "country"}),
      plis_(Kind::Counter, "livekit_pli_total", "Keyframes that were asked for by PLI.",
            {"direction", "country"}),
      firs_(Kind::Counter, "livekit_fir_total", "Keyframes that were asked for by FIR.",
            {"direction", "country"}),
      lost_(Kind::Counter, "livekit_packet_loss_total", "RTP packets of tracks that were lost.",
            {"direction", "source", "type", "country"}),
      loss_percent_(Kind::Histogram, "livekit_packet_loss_percent",
                    "Loss of a track between two readings.",
                    {"direction", "source", "type", "country"}, kPercent),
      out_of_order_(Kind::Counter, "livekit_packet_out_of_order_total",
                    "RTP packets of tracks that came after a newer one.",
                    {"direction", "source", "type", "country"}),
      out_of_order_percent_(Kind::Histogram, "livekit_packet_out_of_order_percent",
                            "Share of a track's packets out of order between two readings.",
                            {"direction", "source", "type", "country"}, kPercent),
      jitter_(Kind::Histogram, "livekit_jitter_us", "Jitter of a track at a reading.",
              {"direction", "source", "type", "country"}, kJitterMicroseconds),
      round_trip_(Kind::Histogram, "livekit_rtt_ms", "Round trip to a track's client at a reading.",
                  {"direction", "source", "type", "country"}, kRoundTripMilliseconds),
      connections_(Kind::Counter, "livekit_connection_total",
                   "Participants whose media connected, by the way.", {"kind"}),
      connection_states_(Kind::Gauge, "livekit_peer_connection_state",
                         "Peer connections by their state.", {"transport", "state"}),
      relayed_(Kind::Gauge, "livekit_turn_relay_sessions",
               "Participants whose media comes through a TURN server."),
      web_sockets_(Kind::Gauge, "livekit_ws_connections", "Participants with a WebSocket."),
      quality_rating_(
          Kind::Histogram, "livekit_quality_rating",
          "Connection quality of participants at a reading: 0 poor, 1 good, 2 excellent.", {},
          kRatings),
      quality_score_(Kind::Histogram, "livekit_quality_score",
                     "Connection quality of participants as a mean opinion score.", {}, kScores) {
  room_total_.set({}, 0);
  participant_total_.set({}, 0);
}

void RoomMetrics::on_room_started(const room::Room& room) {
  started_[room.sid()] = timers_.now();
  room_total_.add({}, 1);
  start();
}

void RoomMetrics::on_room_finished(const room::Room& room) {
  const auto started = started_.find(room.sid());
  if (started == started_.end()) return;
  room_total_.add({}, -1);
  room_duration_.observe({}, milliseconds(timers_.now() - started->second) / 1000);
  started_.erase(started);
}

void RoomMetrics::on_participant_active(const room::Participant&) { participant_total_.add({}, 1); }

void RoomMetrics::on_participant_left(const room::Participant& participant) {
  if (participant.was_active()) participant_total_.add({}, -1);
}

void RoomMetrics::on_track_published(const room::Publication& publication) {
  track_published_.add({kind_of(publication)}, 1);
}

void RoomMetrics::on_track_unpublished(const room::Publication& publication) {
  track_published_.add({kind_of(publication)}, -1);
}

// While there is a room.
void RoomMetrics::start() {
  if (timer_ || started_.empty()) return;
  timer_ = timers_.call_later(kReadInterval, [this] {
    timer_.reset();
    read();
    start();
  });
}

void RoomMetrics::read() {
  read_at_ = timers_.now();
  Seen seen;
  Connected connected;
  track_subscribed_.clear();
  connection_states_.clear();
  relayed_.set({}, 0);
  web_sockets_.set({}, 0);
  rooms_.for_each_room([&](room::Room& room) {
    room.for_each_participant(
        [&](room::Participant& participant) { read_participant(participant, seen, connected); });
  });
  seen_ = std::move(seen);
  connected_ = std::move(connected);
}

void RoomMetrics::read_connections(room::Participant& participant, const room::MediaReport& report,
                                   Connected& connected) {
  if (participant.has_link()) web_sockets_.add({}, 1);
  for (const room::TransportReport& transport : report.transports)
    connection_states_.add({transport.role, transport.state}, 1);
  const auto path = std::ranges::find_if(
      report.transports, [](const auto& transport) { return !transport.protocol.empty(); });
  if (path != report.transports.end() && participant.is_active()) {
    if (!connected_.contains(participant.sid())) connections_.add({kind_of(*path)}, 1);
    if (kind_of(*path) == "turn") relayed_.add({}, 1);
    connected.insert(participant.sid());
  }
  if (const auto quality = participant.room().reports().quality(participant.sid())) {
    // Their numbers are no scale: lost is the last.
    const auto rating =
        quality->quality == ::livekit::LOST ? 0 : static_cast<int>(quality->quality);
    quality_rating_.observe({}, rating);
    quality_score_.observe({}, opinion_score(quality->score));
  }
}

void RoomMetrics::read_round_trip(const room::Publication& publication,
                                  const room::MediaReport& report, bool incoming) {
  const char* other = incoming ? "subscriber" : "publisher";
  for (const room::TransportReport& transport : report.transports) {
    if (transport.role == other || transport.round_trip == Duration{}) continue;
    round_trip_.observe(
        {incoming ? "incoming" : "outgoing", source_of(publication), kind_of(publication), ""},
        milliseconds(transport.round_trip));
  }
}

void RoomMetrics::read_participant(room::Participant& participant, Seen& seen,
                                   Connected& connected) {
  if (participant.is_forwarded()) return;
  const room::MediaReport report = participant.media().report();
  read_connections(participant, report, connected);
  for (const room::Publication* publication : participant.publications().published()) {
    read_round_trip(*publication, report, true);
    for (const auto& [stream, stats] : report.received_streams(publication->sid()))
      read_track({ParticipantId(), stream, true}, *publication, stats, seen);
  }
  for (const TrackId& track : participant.subscriptions().active()) {
    const room::Publication* publication = participant.room().find_track(track);
    if (!publication) continue;
    track_subscribed_.add({kind_of(*publication)}, 1);
    read_round_trip(*publication, report, false);
    if (const room::SentTrack* sent = report.sent(track))
      read_track({participant.sid(), track, false}, *publication, sent->stats, seen);
  }
}

void RoomMetrics::read_track(const Key& key, const room::Publication& publication,
                             const room::TrackStats& stats, Seen& seen) {
  const bool incoming = std::get<bool>(key);
  const std::string direction = incoming ? "incoming" : "outgoing";
  const auto old = seen_.find(key);
  const room::TrackStats before = old == seen_.end() ? room::TrackStats{} : old->second;
  const double packets = growth(stats.packets, before.packets);
  // Loss can shrink, when what was late arrives; a counter cannot.
  const double lost = stats.packets_lost > before.packets_lost
                          ? growth(stats.packets_lost, before.packets_lost)
                          : 0;
  packets_.add({direction, "initial", ""}, packets);
  packets_.add({direction, "retransmit", ""}, growth(stats.retransmitted, before.retransmitted));
  bytes_.add({direction, "initial", ""}, growth(stats.bytes, before.bytes));
  // The direction of the request, as LiveKit counts: of the track that it is about.
  nacks_.add({direction, ""}, growth(stats.nacks, before.nacks));
  const double firs = growth(stats.firs, before.firs);
  plis_.add({direction, ""},
            std::max(growth(stats.keyframe_requests, before.keyframe_requests) - firs, 0.));
  firs_.add({direction, ""}, firs);
  const Family::Values stream{direction, source_of(publication), kind_of(publication), ""};
  lost_.add(stream, lost);
  if (incoming) read_order(stream, stats, before);
  if (packets + lost > 0) {
    loss_percent_.observe(stream, 100 * lost / (packets + lost));
    jitter_.observe(stream, milliseconds(stats.jitter) * 1000);
  }
  room::TrackStats kept = stats;
  kept.packets_lost = std::max(stats.packets_lost, before.packets_lost);
  seen.emplace(key, kept);
}

// Only of what is received: it is sent in the order in which it comes.
void RoomMetrics::read_order(const Family::Values& stream, const room::TrackStats& stats,
                             const room::TrackStats& before) {
  const double packets = growth(stats.packets, before.packets);
  const double out_of_order = growth(stats.out_of_order, before.out_of_order);
  out_of_order_.add(stream, out_of_order);
  if (packets > 0) out_of_order_percent_.observe(stream, 100 * out_of_order / packets);
}

std::string RoomMetrics::print(const Labels& constant) {
  if (timers_.now() - read_at_ >= kFresh) read();
  std::string out;
  for (const Family* family : {&room_total_,
                               &room_duration_,
                               &participant_total_,
                               &track_published_,
                               &track_subscribed_,
                               &packets_,
                               &bytes_,
                               &nacks_,
                               &plis_,
                               &firs_,
                               &lost_,
                               &loss_percent_,
                               &out_of_order_,
                               &out_of_order_percent_,
                               &jitter_,
                               &round_trip_,
                               &connections_,
                               &connection_states_,
                               &relayed_,
                               &web_sockets_,
                               &quality_rating_,
                               &quality_score_}) {
    family->print(constant, out);
  }
  return out;
}

}  // namespace gstlk::metrics
