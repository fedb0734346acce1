// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/session_metrics.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "metrics/labels.h"
#include "room/participant.h"
#include "room/publication.h"
#include "room/signal_tally.h"

namespace gstlk::metrics {
namespace {

// Beyond it all times are one label: whoever unsubscribes and subscribes again would make more.
constexpr uint32_t kMaxTimes = 10;

const std::vector<double> kTrackMilliseconds{100, 200, 500, 700, 1000, 5000, 10000};
const std::vector<double> kDestinations{1, 2, 3, 4, 5, 10, 15, 25, 50};
const std::vector<double> kStreamBytes{128,    512,    2048,    8192,    32768,
                                       131072, 524288, 2097152, 8388608, 33554432};

std::string stream_type(const ::livekit::DataStream_Header& header) {
  if (header.has_text_header()) return "text";
  return header.has_byte_header() ? "bytes" : "unknown";
}

// Of what clients may say, which is anything, the words that are known.
std::string mime_class(const ::livekit::DataStream_Header& header) {
  constexpr std::array<std::string_view, 5> kKnown{"text", "image", "application", "audio",
                                                   "video"};
  std::string word = header.mime_type().substr(0, header.mime_type().find('/'));
  std::ranges::transform(word, word.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::count(kKnown, word) != 0 ? word : "unknown";
}

}  // namespace

SessionMetrics::SessionMetrics(room::Timers& timers, const room::SignalTally& tally)
    : timers_(timers),
      tally_(tally),
      participant_join_(Kind::Counter, "livekit_participant_join_total",
                        "Joins by how far they came.", {"state", "warp"}),
      join_latency_(Kind::Histogram, "livekit_session_join_latency_ms",
                    "From a request to the join response.", {"protocol_version"},
                    exponential(10, 10'000, 15)),
      start_time_(Kind::Histogram, "livekit_session_start_time_ms",
                  "From a join to connected media.", {"protocol_version", "warp"},
                  exponential(100, 10'000, 15)),
      duration_(Kind::Histogram, "livekit_session_duration_ms", "How long participants stayed.",
                {"protocol_version"}, exponential(100, 4. * 60 * 60 * 1000, 15)),
      publish_counter_(Kind::Counter, "livekit_track_publish_counter",
                       "Tracks that were to be published, by what became of it.",
                       {"kind", "state"}),
      subscribe_counter_(Kind::Counter, "livekit_track_subscribe_counter",
                         "Tracks that were to be received, by what became of it.",
                         {"state", "error"}),
      track_time_(Kind::Histogram, "livekit_pubsubtime_ms",
                  "From asking to publish or to receive a track to having it negotiated.",
                  {"direction", "source", "type", "country", "sdk", "kind", "count"},
                  kTrackMilliseconds),
      stream_destinations_(Kind::Histogram, "livekit_datapacket_stream_dest_count",
                           "Participants that a text or byte stream names; 0 is all.",
                           {"type", "mime_type"}, kDestinations),
      stream_bytes_(Kind::Histogram, "livekit_datapacket_stream_bytes",
                    "Size of text and byte streams that say theirs.", {"type", "mime_type"},
                    kStreamBytes),
      messages_(Kind::Counter, "livekit_node_messages", "Messages between clients and us.",
                {"type", "status", "direction"}),
      operations_(Kind::Counter, "livekit_node_service_operation", "Steps of signalling.",
                  {"type", "status", "error_type"}) {}

void SessionMetrics::on_participant_joined(const room::Participant& participant) {
  if (!participant.asked_at()) return;
  participant_join_.add({"signal_connected", ""}, 1);
  participant_join_.add({"rtc_init", ""}, 1);
  participant_join_.add({"rtc_connected", ""}, 1);
  operations_.add({"participant_join", "success", ""}, 1);
  join_latency_.observe({protocol_of(participant)},
                        milliseconds(timers_.now() - *participant.asked_at()));
}

// From another room it comes with its connections.
void SessionMetrics::on_participant_active(const room::Participant& participant) {
  if (!participant.asked_at()) return;
  participant_join_.add({"rtc_active", "false"}, 1);
  start_time_.observe({protocol_of(participant), "false"},
                      milliseconds(timers_.now() - participant.joined_at()));
  operations_.add({"peer_connection", "success", ""}, 1);
}

void SessionMetrics::on_participant_left(const room::Participant& participant) {
  if (!participant.was_active()) {
    participant_join_.add({"rtc_canceled", "false"}, 1);
    return;
  }
  duration_.observe({protocol_of(participant)},
                    milliseconds(timers_.now() - participant.joined_at()));
}

void SessionMetrics::on_negotiation_failed(const room::Participant&) {
  operations_.add({"answer", "error", "remote_description"}, 1);
}

void SessionMetrics::on_track_requested(const room::Publication& publication) {
  requested_[publication.sid()] = timers_.now();
  publish_counter_.add({kind_of(publication), "attempt"}, 1);
}

void SessionMetrics::on_track_published(const room::Publication& publication) {
  publish_counter_.add({kind_of(publication), "success"}, 1);
  const auto requested = requested_.find(publication.sid());
  if (requested == requested_.end()) return;
  observe_time("publish", publication, publication.publisher(), timers_.now() - requested->second,
               1);
  requested_.erase(requested);
}

void SessionMetrics::on_track_cancelled(const room::Publication& publication) {
  publish_counter_.add({kind_of(publication), "cancel"}, 1);
  requested_.erase(publication.sid());
}

void SessionMetrics::on_subscription(const room::SubscriptionEvent& event) {
  using Step = room::SubscriptionEvent::Step;
  switch (event.step) {
    case Step::Requested:
      subscribe_counter_.add({"attempt", ""}, 1);
      break;
    case Step::Succeeded:
      subscribe_counter_.add({"success", ""}, 1);
      observe_time("subscribe", *event.publication, event.subscriber, event.took, event.times);
      break;
    case Step::Failed:
      subscribe_counter_.add({"failure", event.error}, 1);
      break;
    case Step::Cancelled:
      subscribe_counter_.add({"cancel", ""}, 1);
      break;
    case Step::Ended:
      break;
  }
}

void SessionMetrics::observe_time(const char* direction, const room::Publication& publication,
                                  const room::Participant& client, Duration took, uint32_t times) {
  track_time_.observe({direction, source_of(publication), kind_of(publication), "",
                       ::livekit::ClientInfo_SDK_Name(client.client().sdk()),
                       ::livekit::ParticipantInfo_Kind_Name(client.info().kind()),
                       std::to_string(std::min(times, kMaxTimes))},
                      milliseconds(took));
}

void SessionMetrics::on_data_stream(const room::DataStreamEvent& event) {
  const Family::Values values{stream_type(event.header), mime_class(event.header)};
  stream_destinations_.observe(values, static_cast<double>(event.destinations));
  if (event.header.has_total_length())
    stream_bytes_.observe(values, static_cast<double>(event.header.total_length()));
}

void SessionMetrics::read_tally() {
  const auto number = [](uint64_t count) { return static_cast<double>(count); };
  messages_.set({"signal", "success", "request"}, number(tally_.requests));
  messages_.set({"signal", "failure", "request"}, number(tally_.malformed_requests));
  messages_.set({"signal", "success", "response"}, number(tally_.responses));
  operations_.set({"offer", "success", ""}, number(tally_.offers));
  operations_.set({"answer", "success", ""}, number(tally_.answers));
  participant_join_.set({"signal_validation_failed", ""}, number(tally_.refused_joins));
}

std::string SessionMetrics::print(const Labels& constant) {
  read_tally();
  std::string out;
  for (const Family* family : {&participant_join_, &join_latency_, &start_time_, &duration_,
                               &publish_counter_, &subscribe_counter_, &track_time_,
                               &stream_destinations_, &stream_bytes_, &messages_, &operations_}) {
    family->print(constant, out);
  }
  return out;
}

}  // namespace gstlk::metrics
