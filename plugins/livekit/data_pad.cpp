// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/data_pad.h"

#include "base/ref.h"
#include "plugins/livekit/track_selection.h"

using gstlk::Ref;
using namespace gstlk::client;

namespace {

struct DataPadState {
  DataWishes wishes;
  std::function<bool(GBytes*, const DataWishes&)> send;
};

}  // namespace

G_BEGIN_DECLS
#define GST_TYPE_LIVEKIT_DATA_PAD (gst_livekit_data_pad_get_type())
G_DECLARE_FINAL_TYPE(GstLiveKitDataPad, gst_livekit_data_pad, GST, LIVEKIT_DATA_PAD, GstPad)
G_END_DECLS

struct _GstLiveKitDataPad {
  GstPad parent;
  DataPadState* state;  // under the object's lock
};

G_DEFINE_FINAL_TYPE(GstLiveKitDataPad, gst_livekit_data_pad, GST_TYPE_PAD)

enum { PROP_0, PROP_TOPIC, PROP_RELIABLE, PROP_DESTINATIONS };

static void gst_livekit_data_pad_set_property(GObject* object, guint id, const GValue* value,
                                              GParamSpec* spec) {
  auto* self = GST_LIVEKIT_DATA_PAD(object);
  GST_OBJECT_LOCK(self);
  if (id == PROP_TOPIC)
    self->state->wishes.topic = g_value_get_string(value) ? g_value_get_string(value) : "";
  else if (id == PROP_RELIABLE)
    self->state->wishes.reliable = g_value_get_boolean(value);
  else if (id == PROP_DESTINATIONS)
    self->state->wishes.destinations =
        split_list(g_value_get_string(value) ? g_value_get_string(value) : "");
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  GST_OBJECT_UNLOCK(self);
}

static void gst_livekit_data_pad_get_property(GObject* object, guint id, GValue* value,
                                              GParamSpec* spec) {
  auto* self = GST_LIVEKIT_DATA_PAD(object);
  GST_OBJECT_LOCK(self);
  if (id == PROP_TOPIC)
    g_value_set_string(value, self->state->wishes.topic.c_str());
  else if (id == PROP_RELIABLE)
    g_value_set_boolean(value, self->state->wishes.reliable);
  else if (id == PROP_DESTINATIONS)
    g_value_take_string(value, g_strdup(join_list(self->state->wishes.destinations).c_str()));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  GST_OBJECT_UNLOCK(self);
}

static GstFlowReturn gst_livekit_data_pad_chain(GstPad* pad, GstObject*, GstBuffer* buffer) {
  auto* self = GST_LIVEKIT_DATA_PAD(pad);
  const auto owner = Ref<GstBuffer>::adopt(buffer);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return GST_FLOW_ERROR;
  const auto bytes = Ref<GBytes>::adopt(g_bytes_new(map.data, map.size));
  gst_buffer_unmap(buffer, &map);
  GST_OBJECT_LOCK(self);
  const DataWishes wishes = self->state->wishes;
  GST_OBJECT_UNLOCK(self);
  if (!self->state->send(bytes.get(), wishes))
    GST_DEBUG_OBJECT(pad, "a data packet of %zu bytes cannot be sent now", map.size);
  return GST_FLOW_OK;
}

static gboolean gst_livekit_data_pad_event(GstPad*, GstObject*, GstEvent* event) {
  gst_event_unref(event);
  return TRUE;
}

static void gst_livekit_data_pad_finalize(GObject* object) {
  delete GST_LIVEKIT_DATA_PAD(object)->state;
  G_OBJECT_CLASS(gst_livekit_data_pad_parent_class)->finalize(object);
}

static void gst_livekit_data_pad_init(GstLiveKitDataPad* self) { self->state = new DataPadState(); }

// Before this the pad is no sink pad yet, which alone can have a chain function.
static void gst_livekit_data_pad_constructed(GObject* object) {
  G_OBJECT_CLASS(gst_livekit_data_pad_parent_class)->constructed(object);
  gst_pad_set_chain_function(GST_PAD(object), gst_livekit_data_pad_chain);
  gst_pad_set_event_function(GST_PAD(object), gst_livekit_data_pad_event);
}

static void gst_livekit_data_pad_class_init(GstLiveKitDataPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_livekit_data_pad_set_property;
  object_class->get_property = gst_livekit_data_pad_get_property;
  object_class->constructed = gst_livekit_data_pad_constructed;
  object_class->finalize = gst_livekit_data_pad_finalize;
  constexpr auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, PROP_TOPIC,
      g_param_spec_string("topic", "Topic", "Topic of the data packets", nullptr, flags));
  g_object_class_install_property(
      object_class, PROP_RELIABLE,
      g_param_spec_boolean("reliable", "Reliable", "In order and repeated, or neither", TRUE,
                           flags));
  g_object_class_install_property(
      object_class, PROP_DESTINATIONS,
      g_param_spec_string("destinations", "Destinations",
                          "Identities, with commas between, of those who get the data packets; "
                          "empty: everybody",
                          nullptr, flags));
}

namespace gstlk::client {

GType data_sink_pad_type() { return GST_TYPE_LIVEKIT_DATA_PAD; }

GstPad* make_data_sink_pad(GstPadTemplate* pad_template, const std::string& name,
                           std::function<bool(GBytes*, const DataWishes&)> send) {
  auto* pad = GST_LIVEKIT_DATA_PAD(g_object_new(GST_TYPE_LIVEKIT_DATA_PAD, "name", name.c_str(),
                                                "direction", GST_PAD_SINK, "template", pad_template,
                                                nullptr));
  pad->state->send = std::move(send);
  return GST_PAD(pad);
}

}  // namespace gstlk::client
