// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_output.h"

#include <gst/video/video.h>

#include <atomic>
#include <condition_variable>
#include <optional>
#include <utility>
#include <variant>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/client_thread.h"
#include "plugins/livekit/output_queue.h"

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

using gstlk::Mutex;
using gstlk::MutexLock;
using gstlk::Ref;
using gstlk::client::monotonic_now;
using gstlk::client::OutputQueue;

// What counts as silence. libwebrtc sends a screen that does not change once a second, and the end
// of a gap costs everybody a keyframe.
constexpr gint64 kQuietVideo = 1500 * G_TIME_SPAN_MILLISECOND;
constexpr gint64 kQuietAudio = 500 * G_TIME_SPAN_MILLISECOND;

// Order of locks: the sink pad's stream lock, mutex.
struct TrackOutput {
  explicit TrackOutput(OutputQueue::Loss loss) : queue(loss) {}

  Ref<GstStream> stream;
  guint group = 0;
  std::atomic<bool> open = false;
  std::atomic<bool> announced = false;   // since it was opened
  std::atomic<gint64> last_arrival = 0;  // monotonic, microseconds
  // With the sink pad's stream lock.
  Ref<GstTagList> tags;
  Ref<GstCaps> caps;
  Ref<GstEvent> segment;
  bool named = false;
  bool after_gap = false;
  GstClockTime end = GST_CLOCK_TIME_NONE;  // of what came out, in the segment
  GstClockTime last_pts = GST_CLOCK_TIME_NONE;
  std::atomic<bool> ended = false;
  std::atomic<bool> drained = false;
  std::atomic<bool> refused = false;  // these caps
  std::atomic<bool> overflowed = false;
  Mutex mutex;
  std::condition_variable_any changed;
  OutputQueue queue GUARDED_BY(mutex);
  bool active GUARDED_BY(mutex) = false;  // the source pad has its thread
  std::atomic<uint64_t> buffers = 0;
  std::atomic<uint64_t> bytes = 0;
  std::atomic<uint64_t> gaps = 0;
};

}  // namespace

struct _GstLkTrackOutput {
  GstElement parent;
  GstPad* sink;
  GstPad* src;
  TrackOutput* impl;
};

G_DEFINE_FINAL_TYPE(GstLkTrackOutput, gstlk_track_output, GST_TYPE_ELEMENT)

static gboolean gstlk_track_output_is_video(GstLkTrackOutput* self) {
  return (gst_stream_get_stream_type(self->impl->stream.get()) & GST_STREAM_TYPE_VIDEO) != 0;
}

static gboolean gstlk_track_output_is_quiet(GstLkTrackOutput* self) {
  return g_get_monotonic_time() - self->impl->last_arrival >=
         (gstlk_track_output_is_video(self) ? kQuietVideo : kQuietAudio);
}

// To those behind it, by the source pad's thread: they may block, and must hold up nobody here.
static void gstlk_track_output_enqueue(GstLkTrackOutput* self, GstEvent* event) {
  TrackOutput& impl = *self->impl;
  MutexLock lock(impl.mutex);
  impl.queue.push(Ref<GstEvent>::adopt(event), monotonic_now());
  impl.changed.notify_one();
}

static void gstlk_track_output_announce(GstLkTrackOutput* self) {
  TrackOutput& impl = *self->impl;
  if (!impl.caps || impl.announced.exchange(true)) return;
  if (!impl.named) {
    GstEvent* start = gst_event_new_stream_start(gst_stream_get_stream_id(impl.stream.get()));
    gst_event_set_group_id(start, impl.group);
    gst_event_set_stream(start, impl.stream.get());
    gstlk_track_output_enqueue(self, start);
  }
  gst_stream_set_caps(impl.stream.get(), impl.caps.get());
  gstlk_track_output_enqueue(self, gst_event_new_caps(impl.caps.get()));
  if (impl.segment) gstlk_track_output_enqueue(self, Ref<GstEvent>(impl.segment).release());
  if (!std::exchange(impl.named, true))
    gstlk_track_output_enqueue(self, gst_event_new_tag(Ref<GstTagList>(impl.tags).release()));
}

static void gstlk_track_output_take(GstLkTrackOutput* self, Ref<GstBuffer> buffer) {
  TrackOutput& impl = *self->impl;
  OutputQueue::Pushed pushed{};
  uint64_t lost = 0;
  {
    MutexLock lock(impl.mutex);
    if (!impl.active) return;
    pushed = impl.queue.push(std::move(buffer), monotonic_now());
    lost = impl.queue.lost();
    impl.changed.notify_one();
  }
  if (pushed == OutputQueue::Pushed::WantsKeyframe) gstlk_track_output_request_keyframe(self);
  if (lost > 0 && !impl.overflowed.exchange(true))
    GST_ELEMENT_WARNING(self, STREAM, FAILED,
                        ("What is linked to %s does not take what comes for seconds: media is left "
                         "out. `stats` counts it as dropped.",
                         GST_OBJECT_NAME(self)),
                        (nullptr));
}

static GstFlowReturn gstlk_track_output_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  auto* self = GSTLK_TRACK_OUTPUT(parent);
  TrackOutput& impl = *self->impl;
  if (!impl.open.load(std::memory_order_relaxed) || impl.ended) {
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }
  gstlk_track_output_announce(self);
  if (std::exchange(impl.after_gap, false) && gstlk_track_output_is_video(self))
    gstlk_track_output_request_keyframe(self);  // decoders may have drained
  // A parser takes the time from a picture that has the same as the one before: muxers want one.
  if (!GST_BUFFER_PTS_IS_VALID(buffer) && GST_CLOCK_TIME_IS_VALID(impl.last_pts)) {
    buffer = gst_buffer_make_writable(buffer);
    GST_BUFFER_PTS(buffer) = impl.last_pts + GST_MSECOND;
  }
  if (GST_BUFFER_PTS_IS_VALID(buffer)) {
    impl.last_pts = impl.end = GST_BUFFER_PTS(buffer);
    if (GST_BUFFER_DURATION_IS_VALID(buffer)) impl.end += GST_BUFFER_DURATION(buffer);
  }
  impl.last_arrival.store(g_get_monotonic_time(), std::memory_order_relaxed);
  gstlk_track_output_take(self, Ref<GstBuffer>::adopt(buffer));
  return GST_FLOW_OK;
}

static gboolean gstlk_track_output_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = GSTLK_TRACK_OUTPUT(parent);
  TrackOutput& impl = *self->impl;
  const auto owner = Ref<GstEvent>::adopt(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_EOS:
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
    case GST_EVENT_STREAM_START:
    case GST_EVENT_TAG:
    case GST_EVENT_STREAM_COLLECTION:
      return TRUE;
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      if (impl.caps && gst_caps_is_equal(impl.caps.get(), caps)) return TRUE;
      impl.caps = Ref<GstCaps>::share(caps);
      impl.announced = false;
      impl.refused = false;
      return TRUE;
    }
    case GST_EVENT_SEGMENT:
      impl.segment = owner;
      impl.announced = false;
      return TRUE;
    default:
      if ((gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_SERIALIZED) != 0)
        gstlk_track_output_enqueue(self, Ref<GstEvent>(owner).release());
      else
        gst_pad_event_default(pad, parent, Ref<GstEvent>(owner).release());
      return TRUE;
  }
}

// For an answer that comes behind what waits somebody would wait, too: decoders have memory of
// their own when nobody offers some.
static gboolean gstlk_track_output_sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  const auto flags = gst_query_type_get_flags(GST_QUERY_TYPE(query));
  return (flags & GST_QUERY_TYPE_SERIALIZED) == 0 && gst_pad_query_default(pad, parent, query);
}

static void gstlk_track_output_push(GstLkTrackOutput* self, Ref<GstBuffer> buffer) {
  TrackOutput& impl = *self->impl;
  const gsize size = gst_buffer_get_size(buffer.get());
  const GstFlowReturn flow = gst_pad_push(self->src, buffer.release());
  if (flow != GST_FLOW_OK) return gstlk_track_output_tell(self, flow);
  impl.buffers.fetch_add(1, std::memory_order_relaxed);
  impl.bytes.fetch_add(size, std::memory_order_relaxed);
}

static void gstlk_track_output_push_event(GstLkTrackOutput* self, Ref<GstEvent> event) {
  const bool is_end = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
  gst_pad_push_event(self->src, event.release());
  if (is_end) self->impl->drained = true;
}

// nullopt when the pad is shut.
static std::optional<OutputQueue::Item> gstlk_track_output_next(TrackOutput& impl) {
  MutexLock lock(impl.mutex);
  while (impl.active && impl.queue.empty()) impl.changed.wait(impl.mutex);
  return impl.active ? impl.queue.pop() : std::nullopt;
}

static void gstlk_track_output_loop(gpointer data) {
  auto* self = GSTLK_TRACK_OUTPUT(data);
  auto item = gstlk_track_output_next(*self->impl);
  if (!item)
    gst_pad_pause_task(self->src);
  else if (auto* event = std::get_if<Ref<GstEvent>>(&*item))
    gstlk_track_output_push_event(self, std::move(*event));
  else
    gstlk_track_output_push(self, std::move(std::get<Ref<GstBuffer>>(*item)));
}

static gboolean gstlk_track_output_activate(GstPad* pad, GstObject* parent, GstPadMode mode,
                                            gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  TrackOutput& impl = *GSTLK_TRACK_OUTPUT(parent)->impl;
  {
    MutexLock lock(impl.mutex);
    impl.active = active;
    if (!active) impl.queue.clear();
    impl.changed.notify_one();
  }
  return active ? gst_pad_start_task(pad, gstlk_track_output_loop, parent, nullptr)
                : gst_pad_stop_task(pad);
}

// None unless the element plays: in a pause the clock goes on while the base time stays, and after
// it sinks would wait for the beginning of a gap in the future. Both belong together as long as the
// object is locked.
static GstClockTime gstlk_track_output_running_time(GstLkTrackOutput* self) {
  GstClockTime now = GST_CLOCK_TIME_NONE;
  GST_OBJECT_LOCK(self);
  GstClock* clock = GST_ELEMENT_CLOCK(self);
  if (clock && GST_STATE(self) == GST_STATE_PLAYING)
    now = gst_clock_get_time(clock) - GST_ELEMENT(self)->base_time;
  GST_OBJECT_UNLOCK(self);
  return now;
}

static void gstlk_track_output_push_gap(GstLkTrackOutput* self, GstClockTime behind) {
  TrackOutput& impl = *self->impl;
  if (!impl.named || !impl.segment || impl.ended || !GST_CLOCK_TIME_IS_VALID(impl.end) ||
      !gstlk_track_output_is_quiet(self))
    return;
  const GstClockTime now = gstlk_track_output_running_time(self);
  if (!GST_CLOCK_TIME_IS_VALID(now) || now <= behind) return;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(impl.segment.get(), &segment);
  const guint64 until =
      gst_segment_position_from_running_time(segment, GST_FORMAT_TIME, now - behind);
  if (!GST_CLOCK_TIME_IS_VALID(until) || until <= impl.end) return;
  gstlk_track_output_enqueue(self, gst_event_new_gap(impl.end, until - impl.end));
  impl.end = until;
  impl.after_gap = true;
  impl.gaps.fetch_add(1, std::memory_order_relaxed);
}

static void gstlk_track_output_finalize(GObject* object) {
  delete GSTLK_TRACK_OUTPUT(object)->impl;
  G_OBJECT_CLASS(gstlk_track_output_parent_class)->finalize(object);
}

static void gstlk_track_output_init(GstLkTrackOutput* self) {
  self->sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sink, gstlk_track_output_chain);
  gst_pad_set_event_function(self->sink, gstlk_track_output_sink_event);
  gst_pad_set_query_function(self->sink, gstlk_track_output_sink_query);
  GST_PAD_SET_PROXY_CAPS(self->sink);
  gst_element_add_pad(GST_ELEMENT(self), self->sink);
  self->src = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_activatemode_function(self->src, gstlk_track_output_activate);
  gst_element_add_pad(GST_ELEMENT(self), self->src);
}

static void gstlk_track_output_class_init(GstLkTrackOutputClass* klass) {
  auto* element_class = GST_ELEMENT_CLASS(klass);
  G_OBJECT_CLASS(klass)->finalize = gstlk_track_output_finalize;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Track output", "Generic",
                                        "Keeps a received track going without a connection",
                                        "gst-livekit");
}

GstLkTrackOutput* gstlk_track_output_new(const gchar* name, GstStream* stream, GstTagList* tags,
                                         guint group) {
  auto* self = GSTLK_TRACK_OUTPUT(g_object_new(GSTLK_TYPE_TRACK_OUTPUT, "name", name, nullptr));
  const bool is_video = (gst_stream_get_stream_type(stream) & GST_STREAM_TYPE_VIDEO) != 0;
  // Of raw video, which has no keyframes, too.
  self->impl =
      new TrackOutput(is_video ? OutputQueue::Loss::UpToKeyframe : OutputQueue::Loss::Oldest);
  self->impl->stream = Ref<GstStream>::share(stream);
  self->impl->tags = Ref<GstTagList>::adopt(tags);
  self->impl->group = group;
  return self;
}

void gstlk_track_output_set_open(GstLkTrackOutput* output, gboolean open) {
  if (!open) output->impl->announced = false;
  output->impl->open.store(open, std::memory_order_relaxed);
}

void gstlk_track_output_fill_gap(GstLkTrackOutput* output, GstClockTime behind) {
  // Whoever holds the lock brings media.
  if (!gstlk_track_output_is_quiet(output) || !GST_PAD_STREAM_TRYLOCK(output->sink)) return;
  gstlk_track_output_push_gap(output, behind);
  GST_PAD_STREAM_UNLOCK(output->sink);
}

void gstlk_track_output_request_keyframe(GstLkTrackOutput* output) {
  gst_pad_push_event(output->sink,
                     gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, FALSE, 0));
}

// Sources post an error where the flow ends because caps do not fit: nobody behind them does.
void gstlk_track_output_tell(GstLkTrackOutput* output, GstFlowReturn flow) {
  TrackOutput& impl = *output->impl;
  if (flow != GST_FLOW_NOT_NEGOTIATED || impl.refused.exchange(true)) return;
  const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(output->sink));
  GST_ELEMENT_ERROR(output, STREAM, FORMAT,
                    ("What is linked to %s does not take what comes. Link an element that does, "
                     "or one that takes a change of it.",
                     GST_OBJECT_NAME(output)),
                    ("%" GST_PTR_FORMAT, caps.get()));
}

void gstlk_track_output_end(GstLkTrackOutput* output) {
  if (!output->impl->ended.exchange(true)) gstlk_track_output_enqueue(output, gst_event_new_eos());
}

gboolean gstlk_track_output_is_drained(GstLkTrackOutput* output) { return output->impl->drained; }

GstLkTrackOutputCounts gstlk_track_output_get_counts(GstLkTrackOutput* output) {
  TrackOutput& impl = *output->impl;
  MutexLock lock(impl.mutex);
  return {impl.buffers.load(std::memory_order_relaxed), impl.bytes.load(std::memory_order_relaxed),
          impl.gaps.load(std::memory_order_relaxed), impl.queue.lost()};
}
