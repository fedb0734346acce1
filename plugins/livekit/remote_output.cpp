// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/remote_output.h"

#include <memory>
#include <vector>

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

GstEvent* stream_start(const TrackIdentity& track) {
  const std::string id = "livekit/" + track.identity + "/" +
                         ::livekit::TrackSource_Name(track.source) + "/" + track.name;
  GstEvent* event = gst_event_new_stream_start(id.c_str());
  gst_event_set_group_id(event, g_str_hash(track.identity.c_str()));
  return event;
}

GstEvent* tags_of(const TrackIdentity& track) {
  GstTagList* tags = gst_tag_list_new(GST_TAG_ARTIST, track.identity.c_str(), nullptr);
  const std::string title =
      track.name.empty() ? ::livekit::TrackSource_Name(track.source) : track.name;
  gst_tag_list_add(tags, GST_TAG_MERGE_APPEND, GST_TAG_TITLE, title.c_str(), nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_STREAM);
  return gst_event_new_tag(tags);
}

const Codec* codec_of(GstPad* source) {
  auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(source));
  if (!caps) caps = Ref<GstCaps>::adopt(gst_pad_query_caps(source, nullptr));
  if (!caps || gst_caps_is_empty(caps.get()) || gst_caps_is_any(caps.get())) return nullptr;
  const char* encoding =
      gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "encoding-name");
  return encoding ? codec_by_encoding(encoding) : nullptr;
}

}  // namespace

RemoteOutput::RemoteOutput(GstBin* bin, const std::string& name, const TrackIdentity& track)
    : bin_(bin),
      name_(name),
      track_(track),
      own_bin_(Ref<GstElement>::sink(gst_bin_new(("output-" + name).c_str()))),
      outlet_(GSTLK_OUTLET(g_object_new(GSTLK_TYPE_OUTLET, nullptr))) {
  gst_bin_add(GST_BIN(own_bin_.get()), GST_ELEMENT(outlet_));
  gstlk_outlet_set_stream(outlet_, stream_start(track), tags_of(track));
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(outlet_), "src"));
  pad_ = gst_ghost_pad_new("src", src.get());
  gst_pad_set_active(pad_, TRUE);
  gst_element_add_pad(own_bin_.get(), pad_);
  gst_bin_add(bin_, GST_ELEMENT(gst_object_ref(own_bin_.get())));
  gst_element_sync_state_with_parent(own_bin_.get());
}

RemoteOutput::~RemoteOutput() {
  detach();
  gst_element_set_locked_state(own_bin_.get(), TRUE);
  gst_element_set_state(own_bin_.get(), GST_STATE_NULL);
  if (GST_OBJECT_PARENT(own_bin_.get()) == GST_OBJECT(bin_)) gst_bin_remove(bin_, own_bin_.get());
}

Result<void> RemoteOutput::attach(GstPad* source, OutputForm form) {
  detach();
  const Codec* codec = codec_of(source);
  if (!codec) return fail("a codec that is not known");
  auto built = build(codec, form);
  if (!built) return built;
  source_ = Ref<GstPad>::share(source);
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(chain_first_, "sink"));
  GstPad* entry = gst_ghost_pad_new("sink", sink.get());
  gst_pad_set_active(entry, TRUE);
  gst_element_add_pad(own_bin_.get(), entry);
  gstlk_outlet_set_open(outlet_, TRUE);
  if (gst_pad_link(source, entry) != GST_PAD_LINK_OK) return fail("webrtcbin's pad does not link");
  return {};
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

Result<void> RemoteOutput::build(const Codec* codec, OutputForm form) {
  std::vector<std::string> factories;
  if (form == OutputForm::Auto) form = wants_raw(*codec) ? OutputForm::Raw : OutputForm::Encoded;
  if (form == OutputForm::Rtp) factories.emplace_back("identity");
  if (form != OutputForm::Rtp) factories.emplace_back(codec->depayloader);
  if (form != OutputForm::Rtp && codec->parser) factories.emplace_back(codec->parser);
  if (form == OutputForm::Raw) {
    // Mono or stereo, as RFC 7587 has it; decoders name the other mappings apart.
    std::string media = codec->media;
    if (codec->kind == MediaKind::Audio) media += ",channel-mapping-family=(int)0";
    const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(media.c_str()));
    factories.push_back(best_decoder(caps.get()));
    if (factories.back().empty())
      return fail(std::string("no decoder for ") + codec->encoding + " is installed");
    // Raw video of a decoder may be in a form that only few elements take.
    factories.emplace_back(codec->kind == MediaKind::Video ? "videoconvert" : "audioconvert");
  }
  std::vector<GstElement*> elements;
  for (const std::string& factory : factories) {
    GstElement* element = add(factory);
    if (!element) return fail("the element " + factory + " is missing");
    elements.push_back(element);
  }
  chain_first_ = elements.front();
  elements.push_back(GST_ELEMENT(outlet_));
  for (size_t i = elements.size() - 1; i > 0; --i) gst_element_link(elements[i - 1], elements[i]);
  for (size_t i = elements.size(); i > 0; --i) gst_element_sync_state_with_parent(elements[i - 1]);
  return {};
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

void RemoteOutput::detach() {
  if (!chain_first_) return;
  gstlk_outlet_set_open(outlet_, FALSE);
  const auto entry = Ref<GstPad>::adopt(gst_element_get_static_pad(own_bin_.get(), "sink"));
  if (entry) {
    if (source_) gst_pad_unlink(source_.get(), entry.get());
    gst_pad_set_active(entry.get(), FALSE);
    gst_element_remove_pad(own_bin_.get(), entry.get());
  }
  source_.reset();
  chain_first_ = nullptr;
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
    gst_element_set_state(element.get(), GST_STATE_NULL);
    gst_bin_remove(GST_BIN(own_bin_.get()), element.get());
  }
}

void RemoteOutput::end() {
  detach();
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(outlet_), "src"));
  gst_pad_push_event(src.get(), gst_event_new_eos());
}

}  // namespace gstlk::client
