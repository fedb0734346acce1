// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/composite_stage.h"

#include <algorithm>
#include <utility>

namespace gstlk::client {

namespace {

// Of the picture's height: what a tile leaves free on each side, unless it is all there is.
constexpr int kGapParts = 180;

// BT.601 at any size, as videos have it in the sizes of tiles: nothing but the size is converted.
GstVideoInfo picture_info(const StageSettings& settings) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, static_cast<guint>(settings.size.width),
                            static_cast<guint>(settings.size.height));
  info.fps_n = settings.frames;
  info.fps_d = settings.seconds;
  gst_video_colorimetry_from_string(&info.colorimetry, GST_VIDEO_COLORIMETRY_BT601);
  info.chroma_site = GST_VIDEO_CHROMA_SITE_JPEG;
  return info;
}

std::string caps_text(const GstVideoInfo& info) {
  const auto caps = Ref<GstCaps>::adopt(gst_video_info_to_caps(&info));
  gchar* text = gst_caps_to_string(caps.get());
  std::string result = text;
  g_free(text);
  return result;
}

guint64 nanoseconds(Duration duration) {
  return static_cast<guint64>(std::chrono::nanoseconds(duration).count());
}

// How late media may come is a setting: no source changes it, nor fails to say.
gboolean answer_latency(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  gst_query_set_latency(query, FALSE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

void remove(GstBin* bin, GstElement* element) {
  gst_element_set_locked_state(element, TRUE);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_bin_remove(bin, element);
}

}  // namespace

// The way of one source to its pad of the compositor or the mixer, which it has while it is open.
class CompositeStage::Input {
 public:
  Input(GstBin* bin, GstElement* aggregator, GstPad* source, const char* converter)
      : bin_(bin),
        aggregator_(aggregator),
        source_(Ref<GstPad>::share(source)),
        outlet_(GSTLK_OUTLET(g_object_new(GSTLK_TYPE_OUTLET, nullptr))) {
    gst_bin_add(bin_, GST_ELEMENT(outlet_));
    GstElement* first = GST_ELEMENT(outlet_);
    if (converter && (converter_ = gst_element_factory_make(converter, nullptr))) {
      gst_bin_add(bin_, converter_);
      gst_element_link(converter_, GST_ELEMENT(outlet_));
      first = converter_;
    }
    sink_ = Ref<GstPad>::adopt(gst_element_get_static_pad(first, "sink"));
    gst_element_sync_state_with_parent(GST_ELEMENT(outlet_));
    if (converter_) gst_element_sync_state_with_parent(converter_);
  }
  ~Input() {
    close();
    gst_pad_unlink(source_.get(), sink_.get());
    remove(bin_, GST_ELEMENT(outlet_));
    if (converter_) remove(bin_, converter_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // After open(), so that the first buffer finds its way.
  void link() { gst_pad_link(source_.get(), sink_.get()); }

  GstPad* pad() const { return pad_.get(); }

  // `prepare` sets the new pad up.
  template <class Prepare>
  void open(Prepare prepare) {
    if (pad_) return;
    pad_ = Ref<GstPad>::adopt(gst_element_request_pad_simple(aggregator_, "sink_%u"));
    prepare(pad_.get());
    const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(outlet_), "src"));
    gst_pad_set_query_function(src.get(), answer_latency);
    gst_pad_link(src.get(), pad_.get());
    gstlk_outlet_set_open(outlet_, TRUE);
  }
  void close() {
    if (!pad_) return;
    gstlk_outlet_set_open(outlet_, FALSE);
    // Releasing it wakes up whoever is waiting in it.
    gst_element_release_request_pad(aggregator_, pad_.get());
    pad_.reset();
  }

 private:
  GstBin* const bin_;
  GstElement* const aggregator_;
  const Ref<GstPad> source_;
  GstLkOutlet* const outlet_;        // in bin_
  GstElement* converter_ = nullptr;  // likewise
  Ref<GstPad> sink_;
  Ref<GstPad> pad_;
};

CompositeStage::CompositeStage(GstBin* bin, const StageSettings& settings)
    : bin_(bin),
      settings_(settings),
      picture_(picture_info(settings)),
      cards_(picture_, settings.background),
      behind_src_(Ref<GstPad>::sink(gst_pad_new("behind", GST_PAD_SRC))) {
  compositor_ = add("compositor", "compositor");
  mixer_ = add("audiomixer", "mixer");
  add_caps(compositor_, caps_text(picture_), video_src_);
  add_caps(mixer_, "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2", audio_src_);
  for (GstElement* element : {compositor_, mixer_}) {
    const auto out = Ref<GstPad>::adopt(gst_element_get_static_pad(element, "src"));
    gst_pad_add_probe(out.get(), GST_PAD_PROBE_TYPE_BUFFER, end_in_time, this, nullptr);
    if (element == compositor_)
      gst_pad_add_probe(out.get(), GST_PAD_PROBE_TYPE_BUFFER, draw_above, this, nullptr);
  }
  const auto sink = Ref<GstPad>::adopt(gst_element_request_pad_simple(compositor_, "sink_%u"));
  gst_pad_set_query_function(behind_src_.get(), answer_latency);
  gst_pad_link(behind_src_.get(), sink.get());
  draw();
}

CompositeStage::~CompositeStage() {
  stop();
  videos_.clear();
  audios_.clear();
  for (GstElement* element : elements_) remove(bin_, element);
}

// The first element of the way is the aggregator, which does not wait for those that have nothing.
GstElement* CompositeStage::add(const char* factory, const char* name) {
  GstElement* element = gst_element_factory_make_full(factory, "name", name, "force-live", TRUE,
                                                      "min-upstream-latency",
                                                      nanoseconds(settings_.latency), nullptr);
  gst_bin_add(bin_, element);
  elements_.push_back(element);
  return element;
}

void CompositeStage::add_caps(GstElement* after, const std::string& caps, Ref<GstPad>& out) {
  GstElement* filter = gst_element_factory_make("capsfilter", nullptr);
  gst_util_set_object_arg(G_OBJECT(filter), "caps", caps.c_str());
  gst_bin_add(bin_, filter);
  elements_.push_back(filter);
  gst_element_link(after, filter);
  out = Ref<GstPad>::adopt(gst_element_get_static_pad(filter, "src"));
}

Rect CompositeStage::video_rect(const Rect& tile) const {
  if (tile.width >= settings_.size.width && tile.height >= settings_.size.height) return tile;
  const int gap = std::max(2, settings_.size.height / kGapParts) & ~1;
  // More at the sides, so that a tile of 16:9 stays one.
  const int side = (gap * 16 / 9 + 1) & ~1;
  if (tile.width <= 4 * side || tile.height <= 4 * gap) return tile;
  return {tile.x + side, tile.y + gap, tile.width - 2 * side, tile.height - 2 * gap};
}

Ref<GstPad> CompositeStage::video_src() const { return video_src_; }
Ref<GstPad> CompositeStage::audio_src() const { return audio_src_; }

void CompositeStage::start() {
  end_at_ = GST_CLOCK_TIME_NONE;
  GstVideoInfo still = picture_;
  still.fps_n = 0;
  const auto caps = Ref<GstCaps>::adopt(gst_video_info_to_caps(&still));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_set_active(behind_src_.get(), TRUE);
  gst_pad_push_event(behind_src_.get(), gst_event_new_stream_start("behind"));
  gst_pad_push_event(behind_src_.get(), gst_event_new_caps(caps.get()));
  gst_pad_push_event(behind_src_.get(), gst_event_new_segment(&segment));
  {
    MutexLock lock(mutex_);
    running_ = true;
  }
  push_behind();
  pause();
  // Whatever base time there is, it is not that of what comes.
  MutexLock lock(mutex_);
  held_at_ = 0;
}

// An aggregator has the clock a moment before it has the base time. By that it would be late by all
// the time that the machine runs, and hurry.
void CompositeStage::pause() {
  if (!holds_.empty()) return;
  for (GstElement* element : {compositor_, mixer_}) {
    auto out = Ref<GstPad>::adopt(gst_element_get_static_pad(element, "src"));
    const auto type =
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER);
    const gulong probe = gst_pad_add_probe(out.get(), type, hold, nullptr, nullptr);
    holds_.emplace_back(std::move(out), probe);
  }
  MutexLock lock(mutex_);
  held_ = true;
  held_at_ = running_time();
}

void CompositeStage::play() {
  for (const auto& [pad, probe] : holds_) gst_pad_remove_probe(pad.get(), probe);
  holds_.clear();
  {
    MutexLock lock(mutex_);
    held_ = false;
    if (!std::exchange(waiting_, false)) return;
  }
  push_behind();
}

GstPadProbeReturn CompositeStage::hold(GstPad*, GstPadProbeInfo*, gpointer) {
  return GST_PAD_PROBE_OK;
}

void CompositeStage::stop() {
  {
    MutexLock lock(mutex_);
    running_ = false;
  }
  play();
  gst_pad_set_active(behind_src_.get(), FALSE);
}

GstClockTime CompositeStage::running_time() const {
  const auto clock = Ref<GstClock>::adopt(gst_element_get_clock(compositor_));
  return clock ? gst_clock_get_time(clock.get()) - gst_element_get_base_time(compositor_) : 0;
}

// At the same time of both, however far each one is. In a pause the clock goes on, their time does
// not.
void CompositeStage::end() {
  MutexLock lock(mutex_);
  end_at_ = held_ ? held_at_ : running_time();
}

void CompositeStage::add_video(const std::string& id, GstPad* source) {
  auto& input = videos_[id];
  input = std::make_unique<Input>(bin_, compositor_, source, nullptr);
  place(id, *input);
  input->link();
}

void CompositeStage::remove_video(const std::string& id) { videos_.erase(id); }

void CompositeStage::add_audio(const std::string& id, GstPad* source) {
  auto& input = audios_[id];
  input = std::make_unique<Input>(bin_, mixer_, source, "audioresample");
  input->open([](GstPad*) {});
  input->link();
}

void CompositeStage::remove_audio(const std::string& id) { audios_.erase(id); }

void CompositeStage::show(std::vector<StageTile> tiles) {
  if (tiles == tiles_) return;
  tiles_ = std::move(tiles);
  for (const auto& [id, input] : videos_) place(id, *input);
  draw();
}

void CompositeStage::set_background(uint32_t background) {
  if (background == settings_.background) return;
  settings_.background = background;
  cards_.set_background(background);
  draw();
}

void CompositeStage::set_names(bool names) {
  if (names == settings_.names) return;
  settings_.names = names;
  draw();
}

void CompositeStage::place(const std::string& id, Input& input) {
  const auto tile = std::ranges::find(tiles_, id, &StageTile::video);
  if (tile == tiles_.end() || !tile->place.shown) return input.close();
  const Rect rect = video_rect(tile->place.rect);
  const auto move = [&rect, z_order = tile->place.z_order](GstPad* pad) {
    g_object_set(pad, "xpos", rect.x, "ypos", rect.y, "width", rect.width, "height", rect.height,
                 "zorder", z_order + 1, nullptr);
    gst_util_set_object_arg(G_OBJECT(pad), "sizing-policy", "keep-aspect-ratio");
  };
  if (input.pad()) return move(input.pad());
  input.open(move);
}

void CompositeStage::draw() {
  std::vector<TileCard> cards;
  for (const StageTile& tile : tiles_) {
    if (!tile.place.shown) continue;
    cards.push_back({video_rect(tile.place.rect), tile.name, !tile.video.empty()});
  }
  auto behind = cards_.behind(cards);
  auto above = settings_.names ? cards_.above(cards) : Ref<GstVideoOverlayComposition>();
  {
    MutexLock lock(mutex_);
    std::swap(above_, above);
    std::swap(behind_, behind);
  }
  push_behind();
}

// Without a duration it is shown until there is another one, whatever its time.
void CompositeStage::push_behind() {
  Ref<GstBuffer> behind;
  {
    MutexLock lock(mutex_);
    if (!running_) return;
    if (held_) {
      waiting_ = true;
      return;
    }
    behind = behind_;
  }
  if (!behind) return;
  GstBuffer* frame = gst_buffer_copy(behind.get());
  GST_BUFFER_PTS(frame) = 0;
  gst_pad_push(behind_src_.get(), frame);
}

GstPadProbeReturn CompositeStage::end_in_time(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const auto* const stage = static_cast<const CompositeStage*>(self);
  GstBuffer* const buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (GST_BUFFER_PTS(buffer) < stage->end_at_) return GST_PAD_PROBE_OK;
  gst_buffer_unref(buffer);
  GST_PAD_PROBE_INFO_DATA(info) = nullptr;
  // Of which the aggregator makes an event.
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
  return GST_PAD_PROBE_HANDLED;
}

GstPadProbeReturn CompositeStage::draw_above(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* const stage = static_cast<CompositeStage*>(self);
  Ref<GstVideoOverlayComposition> above;
  {
    MutexLock lock(stage->mutex_);
    above = stage->above_;
  }
  if (!above) return GST_PAD_PROBE_OK;
  GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  GstVideoFrame frame;
  if (gst_video_frame_map(&frame, &stage->picture_, buffer, GST_MAP_READWRITE)) {
    gst_video_overlay_composition_blend(above.get(), &frame);
    gst_video_frame_unmap(&frame);
  }
  return GST_PAD_PROBE_OK;
}

}  // namespace gstlk::client
