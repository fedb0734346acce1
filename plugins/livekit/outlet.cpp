// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/outlet.h"

#include <atomic>
#include <utility>

#include "base/ref.h"

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

using gstlk::Ref;

struct Outlet {
  std::atomic<bool> open = false;
  std::atomic<bool> announced = false;
  // Streaming thread, with the sink pad's stream lock.
  std::vector<uint32_t> ssrcs;
  Ref<GstCaps> caps;
  Ref<GstEvent> segment;
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

// Caps for each SSRC, then the segment.
static void gstlk_outlet_announce(GstLkOutlet* self) {
  Outlet& impl = *self->impl;
  if (!impl.caps || impl.announced.exchange(true)) return;
  if (impl.ssrcs.empty()) gst_pad_push_event(self->src, gst_event_new_caps(impl.caps.get()));
  for (const uint32_t ssrc : impl.ssrcs) {
    GstCaps* caps = gst_caps_copy(impl.caps.get());
    gst_caps_set_simple(caps, "ssrc", G_TYPE_UINT, ssrc, nullptr);
    gst_pad_push_event(self->src, gst_event_new_caps(caps));
    gst_caps_unref(caps);
  }
  if (impl.segment) gst_pad_push_event(self->src, Ref<GstEvent>(impl.segment).release());
}

template <class Item, class Drop, class Push>
static GstFlowReturn gstlk_outlet_pass(GstLkOutlet* self, Item* item, guint packets, gsize size,
                                       Drop drop, Push push) {
  if (!self->impl->open.load(std::memory_order_acquire)) {
    drop(item);
    return GST_FLOW_OK;
  }
  gstlk_outlet_announce(self);
  if (push(self->src, item) == GST_FLOW_OK) {
    self->impl->packets.fetch_add(packets, std::memory_order_relaxed);
    self->impl->bytes.fetch_add(size, std::memory_order_relaxed);
  }
  return GST_FLOW_OK;
}

static GstFlowReturn gstlk_outlet_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  return gstlk_outlet_pass(GSTLK_OUTLET(parent), buffer, 1, gst_buffer_get_size(buffer),
                           gst_buffer_unref, gst_pad_push);
}

static GstFlowReturn gstlk_outlet_chain_list(GstPad*, GstObject* parent, GstBufferList* list) {
  return gstlk_outlet_pass(GSTLK_OUTLET(parent), list, gst_buffer_list_length(list),
                           gst_buffer_list_calculate_size(list), gst_buffer_list_unref,
                           gst_pad_push_list);
}

static gboolean gstlk_outlet_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = GSTLK_OUTLET(parent);
  Outlet& impl = *self->impl;
  const auto owner = Ref<GstEvent>::adopt(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_EOS:
    // A seek of one source is nothing to a connection of many tracks.
    case GST_EVENT_FLUSH_START:
      return TRUE;
    case GST_EVENT_FLUSH_STOP:
      // The segment that follows is needed even if it is the one before.
      impl.segment.reset();
      return TRUE;
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      if (impl.caps && gst_caps_is_equal(impl.caps.get(), caps)) return TRUE;
      impl.caps = Ref<GstCaps>::share(caps);
      impl.announced = false;
      return TRUE;
    }
    case GST_EVENT_SEGMENT: {
      // A funnel repeats it for every packet of another encoding.
      const GstSegment* segment = nullptr;
      const GstSegment* known = nullptr;
      gst_event_parse_segment(event, &segment);
      if (impl.segment) gst_event_parse_segment(impl.segment.get(), &known);
      if (known && gst_segment_is_equal(segment, known)) return TRUE;
      impl.segment = owner;
      impl.announced = false;
      return TRUE;
    }
    default:
      // Sticky ones stay on the pad and reach whatever is linked later.
      gst_pad_event_default(pad, parent, Ref<GstEvent>(owner).release());
      return TRUE;
  }
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
  // Nothing goes out, nor is announced, between this and the store.
  if (open && !outlet->impl->open) outlet->impl->announced = false;
  outlet->impl->open.store(open, std::memory_order_release);
}

void gstlk_outlet_set_ssrcs(GstLkOutlet* outlet, std::vector<uint32_t> ssrcs) {
  outlet->impl->ssrcs = std::move(ssrcs);
}

void gstlk_outlet_get_counts(GstLkOutlet* outlet, uint64_t* packets, uint64_t* bytes) {
  *packets = outlet->impl->packets.load(std::memory_order_relaxed);
  *bytes = outlet->impl->bytes.load(std::memory_order_relaxed);
}
