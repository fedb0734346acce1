// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/room_statistics.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "metrics/json_writer.h"
#include "room/layer_choice.h"
#include "room/layer_reason.h"
#include "room/participant.h"
#include "room/publication.h"
#include "room/room.h"
#include "room/room_registry.h"

namespace gstlk::metrics {
namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

int64_t unix_ms(room::Timers& timers) { return timers.unix_micros() / 1000; }

void add_round_trip(JsonWriter& json, const char* name, Duration time) {
  if (time == Duration{}) {
    json.null_member(name);
  } else {
    json.member(name, milliseconds(time));
  }
}

void add_stats(JsonWriter& json, const room::TrackStats& stats) {
  json.member("bitrate", stats.bitrate.bps);
  json.member("packets", stats.packets);
  json.member("bytes", stats.bytes);
  json.member("packets_lost", stats.packets_lost);
  json.member("loss", stats.fraction_lost);
  json.member("jitter", milliseconds(stats.jitter));
  json.member("retransmitted", stats.retransmitted);
  json.member("nacks", stats.nacks);
  json.member("keyframe_requests", stats.keyframe_requests);
}

using SubscriberCounts = std::map<TrackId, size_t>;

SubscriberCounts count_subscribers(const room::Room& room) {
  SubscriberCounts counts;
  room.for_each_participant([&](room::Participant& participant) {
    for (const TrackId& track : participant.subscriptions().active()) ++counts[track];
  });
  return counts;
}

// What is asked for once for a room, not for each of its subscriptions.
class RoomView {
 public:
  RoomView(room::Room& room, Addresses addresses)
      : room_(room), addresses_(addresses), subscribers_(count_subscribers(room)) {}

  room::Room& room() const { return room_; }
  bool shows_addresses() const { return addresses_ == Addresses::Shown; }
  size_t subscribers_of(const TrackId& track) const {
    const auto found = subscribers_.find(track);
    return found == subscribers_.end() ? 0 : found->second;
  }
  const std::vector<room::LayerReport>& layers(const TrackId& stream) {
    const auto [found, is_new] = layers_.try_emplace(stream);
    if (is_new) found->second = room_.media().layers(stream);
    return found->second;
  }

 private:
  room::Room& room_;
  const Addresses addresses_;
  const SubscriberCounts subscribers_;
  std::map<TrackId, std::vector<room::LayerReport>> layers_;
};

void add_client(JsonWriter& json, const ::livekit::ClientInfo& client, const RoomView& view) {
  json.object("client", [&] {
    json.member("sdk", ::livekit::ClientInfo::SDK_Name(client.sdk()));
    json.member("version", client.version());
    json.member("protocol", client.protocol());
    json.member("os", client.os());
    json.member("os_version", client.os_version());
    json.member("browser", client.browser());
    json.member("browser_version", client.browser_version());
    json.member("device_model", client.device_model());
    json.member("network", client.network());
    if (view.shows_addresses()) json.member("address", client.address());
  });
}

void add_transport(JsonWriter& json, const room::TransportReport& transport, const RoomView& view) {
  json.object([&] {
    json.member("role", transport.role);
    json.member("age", milliseconds(transport.age));
    json.member("state", transport.state);
    json.member("protocol", transport.protocol);
    json.member("candidate_type", transport.candidate_type);
    if (view.shows_addresses()) json.member("remote_address", transport.remote_address);
    add_round_trip(json, "round_trip", transport.round_trip);
    json.member("packets_received", transport.packets_received);
    json.member("bytes_received", transport.bytes_received);
    json.member("packets_sent", transport.packets_sent);
    json.member("bytes_sent", transport.bytes_sent);
    json.member("malformed", transport.malformed);
  });
}

void add_encodings(JsonWriter& json, const TrackId& track, const room::MediaReport& report) {
  json.array("encodings", [&] {
    for (const room::TransportReport& transport : report.transports) {
      for (const room::ReceivedEncoding& encoding : transport.received) {
        if (!room::is_stream_of(encoding.stream, track)) continue;
        json.object([&] {
          json.member("stream", encoding.stream.value);
          json.member("rid", encoding.rid.value);
          add_stats(json, encoding.stats);
        });
      }
    }
  });
}

void add_layers(JsonWriter& json, RoomView& view, const room::Publication& publication) {
  json.array("layers", [&] {
    for (const auto& [stream, upstream] : publication.streams()) {
      const auto& layers = view.layers(stream);
      for (size_t i = 0; i < layers.size(); ++i) {
        json.object([&] {
          json.member("stream", stream.value);
          json.member("spatial", i);
          json.member("rid", i < upstream.rids.size() ? upstream.rids[i].value : "");
          json.member("bitrate", layers[i].bitrate.bps);
          json.member("width", layers[i].width);
          json.member("height", layers[i].height);
          json.member("alive", layers[i].alive);
        });
      }
    }
  });
}

void add_track(JsonWriter& json, RoomView& view, const room::Publication& publication,
               const room::MediaReport& report) {
  json.object([&] {
    const ::livekit::TrackInfo& info = publication.info();
    json.member("sid", info.sid());
    json.member("name", info.name());
    json.member("kind", ::livekit::TrackType_Name(info.type()));
    json.member("source", ::livekit::TrackSource_Name(info.source()));
    json.member("mime_type", info.mime_type());
    json.member("muted", info.muted());
    json.member("encrypted", info.encryption() != ::livekit::Encryption::NONE);
    json.member("subscribers", view.subscribers_of(publication.sid()));
    add_stats(json, report.received(publication.sid()).value_or(room::TrackStats{}));
    add_encodings(json, publication.sid(), report);
    if (publication.kind() == room::TrackKind::Video) add_layers(json, view, publication);
  });
}

// The stream of the track that a subscriber gets.
TrackId source_of(const room::Publication& publication, const std::string& codec) {
  const auto found = publication.sources().find(codec);
  return found == publication.sources().end() ? publication.sid() : found->second;
}

void add_layer(JsonWriter& json, RoomView& view, const room::Publication& publication,
               const room::Subscription& subscription,
               const ::livekit::UpdateTrackSettings& settings,
               const room::ForwardedLayer& forwarded) {
  const ::livekit::TrackInfo& info = publication.info();
  std::vector<room::LayerReport> layers;
  if (publication.kind() == room::TrackKind::Video)
    layers = view.layers(source_of(publication, subscription.codec));
  const room::LayerReason reason =
      room::layer_reason({subscription.bound, subscription.affordable, subscription.starved,
                          forwarded, subscription.codec},
                         settings, info, layers);
  json.object("layer", [&] {
    json.member("spatial", forwarded.spatial);
    json.member("temporal", forwarded.temporal);
    json.member("target_spatial", forwarded.target_spatial);
    json.member("reason", room::words_of(reason));
    if (publication.kind() != room::TrackKind::Video) return;
    json.member("requested_quality", ::livekit::VideoQuality_Name(room::wanted_quality(
                                         settings, room::layers_of(info, subscription.codec))));
    json.member("requested_width", settings.width());
    json.member("requested_height", settings.height());
    const auto current = static_cast<size_t>(std::max(forwarded.spatial, 0));
    const bool known = forwarded.spatial >= 0 && current < layers.size();
    json.member("width", known ? layers[current].width : 0);
    json.member("height", known ? layers[current].height : 0);
  });
}

void add_subscription(JsonWriter& json, RoomView& view, room::Participant& subscriber,
                      const TrackId& track, const room::Subscription& subscription,
                      const room::MediaReport& report) {
  const room::Publication* publication = view.room().find_track(track);
  if (!subscription.active || !publication) return;
  json.object([&] {
    json.member("track", track.value);
    json.member("publisher", publication->publisher().identity().value);
    json.member("kind", ::livekit::TrackType_Name(publication->info().type()));
    json.member("source", ::livekit::TrackSource_Name(publication->info().source()));
    json.member("codec", subscription.codec);
    const room::SentTrack* sent = report.sent(track);
    add_stats(json, sent ? sent->stats : room::TrackStats{});
    add_layer(json, view, *publication, subscription,
              subscriber.subscriptions().settings_of(subscription),
              sent ? sent->layer : room::ForwardedLayer{});
  });
}

void add_participant(JsonWriter& json, RoomView& view, room::Participant& participant,
                     const room::MediaReport& report) {
  json.object([&] {
    const ::livekit::ParticipantInfo info = participant.info();
    json.member("identity", info.identity());
    json.member("sid", info.sid());
    json.member("name", info.name());
    json.member("state", ::livekit::ParticipantInfo::State_Name(info.state()));
    json.member("kind", ::livekit::ParticipantInfo::Kind_Name(info.kind()));
    json.member("hidden", participant.is_hidden());
    json.member("joined_at", info.joined_at_ms());
    const auto quality = participant.room().reports().quality(participant.sid());
    json.member("connection_quality",
                quality ? ::livekit::ConnectionQuality_Name(quality->quality) : "");
    json.member("connection_score", quality ? quality->score : 0.0);
    add_round_trip(json, "signal_round_trip", participant.ice().round_trip());
    add_client(json, participant.client(), view);
    json.array("transports", [&] {
      for (const room::TransportReport& transport : report.transports)
        add_transport(json, transport, view);
    });
    json.array("tracks", [&] {
      for (const room::Publication* publication : participant.publications().published())
        add_track(json, view, *publication, report);
    });
    json.array("subscriptions", [&] {
      for (const auto& [track, subscription] : participant.subscriptions().all())
        add_subscription(json, view, participant, track, subscription, report);
    });
  });
}

// Of a room, or of several.
struct Totals {
  size_t participants = 0;
  size_t publishers = 0;
  size_t tracks = 0;
  size_t subscriptions = 0;
  uint64_t bitrate_received = 0;
  uint64_t bitrate_sent = 0;

  void add(const room::Participant& participant, const room::MediaReport& report) {
    const size_t published = participant.publications().published().size();
    ++participants;
    publishers += published > 0;
    tracks += published;
    for (const room::TransportReport& transport : report.transports) {
      subscriptions += transport.sent.size();
      for (const auto& encoding : transport.received)
        bitrate_received += encoding.stats.bitrate.bps;
      for (const auto& [track, sent] : transport.sent) bitrate_sent += sent.stats.bitrate.bps;
    }
  }
  void print(JsonWriter& json) const {
    json.member("num_participants", participants);
    json.member("num_publishers", publishers);
    json.member("num_tracks", tracks);
    json.member("num_subscriptions", subscriptions);
    json.member("bitrate_received", bitrate_received);
    json.member("bitrate_sent", bitrate_sent);
  }
};

using Reports = std::vector<std::pair<room::Participant*, room::MediaReport>>;

Reports read_reports(const room::Room& room) {
  Reports reports;
  room.for_each_participant([&](room::Participant& participant) {
    reports.emplace_back(&participant, participant.media().report());
  });
  return reports;
}

void add_room(JsonWriter& json, const room::Room& room, const Reports& reports) {
  const ::livekit::Room info = room.info();
  json.member("name", info.name());
  json.member("sid", info.sid());
  json.member("created_at", info.creation_time_ms());
  json.member("metadata", info.metadata());
  json.member("active_recording", info.active_recording());
  Totals totals;
  for (const auto& [participant, report] : reports) totals.add(*participant, report);
  totals.print(json);
}

void add_server(JsonWriter& json, const room::Settings& settings, const ServerStatistics& server) {
  json.object("server", [&] {
    json.member("version", server.version);
    json.member("node_id", settings.node_id);
    json.member("region", settings.region);
    json.member("uptime", server.uptime);
  });
}

}  // namespace

std::string print_rooms(room::RoomRegistry& rooms, const ServerStatistics& server) {
  JsonWriter json;
  json.object([&] {
    json.member("time", unix_ms(rooms.timers()));
    add_server(json, rooms.settings(), server);
    json.array("rooms", [&] {
      rooms.for_each_room([&](room::Room& room) {
        json.object([&] { add_room(json, room, read_reports(room)); });
      });
    });
  });
  return json.text();
}

std::string print_room(room::Room& room, const ServerStatistics& server, Addresses addresses) {
  RoomView view(room, addresses);
  const Reports reports = read_reports(room);
  JsonWriter json;
  json.object([&] {
    json.member("time", unix_ms(room.timers()));
    add_server(json, room.settings(), server);
    json.object("room", [&] { add_room(json, room, reports); });
    json.array("participants", [&] {
      for (const auto& [participant, report] : reports)
        add_participant(json, view, *participant, report);
    });
  });
  return json.text();
}

std::string print_graph(const room::PipelineGraph& graph) {
  JsonWriter json;
  json.object([&] {
    json.array("nodes", [&] {
      for (const auto& node : graph.nodes) {
        json.object([&] {
          json.member("name", node.name);
          json.member("factory", node.factory);
        });
      }
    });
    json.array("edges", [&] {
      for (const auto& edge : graph.edges) {
        json.object([&] {
          json.member("from", edge.from);
          json.member("from_pad", edge.from_pad);
          json.member("to", edge.to);
          json.member("to_pad", edge.to_pad);
          json.member("track", edge.track);
          json.member("encoding", edge.encoding);
        });
      }
    });
  });
  return json.text();
}

}  // namespace gstlk::metrics
