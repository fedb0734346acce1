// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/data_output.h"

#include <utility>

#include "base/ref.h"
#include "plugins/livekit/track_selection.h"

namespace gstlk::client {

namespace {

constexpr const char* kMeta = "GstLiveKitDataMeta";

void register_meta() {
  if (!gst_meta_get_info(kMeta)) {
    const char* tags[] = {nullptr};
    gst_meta_register_custom(kMeta, tags, nullptr, nullptr, nullptr);
  }
}

Ref<GstBuffer> to_buffer(const ::livekit::DataPacket& packet, bool reliable) {
  const std::string& payload = packet.user().payload();
  auto buffer = Ref<GstBuffer>::adopt(gst_buffer_new_memdup(payload.data(), payload.size()));
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer.get(), kMeta);
  gst_structure_set(gst_custom_meta_get_structure(meta), "identity", G_TYPE_STRING,
                    packet.participant_identity().c_str(), "topic", G_TYPE_STRING,
                    packet.user().topic().c_str(), "reliable", G_TYPE_BOOLEAN,
                    static_cast<gboolean>(reliable), nullptr);
  return buffer;
}

}  // namespace

void DataOutputs::on_data(const ::livekit::DataPacket& packet, bool reliable) {
  if (ended_ || !packet.has_user() ||
      !matches(selection_.participants, packet.participant_identity()) ||
      !matches(selection_.topics, packet.user().topic()))
    return;
  GstElement* source = source_for(packet.user().topic());
  if (!source) return;
  const auto buffer = to_buffer(packet, reliable);
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "push-buffer", buffer.get(), &flow);
}

void DataOutputs::send_eos() {
  if (std::exchange(ended_, true)) return;
  for (const auto& [topic, source] : sources_) {
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source, "end-of-stream", &flow);
  }
}

GstElement* DataOutputs::source_for(const std::string& topic) {
  const auto it = sources_.find(topic);
  if (it != sources_.end()) return it->second;
  if (sources_.size() >= kMaxTopics) return nullptr;
  GstElement* source = add_source(topic, "data_" + std::to_string(sources_.size()));
  if (source) sources_[topic] = source;
  return source;
}

GstElement* DataOutputs::add_source(const std::string& topic, const std::string& name) {
  register_meta();
  GstElement* source = gst_element_factory_make("appsrc", ("source-" + name).c_str());
  if (!source) {
    GST_ELEMENT_WARNING(element_, CORE, MISSING_PLUGIN,
                        ("Data packets cannot come out: the element appsrc is missing. Install "
                         "GStreamer's base plugins."),
                        (nullptr));
    return nullptr;
  }
  const auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty_simple("application/octet-stream"));
  gst_util_set_object_arg(G_OBJECT(source), "leaky-type", "downstream");
  g_object_set(source, "caps", caps.get(), "format", GST_FORMAT_TIME, "is-live", TRUE,
               "do-timestamp", TRUE, "max-bytes", guint64{0}, "max-buffers", guint64{kMaxWaiting},
               nullptr);
  gst_bin_add(GST_BIN(element_), source);
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(source, "src"));
  GstPad* pad = gst_ghost_pad_new_from_template(name.c_str(), src.get(), pad_template_);
  gst_pad_set_active(pad, TRUE);
  GstEvent* start = gst_event_new_stream_start(("livekit/data/" + topic).c_str());
  gst_event_set_group_id(start, g_str_hash("livekit/data"));
  gst_pad_store_sticky_event(pad, start);
  gst_event_unref(start);
  gst_element_add_pad(element_, pad);
  gst_element_sync_state_with_parent(source);
  return source;
}

void DataOutputs::remove_all() {
  for (const auto& [topic, source] : sources_) {
    const std::string name = std::string(GST_OBJECT_NAME(source)).substr(sizeof("source-") - 1);
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(element_, name.c_str()));
    gst_element_set_locked_state(source, TRUE);
    gst_element_set_state(source, GST_STATE_NULL);
    if (pad) {
      gst_pad_set_active(pad.get(), FALSE);
      gst_element_remove_pad(element_, pad.get());
    }
    gst_bin_remove(GST_BIN(element_), source);
  }
  sources_.clear();
}

}  // namespace gstlk::client
