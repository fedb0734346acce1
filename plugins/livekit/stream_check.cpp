// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/stream_check.h"

#include <algorithm>
#include <utility>

#include "base/ref.h"
#include "plugins/livekit/media_format.h"

namespace gstlk::client {

namespace {

// A timestamp that is off now and then is no order.
constexpr unsigned kPictures = 100;
constexpr unsigned kBehind = 3;
// Further back is another time, not another order.
constexpr GstClockTime kFurthestBehind = GST_SECOND;

}  // namespace

bool PictureOrder::is_reordered(GstClockTime pts, bool starts) {
  if (!GST_CLOCK_TIME_IS_VALID(pts)) return false;
  if (++pictures_ > kPictures) pictures_ = behind_ = 0;
  const bool known = GST_CLOCK_TIME_IS_VALID(latest_);
  if (!known || starts || latest_ - std::min(latest_, pts) > kFurthestBehind) {
    latest_ = pts;
    return false;
  }
  if (pts < latest_) ++behind_;
  latest_ = std::max(latest_, pts);
  return behind_ >= kBehind;
}

StreamCheck::StreamCheck(GstElement* payloader, Tell refused, Tell doubtful)
    : refused_(std::move(refused)), doubtful_(std::move(doubtful)) {
  const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(payloader, "sink"));
  gst_pad_add_probe(
      pad.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      handle, this, nullptr);
}

GstPadProbeReturn StreamCheck::handle(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<StreamCheck*>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    if (self->is_refused_) return GST_PAD_PROBE_DROP;
    self->handle_picture(GST_PAD_PROBE_INFO_BUFFER(info));
  } else {
    self->handle_event(GST_PAD_PROBE_INFO_EVENT(info));
  }
  return GST_PAD_PROBE_OK;
}

void StreamCheck::handle_event(GstEvent* event) {
  // Another segment, another time.
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) order_ = {};
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const auto allowed = check_profile(gst_caps_get_structure(caps, 0));
  const bool was_refused = std::exchange(is_refused_, !allowed);
  if (is_refused_ && !was_refused) refused_(allowed.error().message);
}

void StreamCheck::handle_picture(GstBuffer* buffer) {
  const bool starts = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT) ||
                      GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  if (is_doubtful_ || !order_.is_reordered(GST_BUFFER_PTS(buffer), starts)) return;
  is_doubtful_ = true;
  doubtful_(
      "its pictures come in another order than they are shown in, which WebRTC does not know: "
      "receivers show them jerkily, or not at all. Encode without B-frames (x264enc bframes=0 or "
      "tune=zerolatency)");
}

}  // namespace gstlk::client
