// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_chain.h"

#include <algorithm>
#include <utility>

#include "plugins/livekit/rtp_extensions.h"

namespace gstlk::client {

namespace {

// The Internet's paths take 1,280 bytes; with what payloaders forget, header extensions, a packet
// has at most 1,200, which leaves room for SRTP, TURN and IPv6.
constexpr unsigned kMtu = 1176;
constexpr Bitrate kAudioBitrate{48'000};
constexpr const char* kNotOneTrack =
    "the pads of one track carry encodings of one video codec, encoded already; raw video needs "
    "one pad, which encodes it in several sizes";

GstPad* static_pad(GstElement* element, const char* name) {
  return gst_element_get_static_pad(element, name);
}

}  // namespace

TrackChain::TrackChain(MediaKind kind, GstElement* bin, GstLkOutlet* outlet)
    : kind_(kind), bin_(bin), outlet_(outlet) {}

Result<void> TrackChain::build(Entries entries, const TrackSettings& settings) {
  settings_ = settings;
  auto built = build_for(entries);
  if (built && !missing_.empty())
    return fail("the element " + missing_ +
                " is missing; install GStreamer's base and good plugins");
  return built;
}

Result<void> TrackChain::build_for(Entries entries) {
  const MediaFormat& format = *entries.back()->format;
  if (format.form != MediaFormat::Form::Raw) return build_encoded(entries);
  if (entries.size() > 1) return fail(kNotOneTrack);
  if (kind_ == MediaKind::Audio) {
    codec_ = codec_by_name("opus");
    return build_audio(*entries.front());
  }
  codec_ = settings_.codec.empty() ? &default_video_codec() : codec_by_name(settings_.codec);
  if (!codec_ || codec_->kind != MediaKind::Video)
    return fail("codec \"" + settings_.codec + "\" is not known; there are h264, h265, vp8, vp9");
  return build_video(*entries.front());
}

Result<void> TrackChain::build_video(TrackEntry& entry) {
  const auto encodings = plan_encodings(wishes(*entry.format));
  GstElement* convert = add("videoconvert");
  GstElement* formats = add_caps("video/x-raw,format={(string)I420,(string)NV12}");
  GstElement* tee = add("tee");
  g_object_set(tee, "allow-not-linked", TRUE, nullptr);
  std::vector<GstElement*> payloaders;
  for (const VideoEncoding& encoding : encodings) {
    auto added = add_branch(tee, encoding, *codec_);
    if (!added) return added;
    payloaders.push_back(branches_.back()->payloader);
  }
  finish(payloaders);
  link(formats, tee);
  link(convert, formats);
  link(entry.element(), convert);
  return {};
}

Result<void> TrackChain::add_branch(GstElement* from, const VideoEncoding& encoding,
                                    const Codec& codec) {
  auto encoder = Encoder::make(codec, encoding.max_bitrate);
  if (!encoder) return fail(encoder.error().message);
  auto branch = std::make_unique<EncodingBranch>();
  branch->encoding = encoding;
  branch->target = encoding.max_bitrate;
  branch->encoder = std::move(*encoder);
  // A thread for each encoder; one that is too slow loses frames and does not stop the source.
  GstElement* queue = add("queue");
  gst_util_set_object_arg(G_OBJECT(queue), "leaky", "downstream");
  g_object_set(queue, "max-size-buffers", 3, "max-size-bytes", 0, "max-size-time", guint64{0},
               nullptr);
  GstElement* scale = add("videoscale");
  g_object_set(scale, "add-borders", FALSE, nullptr);
  branch->scale_filter = add_caps("video/x-raw,width=" + std::to_string(encoding.width) +
                                  ",height=" + std::to_string(encoding.height));
  GstElement* element = add(branch->encoder->element());
  GstElement* last = element;
  if (const std::string output = branch->encoder->output_caps(); !output.empty()) {
    GstElement* filter = add_caps(output);
    link(element, filter);
    last = filter;
  }
  link(last, add_parser(codec, add_payloader(*branch)));
  link(branch->scale_filter, element);
  link(scale, branch->scale_filter);
  link(queue, scale);
  branch->add_gate(queue, "sink");
  branch->add_counter(element, "src");
  branches_.push_back(std::move(branch));
  gst_element_link(from, queue);
  return {};
}

Result<void> TrackChain::build_audio(TrackEntry& entry) {
  const int channels = entry.format->channels >= 2 ? 2 : 1;
  const Bitrate bitrate =
      settings_.max_bitrate.bps ? settings_.max_bitrate : Bitrate{kAudioBitrate.bps * channels};
  auto encoder = Encoder::make(*codec_, bitrate);
  if (!encoder) return fail(encoder.error().message);
  auto branch = std::make_unique<EncodingBranch>();
  branch->encoder = std::move(*encoder);
  branch->target = bitrate;
  g_object_set(branch->encoder->element(), "dtx", settings_.dtx, nullptr);
  GstElement* convert = add("audioconvert");
  GstElement* resample = add("audioresample");
  GstElement* filter = add_caps("audio/x-raw,rate=48000,channels=" + std::to_string(channels));
  // The level goes into a header extension, by which the server finds who speaks.
  GstElement* level = add("level");
  g_object_set(level, "post-messages", FALSE, "audio-level-meta", TRUE, nullptr);
  GstElement* element = add(branch->encoder->element());
  link(element, add_payloader(*branch));
  link(level, element);
  link(filter, level);
  link(resample, filter);
  link(convert, resample);
  branch->add_gate(element, "sink");
  branch->add_counter(element, "src");
  GstElement* payloader = branch->payloader;
  branches_.push_back(std::move(branch));
  finish({payloader});
  link(entry.element(), convert);
  return {};
}

// The encodings are ordered by their sizes, or as their pads are where caps say none.
Result<void> TrackChain::build_encoded(Entries entries) {
  std::vector<TrackEntry*> order;
  for (const auto& entry : entries) {
    if (!entry->format->codec || entry->format->codec != entries.front()->format->codec)
      return fail(kNotOneTrack);
    order.push_back(entry.get());
  }
  std::ranges::stable_sort(order, {}, [](const TrackEntry* entry) {
    return static_cast<int64_t>(entry->format->width) * entry->format->height;
  });
  codec_ = order.front()->format->codec;
  std::vector<VideoEncoding> encodings;
  for (const TrackEntry* entry : order)
    encodings.push_back(encoding_of_size(entry->format->width, entry->format->height));
  name_encodings(encodings);
  std::vector<GstElement*> payloaders;
  for (size_t i = 0; i < order.size(); ++i)
    payloaders.push_back(add_encoded_branch(*order[i], encodings[i], order.size() > 1));
  finish(payloaders);
  return {};
}

VideoEncoding TrackChain::encoding_of_size(int width, int height) const {
  VideoEncoding encoding;
  encoding.width = width;
  encoding.height = height;
  encoding.max_bitrate =
      settings_.max_bitrate.bps ? settings_.max_bitrate : fitting_bitrate(width, height, false);
  return encoding;
}

GstElement* TrackChain::add_encoded_branch(TrackEntry& entry, const VideoEncoding& encoding,
                                           bool is_simulcast) {
  auto branch = std::make_unique<EncodingBranch>();
  branch->encoding = encoding;
  GstElement* payloader = add_payloader(*branch);
  GstElement* first = add_parser(*codec_, payloader);
  if (entry.format->form == MediaFormat::Form::Rtp) {
    GstElement* depayloader = add(codec_->depayloader);
    link(depayloader, first);
    first = depayloader;
  }
  branch->add_offered_counter(entry.element(), "src");
  branch->add_gate(entry.element(), "src");
  // A single one is shut when nobody wants it, and begins in front of one who may wait long for a
  // keyframe of its source.
  if (is_simulcast) branch->add_keyframe_gate(payloader, "sink");
  branch->add_counter(payloader, "sink");
  branch->keyframe_pad = Ref<GstPad>::adopt(static_pad(entry.element(), "sink"));
  branches_.push_back(std::move(branch));
  link(entry.element(), first);
  return payloader;
}

// The first element from a parser on, where the codec has one. The parser puts the stream headers
// in front of every keyframe: nobody else repeats them for those who come late. The payloader would
// put them in front of every slice of it, which divides the picture for strict receivers.
GstElement* TrackChain::add_parser(const Codec& codec, GstElement* payloader) {
  if (!codec.parser) return payloader;
  GstElement* parser = add(codec.parser);
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(parser), "config-interval"))
    g_object_set(parser, "config-interval", -1, nullptr);
  link(parser, payloader);
  return parser;
}

GstElement* TrackChain::add_payloader(EncodingBranch& branch) {
  GstElement* payloader = make(codec_->payloader);
  branch.payloader = payloader;
  // The timestamps of a track's encodings are of one clock, as a browser's are. A payloader takes
  // offset and SSRC when it starts, which is when it is added.
  g_object_set(payloader, "mtu", kMtu, "pt", codec_->payload, "ssrc", g_random_int(),
               "timestamp-offset", timestamp_offset_, nullptr);
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(payloader), "picture-id-mode"))
    gst_util_set_object_arg(G_OBJECT(payloader), "picture-id-mode", "15-bit");
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(payloader), "aggregate-mode"))
    gst_util_set_object_arg(G_OBJECT(payloader), "aggregate-mode", "zero-latency");
  return add(payloader);
}

// From the payloaders to the outlet. The funnel is there for a single one, too: it keeps the
// filter's a-mid from payloaders, whose mid extension wants to say it itself.
void TrackChain::finish(std::vector<GstElement*> payloaders) {
  rtp_filter_ = add("capsfilter");
  GstElement* funnel = add("rtpfunnel");
  for (GstElement* payloader : payloaders) gst_element_link(payloader, funnel);
  std::vector<uint32_t> ssrcs;
  for (GstElement* payloader : payloaders) {
    guint ssrc = 0;
    g_object_get(payloader, "ssrc", &ssrc, nullptr);
    ssrcs.push_back(ssrc);
  }
  gstlk_outlet_set_ssrcs(outlet_, std::move(ssrcs));
  gst_element_link_many(funnel, rtp_filter_, GST_ELEMENT(outlet_), nullptr);
}

std::string TrackChain::rtp_caps(const TrackBinding& binding) const {
  std::string caps = "application/x-rtp,media=";
  caps += kind_ == MediaKind::Video ? "video" : "audio";
  caps += std::string(",encoding-name=") + codec_->encoding +
          ",payload=" + std::to_string(codec_->payload) +
          ",clock-rate=" + std::to_string(codec_->clock_rate) + ",a-mid=(string)" + binding.mid;
  const auto extension = [&caps](const RtpExtension& wanted) {
    caps += ",extmap-" + std::to_string(wanted.id) + "=(string)\"" + wanted.uri + "\"";
  };
  extension(kMidExtension);
  if (kind_ == MediaKind::Audio) {
    caps += ",encoding-params=(string)2";  // RFC 7587 section 7: always
    // As its payloader says it.
    if (branches_.front()->encoder)
      caps += ",extmap-" + std::to_string(kAudioLevelExtension.id) + "=(string)<\"\",\"" +
              kAudioLevelExtension.uri + "\",\"vad=on\">";
    return caps;
  }
  extension(kTransportCcExtension);
  caps += ",rtcp-fb-nack-pli=true,rtcp-fb-ccm-fir=true,rtcp-fb-transport-cc=true";
  if (branches_.size() == 1) return caps;
  extension(kRidExtension);
  extension(kRepairedRidExtension);
  std::string rids;
  for (const auto& branch : branches_) {
    rids += (rids.empty() ? "" : ";") + branch->encoding.rid;
    caps += ",rid-" + branch->encoding.rid + "=(string)send";
  }
  return caps + ",a-simulcast=(string)\"send " + rids + "\"";
}

Ref<GstCaps> TrackChain::bind(const TrackBinding& binding) {
  const bool first = !std::exchange(bound_, true);
  const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(rtp_caps(binding).c_str()));
  g_object_set(rtp_filter_, "caps", caps.get(), nullptr);
  for (const auto& branch : branches_) {
    if (!first) g_signal_emit_by_name(branch->payloader, "clear-extensions");
    add_extension(branch->payloader, kMidExtension, "mid", binding.mid);
    if (branches_.size() > 1)
      add_extension(branch->payloader, kRidExtension, "rid", branch->encoding.rid);
    if (kind_ == MediaKind::Audio && branch->encoder)
      add_extension(branch->payloader, kAudioLevelExtension);
    // The session counts packets that have room for a number, and those alone are told of in
    // feedback.
    if (kind_ == MediaKind::Video) add_extension(branch->payloader, kTransportCcExtension);
  }
  if (branches_.size() > 1) return caps;
  // Of a single encoding the offer tells the SSRC; of several, the rids.
  const auto with_ssrc = Ref<GstCaps>::adopt(gst_caps_copy(caps.get()));
  guint ssrc = 0;
  g_object_get(branches_.front()->payloader, "ssrc", &ssrc, nullptr);
  gst_caps_set_simple(with_ssrc.get(), "ssrc", G_TYPE_UINT, ssrc, nullptr);
  return with_ssrc;
}

VideoWishes TrackChain::wishes(const MediaFormat& format) const {
  return {.width = format.width,
          .height = format.height,
          .simulcast = settings_.simulcast,
          .screen_share = settings_.source == ::livekit::SCREEN_SHARE,
          .max_bitrate = settings_.max_bitrate};
}

void TrackChain::rescale(const MediaFormat& format, const TrackSettings& settings) {
  if (format.form != MediaFormat::Form::Raw || kind_ != MediaKind::Video) return;
  settings_ = settings;
  const auto encodings = plan_encodings(wishes(format), branches_.size());
  for (size_t i = 0; i < branches_.size(); ++i) {
    EncodingBranch& branch = *branches_[i];
    // One that is held down by the path stays there until that is known to carry more.
    const bool free = branch.target == branch.encoding.max_bitrate;
    branch.encoding = encodings[i];
    if (free || branch.target > branch.encoding.max_bitrate) {
      branch.target = branch.encoding.max_bitrate;
      branch.encoder->set_bitrate(branch.target);
    }
    const auto caps = Ref<GstCaps>::adopt(
        gst_caps_new_simple("video/x-raw", "width", G_TYPE_INT, branch.encoding.width, "height",
                            G_TYPE_INT, branch.encoding.height, nullptr));
    g_object_set(branch.scale_filter, "caps", caps.get(), nullptr);
  }
}

GstElement* TrackChain::make(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (element) return element;
  missing_ = factory;
  return gst_element_factory_make("identity", nullptr);
}

GstElement* TrackChain::add(const char* factory) { return add(make(factory)); }

GstElement* TrackChain::add(GstElement* element) {
  gst_bin_add(GST_BIN(bin_), element);
  gst_element_sync_state_with_parent(element);
  return element;
}

GstElement* TrackChain::add_caps(const std::string& text) {
  GstElement* filter = add("capsfilter");
  const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(text.c_str()));
  g_object_set(filter, "caps", caps.get(), nullptr);
  return filter;
}

void TrackChain::link(GstElement* from, GstElement* to) { gst_element_link(from, to); }

}  // namespace gstlk::client
