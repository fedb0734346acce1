// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/encoder.h"

#include <gst/video/video.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace gstlk::client {

struct KnownEncoder {
  const char* factory;
  const char* codec;
  const char* bitrate;    // property; nullptr when it has none
  unsigned bitrate_unit;  // bits per second
  const char* settings;   // "property=value ..."; one that this version lacks is left out
};

namespace {

LogCategory& log_encoder = register_log_category(*new LogCategory{"livekit-encoder"});

// Keyframes come when somebody asks. Encoders want a number: 100 s at 30 frames per second. Those
// that cannot make a hard picture small enough leave frames out: of noise, OpenH264 and VP8 would
// otherwise send nine and four times what they are told.
constexpr std::array kEncoders = {
    KnownEncoder{"x264enc", "h264", "bitrate", 1000,
                 "tune=zerolatency speed-preset=superfast key-int-max=3000 bframes=0 "
                 "vbv-buf-capacity=400 rc-lookahead=0"},
    KnownEncoder{"openh264enc", "h264", "bitrate", 1,
                 "complexity=low rate-control=bitrate gop-size=3000 usage-type=camera "
                 "enable-frame-skip=true"},
    KnownEncoder{"nvh264enc", "h264", "bitrate", 1000,
                 "preset=low-latency-hq zerolatency=true rc-mode=cbr gop-size=-1"},
    KnownEncoder{"vah264enc", "h264", "bitrate", 1000,
                 "rate-control=cbr key-int-max=1024 b-frames=0 target-usage=6"},
    KnownEncoder{"vah264lpenc", "h264", "bitrate", 1000,
                 "rate-control=cbr key-int-max=1024 b-frames=0 target-usage=6"},
    KnownEncoder{"vaapih264enc", "h264", "bitrate", 1000,
                 "rate-control=cbr keyframe-period=3000 max-bframes=0"},
    KnownEncoder{"qsvh264enc", "h264", "bitrate", 1000,
                 "rate-control=cbr low-latency=true gop-size=3000 b-frames=0"},
    KnownEncoder{"msdkh264enc", "h264", "bitrate", 1000,
                 "rate-control=cbr low-latency=true gop-size=3000 b-frames=0"},
    KnownEncoder{"v4l2h264enc", "h264", nullptr, 1, ""},
    KnownEncoder{"x265enc", "h265", "bitrate", 1000,
                 "tune=zerolatency speed-preset=ultrafast key-int-max=3000"},
    KnownEncoder{"nvh265enc", "h265", "bitrate", 1000,
                 "preset=low-latency-hq zerolatency=true rc-mode=cbr gop-size=-1"},
    KnownEncoder{"vah265enc", "h265", "bitrate", 1000,
                 "rate-control=cbr key-int-max=1024 b-frames=0"},
    KnownEncoder{"vaapih265enc", "h265", "bitrate", 1000,
                 "rate-control=cbr keyframe-period=3000 max-bframes=0"},
    KnownEncoder{"qsvh265enc", "h265", "bitrate", 1000,
                 "rate-control=cbr low-latency=true gop-size=3000 b-frames=0"},
    KnownEncoder{"v4l2h265enc", "h265", nullptr, 1, ""},
    KnownEncoder{"vp8enc", "vp8", "target-bitrate", 1,
                 "deadline=1 cpu-used=8 end-usage=cbr keyframe-max-dist=3000 lag-in-frames=0 "
                 "error-resilient=default threads=2 undershoot=95 buffer-size=1000 "
                 "buffer-initial-size=500 buffer-optimal-size=600 static-threshold=100 "
                 "dropframe-threshold=30"},
    KnownEncoder{"vaapivp8enc", "vp8", "bitrate", 1000, "rate-control=cbr keyframe-period=3000"},
    KnownEncoder{"vp9enc", "vp9", "target-bitrate", 1,
                 "deadline=1 cpu-used=8 end-usage=cbr keyframe-max-dist=3000 lag-in-frames=0 "
                 "error-resilient=default threads=2 row-mt=true undershoot=95 buffer-size=1000 "
                 "buffer-initial-size=500 buffer-optimal-size=600 dropframe-threshold=30"},
    KnownEncoder{"vaapivp9enc", "vp9", "bitrate", 1000, "rate-control=cbr keyframe-period=3000"},
    KnownEncoder{"opusenc", "opus", "bitrate", 1, "inband-fec=true packet-loss-percentage=10"},
};

struct Candidate {
  const KnownEncoder* known;
  Ref<GstElementFactory> factory;
  bool hardware;
};

bool is_hardware(GstElementFactory* factory) {
  const char* klass = gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS);
  return klass && std::string_view(klass).find("Hardware") != std::string_view::npos;
}

std::vector<Candidate> candidates(const Codec& codec) {
  std::vector<Candidate> found;
  for (const KnownEncoder& known : kEncoders) {
    if (std::string_view(known.codec) != codec.name) continue;
    auto factory = Ref<GstElementFactory>::adopt(gst_element_factory_find(known.factory));
    if (factory) found.push_back({&known, factory, is_hardware(factory.get())});
  }
  std::ranges::stable_sort(found, [](const Candidate& a, const Candidate& b) {
    if (a.hardware != b.hardware) return a.hardware;
    return gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(a.factory.get())) >
           gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(b.factory.get()));
  });
  return found;
}

void apply_settings(GstElement* element, std::string_view settings) {
  while (!settings.empty()) {
    const std::string setting(settings.substr(0, settings.find(' ')));
    settings.remove_prefix(std::min(settings.size(), setting.size() + 1));
    const size_t equals = setting.find('=');
    const std::string name = setting.substr(0, equals);
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), name.c_str()))
      gst_util_set_object_arg(G_OBJECT(element), name.c_str(), setting.c_str() + equals + 1);
  }
}

// A driver that is not there, or a device that is in use.
bool can_be_opened(GstElement* element) {
  const bool opened = gst_element_set_state(element, GST_STATE_READY) != GST_STATE_CHANGE_FAILURE;
  gst_element_set_state(element, GST_STATE_NULL);
  return opened;
}

}  // namespace

Result<Encoder> Encoder::make(const Codec& codec, Bitrate bitrate) {
  for (const Candidate& candidate : candidates(codec)) {
    auto element =
        Ref<GstElement>::sink(gst_element_factory_create(candidate.factory.get(), nullptr));
    if (!element) continue;
    if (candidate.hardware && !can_be_opened(element.get())) continue;
    apply_settings(element.get(), candidate.known->settings);
    Encoder encoder(*candidate.known, std::move(element));
    encoder.set_bitrate(bitrate);
    LOG_INFO(log_encoder, "%s at %u kbit/s by %s", codec.name,
             static_cast<unsigned>(bitrate.bps / 1000), candidate.known->factory);
    return encoder;
  }
  return fail(std::string("no encoder for ") + codec.encoding +
              " is installed; install GStreamer's good, bad or ugly plugins, or encode in front of "
              "livekitsink");
}

std::string Encoder::output_caps() const {
  if (std::string_view(known_->codec) == "h264") return "video/x-h264,profile=constrained-baseline";
  if (std::string_view(known_->codec) == "h265") return "video/x-h265,profile=main";
  return "";
}

void Encoder::set_bitrate(Bitrate bitrate) {
  if (!known_->bitrate || bitrate.bps == 0) return;
  const std::string value =
      std::to_string(std::max<uint64_t>(bitrate.bps / known_->bitrate_unit, 1));
  gst_util_set_object_arg(G_OBJECT(element_.get()), known_->bitrate, value.c_str());
}

void Encoder::request_keyframe() {
  gst_element_send_event(element_.get(),
                         gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

const Codec& default_video_codec() {
  const Codec* h264 = codec_by_name("h264");
  return candidates(*h264).empty() ? *codec_by_name("vp8") : *h264;
}

}  // namespace gstlk::client
