// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/remote_output.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/livekit/received_stream.h"

namespace gstlk::client {

namespace {

struct FactoryListDeleter {
  void operator()(GList* list) const { gst_plugin_feature_list_free(list); }
};

// The best decoder for all of these caps, by rank: not one for VP8 with alpha alone.
std::string best_decoder(const GstCaps* caps) {
  const std::unique_ptr<GList, FactoryListDeleter> all(
      gst_element_factory_list_get_elements(GST_ELEMENT_FACTORY_TYPE_DECODER, GST_RANK_MARGINAL));
  const std::unique_ptr<GList, FactoryListDeleter> fitting(
      gst_element_factory_list_filter(all.get(), caps, GST_PAD_SINK, TRUE));
  if (!fitting) return {};
  GList* sorted = gst_plugin_feature_list_copy(fitting.get());
  sorted = g_list_sort(sorted, gst_plugin_feature_rank_compare_func);
  const std::unique_ptr<GList, FactoryListDeleter> owner(sorted);
  return GST_OBJECT_NAME(sorted->data);
}

GstTagList* tags_of(const TrackIdentity& track) {
  const std::string source = source_name(track.source);
  GstTagList* tags =
      gst_tag_list_new(GST_TAG_ARTIST, track.identity.c_str(), GST_TAG_TITLE,
                       track.name.empty() ? source.c_str() : track.name.c_str(),
                       GST_TAG_EXTENDED_COMMENT, ("source=" + source).c_str(), nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_STREAM);
  return tags;
}

GstStream* make_stream(const TrackIdentity& track) {
  const bool video = track.kind == MediaKind::Video;
  GstStream* stream =
      gst_stream_new(("livekit/" + to_string(track)).c_str(), nullptr,
                     video ? GST_STREAM_TYPE_VIDEO : GST_STREAM_TYPE_AUDIO, GST_STREAM_FLAG_NONE);
  const auto tags = Ref<GstTagList>::adopt(tags_of(track));
  gst_stream_set_tags(stream, tags.get());
  return stream;
}

void add_rtp_stats(GstElement* jitter_buffer, GstStructure* into) {
  static constexpr std::pair<const char*, const char*> kNames[] = {
      {"num-pushed", "packets"},
      {"num-lost", "lost"},
      {"num-late", "late"},
      {"num-duplicates", "duplicates"},
      {"avg-jitter", "jitter"},
      {"rtx-count", "retransmissions-requested"},
      {"rtx-success-count", "retransmissions-received"}};
  GstStructure* stats = nullptr;
  g_object_get(jitter_buffer, "stats", &stats, nullptr);
  if (!stats) return;
  for (const auto& [theirs, ours] : kNames) {
    const GValue* value = gst_structure_get_value(stats, theirs);
    if (value) gst_structure_set_value(into, ours, value);
  }
  gst_structure_free(stats);
}

const Codec* codec_of(GstPad* source) {
  auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(source));
  if (!caps) caps = Ref<GstCaps>::adopt(gst_pad_query_caps(source, nullptr));
  if (!caps || gst_caps_is_empty(caps.get()) || gst_caps_is_any(caps.get())) return nullptr;
  const char* encoding =
      gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "encoding-name");
  return encoding ? codec_by_encoding(encoding) : nullptr;
}

// A buffer is a picture, with its time; whether with start codes or lengths is for downstream to
// say.
void set_whole_pictures(GstElement* filter, const Codec& codec) {
  const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(codec.media));
  gst_structure_remove_field(gst_caps_get_structure(caps.get(), 0), "stream-format");
  g_object_set(filter, "caps", caps.get(), nullptr);
}

constexpr gint64 kShortestWait = G_TIME_SPAN_SECOND;
constexpr gint64 kLongestWait = 60 * G_TIME_SPAN_SECOND;
// A chain that has gone on for so long was good.
constexpr gint64 kProvenAfter = 10 * G_TIME_SPAN_SECOND;

// How late media is, as a pad's chain said last; the pad has it.
struct KnownLatency {
  explicit KnownLatency(GstClockTime setting) : least(setting) {}

  Mutex mutex;
  GstClockTime least GUARDED_BY(mutex);
  GstClockTime most GUARDED_BY(mutex) = GST_CLOCK_TIME_NONE;
};

// Of a pad whose chain leads nowhere the default answer is that nothing is live.
gboolean answer_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  const gboolean answered = gst_pad_query_default(pad, parent, query);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return answered;
  auto& known = *static_cast<KnownLatency*>(pad->querydata);
  gboolean live = FALSE;
  GstClockTime least = 0;
  GstClockTime most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  MutexLock lock(known.mutex);
  if (answered && live) {
    known.least = least;
    known.most = most;
  } else {
    gst_query_set_latency(query, TRUE, known.least, known.most);
  }
  return TRUE;
}

void remember_latency(GstPad* pad, GstClockTime latency) {
  gst_pad_set_query_function_full(pad, answer_query, new KnownLatency(latency),
                                  [](gpointer data) { delete static_cast<KnownLatency*>(data); });
}

// An error behind a track ends that track alone: webrtcbin would stop them all.

GstFlowReturn keep_to_itself(GstPad* entry, GstFlowReturn flow) {
  auto* outlet = GSTLK_TRACK_OUTPUT(gst_pad_get_element_private(entry));
  if (flow != GST_FLOW_OK) gstlk_track_output_tell(outlet, flow);
  return GST_FLOW_OK;
}

GstFlowReturn entry_chain(GstPad* entry, GstObject* parent, GstBuffer* buffer) {
  return keep_to_itself(entry, gst_proxy_pad_chain_default(entry, parent, buffer));
}

GstFlowReturn entry_chain_list(GstPad* entry, GstObject* parent, GstBufferList* list) {
  return keep_to_itself(entry, gst_proxy_pad_chain_list_default(entry, parent, list));
}

}  // namespace

RemoteOutput::RemoteOutput(GstBin* bin, const std::string& name, const TrackIdentity& track,
                           GstClockTime latency)
    : bin_(bin),
      name_(name),
      track_(track),
      stream_(Ref<GstStream>::adopt(make_stream(track))),
      own_bin_(Ref<GstElement>::sink(GST_ELEMENT(gstlk_track_bin_new(
          ("output-" + name).c_str(), (name + " (" + to_string(track) + ")").c_str())))),
      outlet_(gstlk_track_output_new(name.c_str(), stream_.get(), tags_of(track),
                                     g_str_hash(track.identity.c_str()))) {
  gst_bin_add(GST_BIN(own_bin_.get()), GST_ELEMENT(outlet_));
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(outlet_), "src"));
  pad_ = gst_ghost_pad_new("src", src.get());
  remember_latency(pad_, latency);
  gst_pad_set_active(pad_, TRUE);
  gst_element_add_pad(own_bin_.get(), pad_);
  gst_bin_add(bin_, own_bin_.get());
  gst_element_sync_state_with_parent(own_bin_.get());
}

RemoteOutput::~RemoteOutput() {
  detach();
  gst_element_set_locked_state(own_bin_.get(), TRUE);
  gst_element_set_state(own_bin_.get(), GST_STATE_NULL);
  if (GST_OBJECT_PARENT(own_bin_.get()) == GST_OBJECT(bin_)) gst_bin_remove(bin_, own_bin_.get());
}

Result<void> RemoteOutput::attach(GstPad* source, OutputForm form, bool encrypted) {
  detach();
  const Codec* codec = codec_of(source);
  form_ = form;
  encrypted_ = encrypted;
  gstlk_track_bin_restore(GSTLK_TRACK_BIN(own_bin_.get()));
  const auto built = build(codec, form, encrypted);
  source_ = Ref<GstPad>::share(source);
  {
    auto jitter_buffer = jitter_buffer_of(source);
    MutexLock lock(mutex_);
    jitter_buffer_ = std::move(jitter_buffer);
  }
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(chain_first_, "sink"));
  GstPad* entry = gst_ghost_pad_new("sink", sink.get());
  gst_pad_set_element_private(entry, outlet_);
  gst_pad_set_chain_function(entry, entry_chain);
  gst_pad_set_chain_list_function(entry, entry_chain_list);
  gst_pad_set_active(entry, TRUE);
  gst_element_add_pad(own_bin_.get(), entry);
  gstlk_track_output_set_open(outlet_, TRUE);
  if (gst_pad_link(source, entry) != GST_PAD_LINK_OK) return fail("webrtcbin's pad does not link");
  return built;
}

// Does downstream take raw media alone? When it takes anything, or nobody is there yet, media stays
// as it came.
bool RemoteOutput::wants_raw(const Codec& codec) const {
  const auto peer = Ref<GstCaps>::adopt(gst_pad_peer_query_caps(pad_, nullptr));
  if (!peer || gst_caps_is_any(peer.get())) return false;
  const std::string media = codec.media;
  const auto encoded =
      Ref<GstCaps>::adopt(gst_caps_from_string(media.substr(0, media.find(',')).c_str()));
  return !gst_caps_can_intersect(peer.get(), encoded.get());
}

Result<void> RemoteOutput::build(const Codec* codec, OutputForm form, bool encrypted) {
  const auto factories = chain_of(codec, form, encrypted);
  std::vector<GstElement*> elements;
  std::string missing;
  if (factories) {
    for (const std::string& factory : *factories) {
      GstElement* element = add(factory);
      if (!element) missing = factory;
      if (factory == "capsfilter") set_whole_pictures(element, *codec);
      elements.push_back(element);
    }
  }
  if (!factories || !missing.empty()) {
    // Webrtcbin's pad has to lead somewhere.
    chain_first_ = add("fakesink");
    g_object_set(chain_first_, "async", FALSE, "sync", FALSE, nullptr);
    gst_element_sync_state_with_parent(chain_first_);
    return fail(factories ? "the element " + missing + " is missing" : factories.error().message);
  }
  chain_first_ = elements.front();
  elements.push_back(GST_ELEMENT(outlet_));
  // What downstream takes is seen when media comes, where there are words for it.
  for (size_t i = elements.size() - 1; i > 0; --i)
    gst_element_link_pads_full(elements[i - 1], "src", elements[i], "sink",
                               GST_PAD_LINK_CHECK_NOTHING);
  for (size_t i = elements.size(); i > 0; --i) gst_element_sync_state_with_parent(elements[i - 1]);
  return {};
}

// The elements in front of the outlet.
Result<std::vector<std::string>> RemoteOutput::chain_of(const Codec* codec, OutputForm form,
                                                        bool encrypted) const {
  std::vector<std::string> factories;
  if (form == OutputForm::Rtp) return std::vector<std::string>{"identity"};
  if (!codec) return fail("its codec is not known");
  if (form == OutputForm::Auto) form = wants_raw(*codec) ? OutputForm::Raw : OutputForm::Encoded;
  if (form == OutputForm::Raw && encrypted) return fail("it is end-to-end encrypted");
  factories.emplace_back(codec->depayloader);
  if (codec->parser) {
    factories.emplace_back(codec->parser);
    factories.emplace_back("capsfilter");
  }
  if (form != OutputForm::Raw) return factories;
  // Mono or stereo, as RFC 7587 has it; decoders name the other mappings apart.
  std::string media = codec->media;
  if (codec->kind == MediaKind::Audio) media += ",channel-mapping-family=(int)0";
  const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(media.c_str()));
  factories.push_back(best_decoder(caps.get()));
  if (factories.back().empty())
    return fail(std::string("no decoder for ") + codec->encoding + " is installed");
  // Raw video of a decoder may be in a form that only few elements take.
  factories.emplace_back(codec->kind == MediaKind::Video ? "videoconvert" : "audioconvert");
  return factories;
}

GstElement* RemoteOutput::add(const std::string& factory) {
  GstElement* element = gst_element_factory_make(factory.c_str(), nullptr);
  if (!element) return nullptr;
  // A picture that lacks something is no picture; the next keyframe is asked for.
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "request-keyframe"))
    g_object_set(element, "request-keyframe", TRUE, nullptr);
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "wait-for-keyframe"))
    g_object_set(element, "wait-for-keyframe", TRUE, nullptr);
  gst_bin_add(GST_BIN(own_bin_.get()), element);
  return element;
}

bool RemoteOutput::wants_mending(gint64 now) const {
  const gint64 failed = gstlk_track_bin_failed(GSTLK_TRACK_BIN(own_bin_.get()));
  return failed != 0 && now - failed >= mending_wait_;
}

void RemoteOutput::mend(gint64 now) {
  if (!source_) return;
  const gint64 failed = gstlk_track_bin_failed(GSTLK_TRACK_BIN(own_bin_.get()));
  const bool again = failed - std::exchange(mended_at_, now) < kProvenAfter;
  mending_wait_ = again ? std::min(2 * mending_wait_, kLongestWait) : kShortestWait;
  const auto source = source_;
  const gulong dropping = detach_from_source();
  (void)attach(source.get(), form_, encrypted_);
  gst_pad_remove_probe(source.get(), dropping);
  request_keyframe();
}

Ref<GstPad> RemoteOutput::detach() {
  auto source = source_;
  (void)detach_from_source();
  return source;
}

gulong RemoteOutput::detach_from_source() {
  if (!chain_first_) return 0;
  gulong dropping = 0;
  gstlk_track_output_set_open(outlet_, FALSE);
  const auto entry = Ref<GstPad>::adopt(gst_element_get_static_pad(own_bin_.get(), "sink"));
  if (entry) {
    if (source_) {
      // LiveKit's server sends a few frames more.
      dropping = drop_media(source_.get());
      gst_pad_unlink(source_.get(), entry.get());
    }
    gst_pad_set_active(entry.get(), FALSE);
    gst_element_remove_pad(own_bin_.get(), entry.get());
  }
  source_.reset();
  chain_first_ = nullptr;
  {
    Ref<GstElement> gone;
    MutexLock lock(mutex_);
    std::swap(gone, jitter_buffer_);
  }
  GstIterator* iterator = gst_bin_iterate_elements(GST_BIN(own_bin_.get()));
  std::vector<Ref<GstElement>> elements;
  GValue value = G_VALUE_INIT;
  while (gst_iterator_next(iterator, &value) == GST_ITERATOR_OK) {
    elements.push_back(Ref<GstElement>::share(GST_ELEMENT(g_value_get_object(&value))));
    g_value_reset(&value);
  }
  g_value_unset(&value);
  gst_iterator_free(iterator);
  for (const auto& element : elements) {
    if (element.get() == GST_ELEMENT(outlet_)) continue;
    gst_element_set_locked_state(element.get(), TRUE);
    gst_element_set_state(element.get(), GST_STATE_NULL);
    gst_bin_remove(GST_BIN(own_bin_.get()), element.get());
  }
  return dropping;
}

Ref<GstPad> RemoteOutput::end() {
  auto source = detach();
  gstlk_track_output_end(outlet_);
  return source;
}

GstStructure* RemoteOutput::stats() const {
  const GstLkTrackOutputCounts counts = gstlk_track_output_get_counts(outlet_);
  GstStructure* stats = gst_structure_new(
      "track", "identity", G_TYPE_STRING, track_.identity.c_str(), "name", G_TYPE_STRING,
      track_.name.c_str(), "source", G_TYPE_STRING, source_name(track_.source).c_str(), "buffers",
      G_TYPE_UINT64, counts.buffers, "bytes", G_TYPE_UINT64, counts.bytes, "gaps", G_TYPE_UINT64,
      counts.gaps, "dropped", G_TYPE_UINT64, counts.dropped, nullptr);
  if (const auto buffer = jitter_buffer()) add_rtp_stats(buffer.get(), stats);
  return stats;
}

Ref<GstElement> RemoteOutput::jitter_buffer() const {
  MutexLock lock(mutex_);
  return jitter_buffer_;
}

}  // namespace gstlk::client
