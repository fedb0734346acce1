// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_entry.h"

#include <utility>

namespace gstlk::client {

TrackEntry::TrackEntry(GstBin* bin, const std::string& pad_name, const char* caps,
                       CapsHandler handler)
    : handler_(std::move(handler)) {
  GstElement* filter = gst_element_factory_make("capsfilter", nullptr);
  gst_util_set_object_arg(G_OBJECT(filter), "caps", caps);
  clocksync_ = gst_element_factory_make("clocksync", nullptr);
  gst_bin_add_many(bin, filter, clocksync_, nullptr);
  gst_element_link(filter, clocksync_);
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(clocksync_, "sink"));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, this, nullptr);
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(clocksync_, "src"));
  gst_pad_add_probe(
      src.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
      gate, this, nullptr);
  gst_element_sync_state_with_parent(clocksync_);
  gst_element_sync_state_with_parent(filter);
  const auto target = Ref<GstPad>::adopt(gst_element_get_static_pad(filter, "sink"));
  pad_ = gst_ghost_pad_new(pad_name.c_str(), target.get());
  gst_pad_set_active(pad_, TRUE);
  gst_element_add_pad(GST_ELEMENT(bin), pad_);
}

GstPadProbeReturn TrackEntry::on_event(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<TrackEntry*>(data);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    self->handler_(*self, caps);
  }
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn TrackEntry::gate(GstPad*, GstPadProbeInfo*, gpointer self) {
  return static_cast<TrackEntry*>(self)->open_.load(std::memory_order_relaxed) ? GST_PAD_PROBE_OK
                                                                               : GST_PAD_PROBE_DROP;
}

}  // namespace gstlk::client
