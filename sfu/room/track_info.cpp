// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/track_info.h"

#include <algorithm>
#include <cctype>

namespace gstlk::room {
namespace {

constexpr int kMaxCodecs = 4;
constexpr int kMaxLayers = 3;
// Of a mid and of a track's name in a session description, which everybody is told.
constexpr size_t kMaxName = 256;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// The codec itself when the room has it, else the first of that kind.
std::string enabled_mime(const std::string& wanted, ::livekit::TrackType type,
                         const std::vector<EnabledCodec>& enabled) {
  if (wanted.empty()) return wanted;
  std::string first;
  const std::string prefix = type == ::livekit::VIDEO ? "video/" : "audio/";
  for (const EnabledCodec& codec : enabled) {
    const std::string mime = lower(codec.mime);
    if (mime == wanted) return wanted;
    if (first.empty() && mime.starts_with(prefix) && mime != "video/rtx") first = mime;
  }
  return first;
}

// Low to high, numbered.
std::vector<::livekit::VideoLayer> ordered_layers(
    const google::protobuf::RepeatedPtrField<::livekit::VideoLayer>& layers) {
  std::vector<::livekit::VideoLayer> ordered(layers.begin(), layers.end());
  std::ranges::stable_sort(ordered, {}, [](const auto& layer) { return layer.quality(); });
  if (ordered.size() > kMaxLayers) ordered.resize(kMaxLayers);
  for (size_t i = 0; i < ordered.size(); ++i) ordered[i].set_spatial_layer(static_cast<int>(i));
  return ordered;
}

bool is_svc(const ::livekit::SimulcastCodecInfo& codec) {
  return codec.video_layer_mode() == ::livekit::VideoLayer::MULTIPLE_SPATIAL_LAYERS_PER_STREAM;
}

::livekit::VideoLayer::Mode default_mode(const std::string& mime) {
  return mime == "video/vp9" || mime == "video/av1"
             ? ::livekit::VideoLayer::MULTIPLE_SPATIAL_LAYERS_PER_STREAM
             : ::livekit::VideoLayer::ONE_SPATIAL_LAYER_PER_STREAM;
}

// The codec's own, if the client says them, else the track's; nothing changes if it says none.
void describe_layers(const ::livekit::AddTrackRequest& request,
                     const ::livekit::SimulcastCodec& wanted,
                     ::livekit::SimulcastCodecInfo& codec) {
  auto layers = ordered_layers(wanted.layers().empty() ? request.layers() : wanted.layers());
  if (layers.empty()) return;
  codec.clear_layers();
  for (auto& layer : layers) *codec.add_layers() = std::move(layer);
}

// livekit-client before 2.23 says qualities and bitrates of a backup codec's layers, and as their
// sizes 0. Each has about half of the next.
void complete_sizes(const ::livekit::TrackInfo& info, ::livekit::SimulcastCodecInfo& codec) {
  for (int i = 0; i < codec.layers_size(); ++i) {
    ::livekit::VideoLayer& layer = *codec.mutable_layers(i);
    if (layer.width() != 0 || layer.height() != 0) continue;
    const int halvings = codec.layers_size() - 1 - i;
    layer.set_width(info.width() >> halvings);
    layer.set_height(info.height() >> halvings);
  }
}

void add_codec(const ::livekit::AddTrackRequest& request, const std::string& mime,
               const ::livekit::SimulcastCodec& wanted, ::livekit::TrackInfo& info) {
  ::livekit::SimulcastCodecInfo& codec = *info.add_codecs();
  codec.set_mime_type(mime);
  codec.set_cid(wanted.cid());
  if (request.type() != ::livekit::VIDEO) return;
  describe_layers(request, wanted, codec);
  codec.set_video_layer_mode(wanted.video_layer_mode() == ::livekit::VideoLayer::MODE_UNUSED
                                 ? default_mode(mime)
                                 : wanted.video_layer_mode());
}

// What it says beside its codecs is that of the first one.
void copy_first_codec(::livekit::TrackInfo& info) {
  const ::livekit::SimulcastCodecInfo& first = info.codecs(0);
  info.set_mime_type(first.mime_type());
  *info.mutable_layers() = first.layers();
  info.set_simulcast(first.layers_size() > 1 && !is_svc(first));
}

std::string default_stream(::livekit::TrackSource source) {
  switch (source) {
    case ::livekit::CAMERA:
    case ::livekit::MICROPHONE:
      return "camera";
    case ::livekit::SCREEN_SHARE:
    case ::livekit::SCREEN_SHARE_AUDIO:
      return "screen";
    default:
      return "unknown";
  }
}

// Each once: the lists are the client's, and they go to everybody.
void copy_features(const ::livekit::AddTrackRequest& request, ::livekit::TrackInfo& info) {
  const auto add = [](int feature, google::protobuf::RepeatedField<int>& features) {
    if (std::ranges::count(features, feature) == 0) features.Add(feature);
  };
  for (const int feature : request.packet_trailer_features())
    add(feature, *info.mutable_packet_trailer_features());
  auto& audio = *info.mutable_audio_features();
  for (const int feature : request.audio_features()) add(feature, audio);
  if (request.type() != ::livekit::AUDIO) return;
  if (request.disable_dtx()) add(::livekit::TF_NO_DTX, audio);
  if (request.stereo()) add(::livekit::TF_STEREO, audio);
}

void copy_codecs(const ::livekit::AddTrackRequest& request,
                 const std::vector<EnabledCodec>& enabled, ::livekit::TrackInfo& info) {
  for (const ::livekit::SimulcastCodec& codec : request.simulcast_codecs()) {
    if (info.codecs_size() == kMaxCodecs) break;
    const std::string mime =
        enabled_mime(mime_type(codec.codec(), request.type()), request.type(), enabled);
    const bool repeated = std::ranges::any_of(
        info.codecs(), [&](const auto& known) { return known.mime_type() == mime; });
    if (!repeated) add_codec(request, mime, codec, info);
  }
  if (info.codecs().empty()) {
    ::livekit::SimulcastCodec unnamed;
    unnamed.set_cid(request.cid());
    add_codec(request, "", unnamed, info);
  }
  copy_first_codec(info);
}

}  // namespace

::livekit::TrackInfo make_track_info(const ::livekit::AddTrackRequest& request, const TrackId& sid,
                                     const std::vector<EnabledCodec>& enabled,
                                     int64_t unix_micros) {
  ::livekit::TrackInfo info;
  info.set_sid(sid.value);
  info.set_type(request.type());
  info.set_name(request.name());
  info.set_muted(request.muted());
  info.set_width(request.width());
  info.set_height(request.height());
  info.set_source(request.source());
  info.set_disable_dtx(request.disable_dtx());
  info.set_stereo(request.stereo());
  info.set_disable_red(request.disable_red());
  info.set_encryption(request.encryption());
  info.set_stream(request.stream().empty() ? default_stream(request.source()) : request.stream());
  info.set_backup_codec_policy(request.type() == ::livekit::AUDIO &&
                                       request.backup_codec_policy() != ::livekit::REGRESSION
                                   ? ::livekit::SIMULCAST
                                   : request.backup_codec_policy());
  copy_features(request, info);
  copy_codecs(request, enabled, info);
  touch(info, unix_micros);
  return info;
}

void add_backup_codecs(const ::livekit::AddTrackRequest& request,
                       const std::vector<EnabledCodec>& enabled, ::livekit::TrackInfo& info) {
  for (const ::livekit::SimulcastCodec& wanted : request.simulcast_codecs()) {
    const std::string named = mime_type(wanted.codec(), info.type());
    const std::string mime = enabled_mime(named, info.type(), enabled);
    auto codec = std::ranges::find_if(*info.mutable_codecs(),
                                      [&](const auto& known) { return known.mime_type() == mime; });
    if (codec != info.mutable_codecs()->end()) {
      // What is there is no replacement for another.
      if (mime != named && !codec->mid().empty()) continue;
      codec->set_cid(wanted.cid());
      if (info.type() == ::livekit::VIDEO) describe_layers(request, wanted, *codec);
    } else if (info.codecs_size() < kMaxCodecs) {
      add_codec(request, mime, wanted, info);
      codec = info.mutable_codecs()->end() - 1;
    } else {
      continue;
    }
    complete_sizes(info, *codec);
  }
}

void complete_track_info(const UpstreamTrack& upstream, ::livekit::TrackInfo& info) {
  const auto found = std::ranges::find_if(info.codecs(), [&](const auto& codec) {
    return codec.cid() == upstream.cid || codec.sdp_cid() == upstream.cid;
  });
  ::livekit::SimulcastCodecInfo& codec = found == info.codecs().end()
                                             ? *info.mutable_codecs(0)
                                             : *info.mutable_codecs(found - info.codecs().begin());
  codec.set_mid(upstream.mid.value.substr(0, kMaxName));
  if (upstream.sdp_cid != codec.cid()) codec.set_sdp_cid(upstream.sdp_cid.substr(0, kMaxName));
  if (!upstream.codecs.empty() && (codec.mime_type().empty() || info.type() == ::livekit::AUDIO))
    codec.set_mime_type(mime_type(upstream.codecs.front(), info.type()));
  // A layer is a rid; without rids the codec's own layers (SVC) share one stream.
  const int rids = static_cast<int>(upstream.rids.size());
  while (rids > 0 && codec.layers_size() > rids) codec.mutable_layers()->RemoveLast();
  // Of more rids than it described, those that it did not are the low ones.
  const int offset = std::max(rids - codec.layers_size(), 0);
  for (int i = 0; i < codec.layers_size() && rids > 0; ++i) {
    codec.mutable_layers(i)->set_spatial_layer(i + offset);
    codec.mutable_layers(i)->set_rid(upstream.rids[static_cast<size_t>(i + offset)].value);
  }
  if (&codec != &info.codecs(0)) return;
  info.set_mid(codec.mid());
  copy_first_codec(info);
}

std::vector<UpstreamHint> hints_of(const ::livekit::TrackInfo& info, const std::string& cid) {
  std::vector<UpstreamHint> hints;
  const auto features = info.audio_features();
  const auto add = [&](const std::string& id, const std::string& codec) {
    const auto same = [&](const UpstreamHint& hint) { return hint.cid == id; };
    if (id.empty() || std::ranges::any_of(hints, same)) return;
    hints.push_back({.cid = id,
                     .kind = kind_of(info.type()),
                     .preferred_codec = codec,
                     .red = info.type() == ::livekit::AUDIO && !info.disable_red(),
                     .dtx = std::ranges::count(features, ::livekit::TF_NO_DTX) == 0,
                     .stereo = std::ranges::count(features, ::livekit::TF_STEREO) != 0,
                     .match = hints.empty() ? MatchBy::Kind : MatchBy::Id});
  };
  for (const ::livekit::SimulcastCodecInfo& codec : info.codecs())
    add(codec.cid(), codec.mime_type());
  add(cid, info.mime_type());
  return hints;
}

std::string mime_type(std::string_view codec, ::livekit::TrackType type) {
  if (codec.empty()) return {};
  const std::string name = lower(codec);
  if (name.find('/') != std::string::npos) return name;
  return (type == ::livekit::VIDEO ? "video/" : "audio/") + name;
}

std::string codec_name(std::string_view mime) {
  const size_t slash = mime.find('/');
  return lower(slash == std::string_view::npos ? mime : mime.substr(slash + 1));
}

TrackKind kind_of(::livekit::TrackType type) {
  return type == ::livekit::VIDEO ? TrackKind::Video : TrackKind::Audio;
}

void touch(::livekit::TrackInfo& info, int64_t unix_micros) {
  ::livekit::TimedVersion& version = *info.mutable_version();
  if (version.unix_micro() >= unix_micros) {
    version.set_ticks(version.ticks() + 1);
    return;
  }
  version.set_unix_micro(unix_micros);
  version.set_ticks(0);
}

}  // namespace gstlk::room
