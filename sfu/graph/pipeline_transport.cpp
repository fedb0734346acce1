// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph/pipeline_transport.h"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "graph/room_pipeline.h"
#include "plugins/sfu/gstsfutransport.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/worker.h"

namespace gstlk::graph {
namespace {

struct ChannelNames {
  room::DataChannelKind kind;
  const char* label;
  bool ordered;
  int max_retransmits;  // -1: reliable
};
constexpr std::array kChannels = {
    ChannelNames{room::DataChannelKind::Reliable, "_reliable", true, -1},
    ChannelNames{room::DataChannelKind::Lossy, "_lossy", false, 0},
    ChannelNames{room::DataChannelKind::DataTrack, "_data_track", false, 0},
};

room::DataChannelKind channel_of(std::string_view label) {
  for (const ChannelNames& channel : kChannels) {
    if (label == channel.label) return channel.kind;
  }
  return room::DataChannelKind::Raw;
}

bool loses_nothing(room::DataChannelKind kind) {
  return kind == room::DataChannelKind::Reliable || kind == room::DataChannelKind::Raw;
}

const char* label_of(room::DataChannelKind kind) {
  return kChannels[static_cast<size_t>(kind)].label;
}

sfu::MediaSection section_of(const sdp::MediaPlan& plan) {
  sfu::MediaSection section;
  section.mid = plan.mid;
  section.application = plan.kind == sdp::MediaKind::Application;
  section.video = plan.kind == sdp::MediaKind::Video;
  section.receive = plan.receive;
  section.send = plan.send;
  section.extension_uris = plan.extensions;
  section.rids = plan.rids;
  section.sctp_port = plan.sctp_port;
  for (const sdp::AnnouncedSsrc& ssrc : plan.ssrcs)
    section.ssrcs.push_back({ssrc.primary, ssrc.rtx});
  for (const sdp::Format& format : plan.formats) {
    sfu::MediaSection::Format out;
    out.receive.payload_type = format.payload_type;
    out.receive.codec = rtp::codec_from_name(format.encoding_name);
    out.receive.clock_rate = format.clock_rate;
    out.receive.apt = format.apt;
    out.receive.nack = format.nack;
    out.receive.pli = format.pli;
    out.receive.fir = format.fir;
    out.receive.transport_cc = format.transport_cc;
    out.encoding_name = format.encoding_name;
    out.channels = format.channels;
    out.fmtp = format.fmtp;
    section.formats.push_back(std::move(out));
  }
  return section;
}

std::string string_property(GstElement* element, const char* name) {
  gchar* value = nullptr;
  g_object_get(element, name, &value, nullptr);
  std::string text = value ? value : "";
  g_free(value);
  return text;
}

std::string state_of(GstElement* element) {
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(element), "state", &value);
  auto* enum_class = static_cast<GEnumClass*>(g_type_class_peek(G_VALUE_TYPE(&value)));
  std::string nick = g_enum_get_value(enum_class, g_value_get_enum(&value))->value_nick;
  g_value_unset(&value);
  return nick;
}

uint64_t not_negative(int64_t lost) { return static_cast<uint64_t>(std::max<int64_t>(lost, 0)); }

room::TrackStats track_stats(const sfu::PeerStats::Received& received) {
  const rtp::ReceiveStats& stats = received.stats;
  return {.packets = stats.packets,
          .bytes = stats.bytes,
          .packets_lost = not_negative(stats.lost),
          .retransmitted = stats.retransmitted,
          .out_of_order = stats.out_of_order,
          .nacks = stats.nacks_sent,
          .keyframe_requests = stats.keyframe_requests_sent,
          .firs = stats.firs_sent,
          .jitter = stats.jitter,
          .bitrate = received.bitrate,
          .fraction_lost = stats.fraction_lost / 256.0};
}

int milliseconds(Duration delay) {
  return static_cast<int>(std::clamp<int64_t>(delay / 1ms, 0, 40950));
}

room::TrackStats track_stats(const sfu::PeerStats::Sent& sent) {
  const rtp::SendStats& stats = sent.stats;
  return {.packets = stats.packets,
          .bytes = stats.bytes,
          .packets_lost = not_negative(stats.cumulative_lost),
          .retransmitted = sent.retransmitted,
          .nacks = stats.nacks_received,
          .keyframe_requests = stats.keyframe_requests_received,
          .firs = stats.firs_received,
          .jitter = stats.jitter,
          .bitrate = sent.bitrate,
          .fraction_lost = stats.fraction_lost / 256.0};
}

}  // namespace

// Carries what the element's signals say on a worker's thread to the listener on the main loop, in
// order. Outlives the transport while something is under way; `listener` is null from then on.
struct PipelineTransport::MainLoopRelay : std::enable_shared_from_this<MainLoopRelay> {
  explicit MainLoopRelay(room::PeerTransportListener& l) : listener(&l) {}

  // Main thread.
  room::PeerTransportListener* listener;
  bool holding = false;
  // Messages that came while holding and must not be lost. As long as they are here they count
  // for sfu-transport, which stops reading at a bound.
  std::deque<std::pair<room::DataChannelKind, Ref<GBytes>>> held;

  void deliver(room::DataChannelKind channel, GBytes* bytes) {
    gsize size = 0;
    const auto* start = static_cast<const uint8_t*>(g_bytes_get_data(bytes, &size));
    listener->on_data(channel, {start, size});
  }
  void hold(bool hold) {
    holding = hold;
    if (!hold && !held.empty()) post([](MainLoopRelay& relay) { relay.deliver_held(); });
  }
  void deliver_held() {
    // A message may be the reason to hold the next, or to end the transport.
    while (listener && !holding && !held.empty()) {
      const auto [channel, bytes] = std::move(held.front());
      held.pop_front();
      deliver(channel, bytes.get());
    }
  }

  void post(std::function<void(MainLoopRelay&)> task) {
    struct Call {
      std::shared_ptr<MainLoopRelay> relay;
      std::function<void(MainLoopRelay&)> task;
    };
    GSource* source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
          auto* call = static_cast<Call*>(data);
          if (call->relay->listener) call->task(*call->relay);
          return G_SOURCE_REMOVE;
        },
        new Call{shared_from_this(), std::move(task)},
        [](gpointer data) { delete static_cast<Call*>(data); });
    g_source_attach(source, nullptr);
    g_source_unref(source);
  }

  static void on_state(GstElement* element, GParamSpec*, gpointer data) {
    auto* self = static_cast<MainLoopRelay*>(data);
    const std::string state = state_of(element);
    if (state == "connecting") {
      self->post([](MainLoopRelay& relay) { relay.listener->on_ice_connected(); });
    } else if (state == "connected") {
      self->post([](MainLoopRelay& relay) { relay.listener->on_connected(); });
    } else if (state == "failed") {
      self->post([](MainLoopRelay& relay) { relay.listener->on_failed(); });
    }
  }

  static void on_data_channel(GstElement*, const gchar* label, gpointer data) {
    static_cast<MainLoopRelay*>(data)->post([channel = channel_of(label)](MainLoopRelay& relay) {
      relay.listener->on_data_channel_open(channel);
    });
  }

  static void on_data(GstElement*, const gchar* label, GBytes* message, gpointer data) {
    static_cast<MainLoopRelay*>(data)->post(
        [channel = channel_of(label), bytes = Ref<GBytes>::share(message)](MainLoopRelay& relay) {
          const bool waits = relay.holding || !relay.held.empty();
          if (loses_nothing(channel) && waits)
            relay.held.emplace_back(channel, bytes);
          else
            relay.deliver(channel, bytes.get());
        });
  }

  static void on_data_low(GstElement*, const gchar* label, gpointer data) {
    static_cast<MainLoopRelay*>(data)->post([channel = channel_of(label)](MainLoopRelay& relay) {
      relay.listener->on_data_low(channel);
    });
  }
};

PipelineTransport::PipelineTransport(RoomPipeline& room, const std::string& name,
                                     room::PeerTransportListener& listener)
    : room_(&room), relay_(std::make_shared<MainLoopRelay>(listener)) {
  GstElement* element = gst_element_factory_make("sfu-transport", name.c_str());
  element_ = Ref<GstElement>::share(element);
  const MediaSettings& settings = room.settings_;
  const auto milliseconds = [&](size_t encoding) {
    return static_cast<guint>(settings.keyframe_intervals[encoding] / 1ms);
  };
  g_object_set(element, "max-receive-bitrate", settings.publish_bitrate, "max-data-rate",
               settings.data_bytes_per_second, "keyframe-interval-low", milliseconds(0),
               "keyframe-interval-mid", milliseconds(1), "keyframe-interval-high", milliseconds(2),
               nullptr);
  auto connect = [&](const char* signal, GCallback callback) {
    g_signal_connect_data(
        element, signal, callback, new std::shared_ptr<MainLoopRelay>(relay_),
        [](gpointer data, GClosure*) { delete static_cast<std::shared_ptr<MainLoopRelay>*>(data); },
        static_cast<GConnectFlags>(0));
  };
  connect("notify::state", G_CALLBACK(+[](GstElement* e, GParamSpec* spec, gpointer data) {
            MainLoopRelay::on_state(e, spec,
                                    static_cast<std::shared_ptr<MainLoopRelay>*>(data)->get());
          }));
  connect("data-channel", G_CALLBACK(+[](GstElement* e, const gchar* label, gpointer data) {
            MainLoopRelay::on_data_channel(
                e, label, static_cast<std::shared_ptr<MainLoopRelay>*>(data)->get());
          }));
  connect("data-message",
          G_CALLBACK(+[](GstElement* e, const gchar* label, GBytes* message, gpointer data) {
            MainLoopRelay::on_data(e, label, message,
                                   static_cast<std::shared_ptr<MainLoopRelay>*>(data)->get());
          }));
  connect("buffered-amount-low", G_CALLBACK(+[](GstElement* e, const gchar* label, gpointer data) {
            MainLoopRelay::on_data_low(e, label,
                                       static_cast<std::shared_ptr<MainLoopRelay>*>(data)->get());
          }));
  g_signal_connect(element, "pad-added", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer data) {
                     static_cast<PipelineTransport*>(data)->on_pad_added(pad);
                   }),
                   this);
  g_signal_connect(element, "pad-removed", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer data) {
                     static_cast<PipelineTransport*>(data)->on_pad_removed(pad);
                   }),
                   this);
  join_pipeline();
}

void PipelineTransport::join_pipeline() {
  GstElement* element = element_.get();
  if (!gst_bin_add(GST_BIN(room_->pipeline_.get()), element)) {
    // A second one of that name: GStreamer picks the name then.
    gst_object_set_name(GST_OBJECT(element), nullptr);
    gst_bin_add(GST_BIN(room_->pipeline_.get()), element);
  }
  gst_element_sync_state_with_parent(element);
}

// The element keeps its state, and with it ICE, DTLS and the data channels: a bin that it leaves
// does not stop it, and the workers that run it are the same for all rooms.
void PipelineTransport::move_to(room::RoomMedia& room) {
  gst_bin_remove(GST_BIN(room_->pipeline_.get()), element_.get());
  room_ = static_cast<RoomPipeline*>(&room);
  join_pipeline();
}

PipelineTransport::~PipelineTransport() {
  relay_->listener = nullptr;
  relay_->held.clear();
  while (!subscribed_.empty()) unsubscribe(TrackId(subscribed_.begin()->first));
  while (!published_.empty()) unpublish(TrackId(published_.begin()->first));
  gst_element_set_state(element_.get(), GST_STATE_NULL);
  g_signal_handlers_disconnect_by_data(element_.get(), this);
  gst_bin_remove(GST_BIN(room_->pipeline_.get()), element_.get());
}

room::LocalTransport PipelineTransport::local() const {
  return {string_property(element_.get(), "ice-ufrag"), string_property(element_.get(), "ice-pwd"),
          string_property(element_.get(), "fingerprint")};
}

std::vector<std::string> PipelineTransport::candidates() const {
  return room_->pool_->candidates();
}

void PipelineTransport::restart_ice() { g_signal_emit_by_name(element_.get(), "restart-ice"); }

void PipelineTransport::set_remote(const room::RemoteTransport& remote) {
  g_object_set(element_.get(), "remote-ice-ufrag", remote.ice_ufrag.c_str(), "remote-ice-pwd",
               remote.ice_pwd.c_str(), "dtls-client", !remote.dtls_server, "remote-fingerprint",
               remote.fingerprint.c_str(), nullptr);
}

void PipelineTransport::set_media(const std::vector<sdp::MediaPlan>& sections) {
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const sdp::MediaPlan& plan : sections) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&item, section_of(plan).to_structure());
    gst_value_array_append_and_take_value(&array, &item);
  }
  g_object_set_property(G_OBJECT(element_.get()), "media", &array);
  g_value_unset(&array);
}

void PipelineTransport::on_pad_added(GstPad* pad) {
  if (GST_PAD_IS_SINK(pad)) return;
  gchar* mid = nullptr;
  gchar* rid = nullptr;
  g_object_get(pad, "mid", &mid, "rid", &rid, nullptr);
  EncodingLink& link = received_.emplace_back(Mid(mid), Rid(rid), pad);
  g_free(mid);
  g_free(rid);
  for (const auto& [track, published] : published_) {
    if (published.mid != link.mid()) continue;
    for (RoomPipeline* room : published.rooms) link.connect(*room, published.media);
  }
}

void PipelineTransport::on_pad_removed(GstPad* pad) {
  const auto found = std::ranges::find(received_, pad, &EncodingLink::source);
  if (found == received_.end()) return;
  found->disconnect_all();
  received_.erase(found);
}

void PipelineTransport::publish(const Mid& mid, const room::PublishedMedia& media) {
  published_[media.track] = {mid, media, {room_}};
  for (EncodingLink& link : received_) {
    if (link.mid() == mid) link.connect(*room_, media);
  }
}

void PipelineTransport::unpublish(const TrackId& track) {
  const auto published = published_.extract(track);
  if (!published) return;
  for (EncodingLink& link : received_) {
    if (link.mid() == published.mapped().mid) link.disconnect_all();
  }
}

void PipelineTransport::forward(const TrackId& track, room::RoomMedia& to) {
  const auto found = published_.find(track);
  if (found == published_.end()) return;
  Published& published = found->second;
  auto* room = static_cast<RoomPipeline*>(&to);
  published.rooms.push_back(room);
  for (EncodingLink& link : received_) {
    if (link.mid() == published.mid) link.connect(*room, published.media);
  }
}

void PipelineTransport::end_forward(const TrackId& track, room::RoomMedia& to) {
  const auto found = published_.find(track);
  if (found == published_.end()) return;
  const auto* room = static_cast<const RoomPipeline*>(&to);
  std::erase(found->second.rooms, room);
  for (EncodingLink& link : received_) {
    if (link.mid() == found->second.mid) link.disconnect(*room);
  }
}

void PipelineTransport::subscribe(const room::SubscribedMedia& media,
                                  const room::SubscriptionSettings& settings) {
  if (subscribed_.contains(media.track)) unsubscribe(media.track);
  Subscribed subscribed{media, {}, {}};
  GstPad* sink = gst_element_request_pad_simple(element_.get(), "sink_%u");
  g_object_set(sink, "mid", media.mid.value.c_str(), "ssrc", media.ssrc.value, "rtx-ssrc",
               media.rtx_ssrc ? media.rtx_ssrc->value : 0, "cname", media.cname.c_str(), nullptr);
  if (const auto& delay = media.playout_delay) {
    g_object_set(sink, "min-playout-delay", milliseconds(delay->min), "max-playout-delay",
                 milliseconds(delay->max), nullptr);
  }
  subscribed.sink = Ref<GstPad>::adopt(sink);
  subscribed.router_source = room_->add_subscription(media.source);
  subscribed_[media.track] = subscribed;
  update_subscription(media.track, settings);
  gst_pad_link_full(subscribed.router_source.get(), sink, GST_PAD_LINK_CHECK_NOTHING);
}

void PipelineTransport::update_subscription(const TrackId& track,
                                            const room::SubscriptionSettings& settings) {
  const auto found = subscribed_.find(track);
  if (found == subscribed_.end()) return;
  g_object_set(found->second.router_source.get(), "max-spatial",
               std::min<guint>(settings.max_spatial, 3), "max-temporal",
               std::min<guint>(settings.max_temporal, 7), "paused", settings.paused, nullptr);
}

void PipelineTransport::unsubscribe(const TrackId& track) {
  const auto found = subscribed_.find(track);
  if (found == subscribed_.end()) return;
  const Subscribed subscribed = found->second;
  subscribed_.erase(found);
  gst_pad_unlink(subscribed.router_source.get(), subscribed.sink.get());
  room_->remove_subscription(subscribed.media.source, subscribed.router_source);
  gst_element_release_request_pad(element_.get(), subscribed.sink.get());
}

void PipelineTransport::open_data_channels() {
  for (const ChannelNames& channel : kChannels) {
    g_signal_emit_by_name(element_.get(), "open-data-channel", channel.label,
                          static_cast<gboolean>(channel.ordered), channel.max_retransmits);
  }
}

bool PipelineTransport::send_data(room::DataChannelKind channel, ByteView message) {
  const auto bytes = Ref<GBytes>::adopt(g_bytes_new(message.data(), message.size()));
  gboolean queued = FALSE;
  g_signal_emit_by_name(element_.get(), "send-data", label_of(channel), bytes.get(), &queued);
  return queued;
}

size_t PipelineTransport::buffered_data(room::DataChannelKind channel) const {
  guint64 size = 0;
  g_signal_emit_by_name(element_.get(), "buffered-amount", label_of(channel), &size);
  return size;
}

void PipelineTransport::hold_data(bool hold) { relay_->hold(hold); }

room::TransportReport PipelineTransport::report() const {
  const sfu::PeerStats stats = gst_sfu_transport_read_stats(GST_SFU_TRANSPORT(element_.get()));
  room::TransportReport report;
  report.state = state_of(element_.get());
  if (stats.at != Timestamp{}) report.age = sfu::Worker::read_clock() - stats.at;
  if (stats.path) {
    report.protocol = stats.path->protocol == transport::Protocol::Tcp ? "tcp" : "udp";
    report.remote_address = stats.path->remote.to_text();
  }
  report.round_trip = stats.round_trip;
  report.packets_received = stats.packets_received;
  report.bytes_received = stats.bytes_received;
  report.packets_sent = stats.packets_sent;
  report.bytes_sent = stats.bytes_sent;
  report.malformed = stats.malformed;
  for (const sfu::PeerStats::Received& received : stats.received) {
    const auto stream = std::ranges::find_if(
        published_, [&](const auto& entry) { return entry.second.mid == received.mid; });
    if (stream != published_.end())
      report.received.push_back({stream->first, received.rid, track_stats(received)});
  }
  std::map<Ssrc, const sfu::PeerStats::Sent*> sent;
  for (const sfu::PeerStats::Sent& one : stats.sent) sent[one.ssrc] = &one;
  for (const auto& [track, subscribed] : subscribed_) {
    const auto found = sent.find(subscribed.media.ssrc);
    if (found == sent.end()) continue;
    room::ForwardedLayer layer;
    g_object_get(subscribed.router_source.get(), "current-spatial", &layer.spatial,
                 "current-temporal", &layer.temporal, "target-spatial", &layer.target_spatial,
                 nullptr);
    report.sent.emplace(track, room::SentTrack{track_stats(*found->second), layer});
  }
  return report;
}

}  // namespace gstlk::graph
