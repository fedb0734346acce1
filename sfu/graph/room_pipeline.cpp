// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph/room_pipeline.h"

#include <algorithm>
#include <utility>

#include "graph/pipeline_graph.h"
#include "graph/pipeline_transport.h"

namespace gstlk::graph {
namespace {

constexpr guint64 kReceivingLimit = 2 * GST_SECOND;

// Nobody reads the bus: errors are logged where they are posted, the rest is dropped.
GstBusSyncReply on_bus_message(GstBus*, GstMessage* message, gpointer) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gchar* debug = nullptr;
    gst_message_parse_error(message, &error, &debug);
    GST_ERROR("%s: %s (%s)", GST_MESSAGE_SRC_NAME(message), error->message, debug ? debug : "");
    g_clear_error(&error);
    g_free(debug);
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

}  // namespace

RoomPipeline::RoomPipeline(const RoomName& name, std::shared_ptr<sfu::WorkerPool> pool,
                           const MediaSettings& settings)
    : pool_(std::move(pool)),
      settings_(settings),
      pipeline_(Ref<GstElement>::sink(gst_pipeline_new(("room-" + name.value).c_str()))) {
  const auto bus = Ref<GstBus>::adopt(gst_pipeline_get_bus(GST_PIPELINE(pipeline_.get())));
  gst_bus_set_sync_handler(bus.get(), on_bus_message, nullptr, nullptr);
  GstContext* context = sfu::WorkerPool::to_context(pool_);
  gst_element_set_context(pipeline_.get(), context);
  gst_context_unref(context);
  add_router();
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

size_t RoomPipeline::add_router() {
  const std::string name =
      routers_.empty() ? "router" : "router-" + std::to_string(routers_.size());
  GstElement* router = gst_element_factory_make("sfu-router", name.c_str());
  routers_.push_back({Ref<GstElement>::share(router)});
  const rtp::AudioLevelSettings& level = settings_.audio_level;
  g_object_set(router, "audio-active-level", guint{level.active_level}, "audio-min-percentile",
               guint{level.min_percentile}, "audio-update-interval",
               static_cast<guint>(level.update_interval / 1ms), "audio-smooth-intervals",
               guint{level.smooth_intervals}, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), router);
  gst_element_sync_state_with_parent(router);
  return routers_.size() - 1;
}

Ref<GstPad> RoomPipeline::request_pad(const TrackId& track, const char* pad_template) {
  auto route = routes_.find(track);
  if (route == routes_.end()) {
    const auto room = std::ranges::find_if(
        routers_, [](const Router& router) { return router.pads < kPadsOfRouter; });
    const size_t index =
        room == routers_.end() ? add_router() : static_cast<size_t>(room - routers_.begin());
    route = routes_.emplace(track, Route{index}).first;
  }
  ++route->second.pads;
  Router& router = routers_[route->second.router];
  ++router.pads;
  return Ref<GstPad>::adopt(gst_element_request_pad_simple(router.element.get(), pad_template));
}

void RoomPipeline::release_pad(const TrackId& track, GstPad* pad) {
  const auto route = routes_.find(track);
  if (route == routes_.end()) return;
  Router& router = routers_[route->second.router];
  gst_element_release_request_pad(router.element.get(), pad);
  --router.pads;
  if (--route->second.pads == 0) routes_.erase(route);
}

Ref<GstPad> RoomPipeline::add_subscription(const TrackId& track) {
  Ref<GstPad> source = request_pad(track, "src_%u");
  g_object_set(source.get(), "track", track.value.c_str(), nullptr);
  return source;
}

void RoomPipeline::remove_subscription(const TrackId& track, const Ref<GstPad>& source) {
  release_pad(track, source.get());
}

RoomPipeline::~RoomPipeline() {
  published_.clear();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

std::unique_ptr<room::PeerTransport> RoomPipeline::add_transport(
    const std::string& name, room::PeerTransportListener& listener) {
  return std::make_unique<PipelineTransport>(*this, name, listener);
}

Ref<GstPad> RoomPipeline::add_encoding(const room::PublishedMedia& media, const Rid& rid) {
  const auto layer = std::ranges::find(media.layers, rid);
  const auto index =
      layer == media.layers.end() ? 0 : static_cast<guint>(layer - media.layers.begin());
  Ref<GstPad> sink = request_pad(media.track, "sink_%u");
  g_object_set(sink.get(), "layer", index, "screen-share", media.screen_share, nullptr);
  if (const std::string& trailer = media.filler_trailer; !trailer.empty()) {
    GBytes* bytes = g_bytes_new(trailer.data(), trailer.size());
    g_object_set(sink.get(), "filler-trailer", bytes, nullptr);
    g_bytes_unref(bytes);
  }
  // Last: what it says enters the track with it, which may be flowing from other encodings.
  g_object_set(sink.get(), "track", media.track.value.c_str(), nullptr);
  published_.emplace(media.track, sink);
  return sink;
}

void RoomPipeline::remove_encoding(const Ref<GstPad>& sink) {
  const auto entry = std::ranges::find_if(
      published_, [&](const auto& one) { return one.second.get() == sink.get(); });
  if (entry == published_.end()) return;
  release_pad(entry->first, sink.get());
  published_.erase(entry);
}

double RoomPipeline::audio_level(const TrackId& track) const {
  const auto found = published_.find(track);
  if (found == published_.end()) return 0;
  double level = 0;
  g_object_get(found->second.get(), "audio-level", &level, nullptr);
  return level;
}

bool RoomPipeline::receiving(const TrackId& track) const {
  const auto found = published_.find(track);
  if (found == published_.end()) return false;
  guint64 idle = GST_CLOCK_TIME_NONE;
  g_object_get(found->second.get(), "idle-time", &idle, nullptr);
  return idle < kReceivingLimit;
}

std::vector<room::LayerReport> RoomPipeline::layers(const TrackId& stream) const {
  const auto found = published_.find(stream);
  if (found == published_.end()) return {};
  GstStructure* stats = nullptr;
  g_object_get(found->second.get(), "stats", &stats, nullptr);
  std::vector<room::LayerReport> layers;
  const GValue* array = gst_structure_get_value(stats, "layers");
  for (guint i = 0; array && i < gst_value_array_get_size(array); ++i) {
    const GstStructure* entry = gst_value_get_structure(gst_value_array_get_value(array, i));
    guint64 bitrate = 0;
    guint width = 0;
    guint height = 0;
    gboolean alive = FALSE;
    gst_structure_get(entry, "bitrate", G_TYPE_UINT64, &bitrate, "width", G_TYPE_UINT, &width,
                      "height", G_TYPE_UINT, &height, "alive", G_TYPE_BOOLEAN, &alive, nullptr);
    layers.push_back({.bitrate = {bitrate},
                      .width = static_cast<uint16_t>(width),
                      .height = static_cast<uint16_t>(height),
                      .alive = alive != FALSE});
  }
  gst_structure_free(stats);
  return layers;
}

room::PipelineGraph RoomPipeline::graph() const { return read_graph(GST_BIN(pipeline_.get())); }

std::string RoomPipeline::dot() const {
  // Without properties: the passwords of ICE are among them.
  constexpr auto kDetails = static_cast<GstDebugGraphDetails>(GST_DEBUG_GRAPH_SHOW_MEDIA_TYPE |
                                                              GST_DEBUG_GRAPH_SHOW_CAPS_DETAILS |
                                                              GST_DEBUG_GRAPH_SHOW_STATES);
  gchar* text = gst_debug_bin_to_dot_data(GST_BIN(pipeline_.get()), kDetails);
  std::string result = text ? text : "";
  g_free(text);
  return result;
}

}  // namespace gstlk::graph
