// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/outlet.h"

#include <atomic>

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

struct Outlet {
  std::atomic<bool> open = false;
  std::atomic<uint64_t> packets = 0;
  std::atomic<uint64_t> bytes = 0;
};

}  // namespace

struct _GstLkOutlet {
  GstElement parent;
  GstPad* src;
  Outlet* impl;
};

G_DEFINE_FINAL_TYPE(GstLkOutlet, gstlk_outlet, GST_TYPE_ELEMENT)

static GstFlowReturn gstlk_outlet_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  auto* self = GSTLK_OUTLET(parent);
  if (!self->impl->open.load(std::memory_order_relaxed)) {
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }
  const gsize size = gst_buffer_get_size(buffer);
  if (gst_pad_push(self->src, buffer) == GST_FLOW_OK) {
    self->impl->packets.fetch_add(1, std::memory_order_relaxed);
    self->impl->bytes.fetch_add(size, std::memory_order_relaxed);
  }
  return GST_FLOW_OK;
}

static GstFlowReturn gstlk_outlet_chain_list(GstPad*, GstObject* parent, GstBufferList* list) {
  auto* self = GSTLK_OUTLET(parent);
  if (!self->impl->open.load(std::memory_order_relaxed)) {
    gst_buffer_list_unref(list);
    return GST_FLOW_OK;
  }
  const guint count = gst_buffer_list_length(list);
  const gsize size = gst_buffer_list_calculate_size(list);
  if (gst_pad_push_list(self->src, list) == GST_FLOW_OK) {
    self->impl->packets.fetch_add(count, std::memory_order_relaxed);
    self->impl->bytes.fetch_add(size, std::memory_order_relaxed);
  }
  return GST_FLOW_OK;
}

static gboolean gstlk_outlet_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    gst_event_unref(event);
    return TRUE;
  }
  // Sticky ones stay on the pad and reach whatever is linked later.
  gst_pad_event_default(pad, parent, event);
  return TRUE;
}

static void gstlk_outlet_finalize(GObject* object) {
  delete GSTLK_OUTLET(object)->impl;
  G_OBJECT_CLASS(gstlk_outlet_parent_class)->finalize(object);
}

static void gstlk_outlet_init(GstLkOutlet* self) {
  self->impl = new Outlet();
  GstPad* sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(sink, gstlk_outlet_chain);
  gst_pad_set_chain_list_function(sink, gstlk_outlet_chain_list);
  gst_pad_set_event_function(sink, gstlk_outlet_sink_event);
  GST_PAD_SET_PROXY_CAPS(sink);
  gst_element_add_pad(GST_ELEMENT(self), sink);
  self->src = gst_pad_new_from_static_template(&src_template, "src");
  gst_element_add_pad(GST_ELEMENT(self), self->src);
}

static void gstlk_outlet_class_init(GstLkOutletClass* klass) {
  auto* element_class = GST_ELEMENT_CLASS(klass);
  G_OBJECT_CLASS(klass)->finalize = gstlk_outlet_finalize;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Outlet", "Generic",
                                        "Keeps a track going without a connection", "gst-livekit");
}

void gstlk_outlet_set_open(GstLkOutlet* outlet, gboolean open) {
  outlet->impl->open.store(open, std::memory_order_relaxed);
}

void gstlk_outlet_get_counts(GstLkOutlet* outlet, uint64_t* packets, uint64_t* bytes) {
  *packets = outlet->impl->packets.load(std::memory_order_relaxed);
  *bytes = outlet->impl->bytes.load(std::memory_order_relaxed);
}
