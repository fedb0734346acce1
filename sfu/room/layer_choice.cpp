// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/layer_choice.h"

#include <algorithm>

#include "livekit_rtc.pb.h"
#include "room/track_info.h"

namespace gstlk::room {
namespace {

// A layer may be this much smaller than the size asked for: a 180-line layer serves a tile of 190.
constexpr double kTolerance = 1.1;
// Publishers seldom say their frame rate; temporal layers halve this one.
constexpr uint32_t kAssumedFps = 30;
constexpr uint8_t kTopTemporal = 3;

uint32_t short_side(uint32_t width, uint32_t height) {
  if (width == 0) return height;
  return height == 0 ? width : std::min(width, height);
}

// For so many frames per second of a layer that has `full` of them.
uint8_t max_temporal(uint32_t fps, uint32_t full) {
  if (full == 0) full = kAssumedFps;
  if (fps == 0 || fps >= full) return kTopTemporal;
  if (fps * 2 > full) return 2;
  return fps * 4 > full ? 1 : 0;
}

// Nothing for a quality that there is not.
LayerDefault default_of(::livekit::VideoQuality quality, const LayerDefaults& defaults) {
  const auto index = static_cast<size_t>(quality);
  return index < defaults.size() ? defaults.at(index) : LayerDefault{};
}

// Without simulcast clients do not say it: two bits for each pixel, as LiveKit's presets have
// about.
uint64_t bitrate_of(const ::livekit::VideoLayer& layer, const LayerDefaults& defaults) {
  constexpr uint64_t kBitsPerPixel = 2;
  if (layer.bitrate() > 0) return layer.bitrate();
  if (const auto known = default_of(layer.quality(), defaults); known.bitrate > 0)
    return known.bitrate;
  return kBitsPerPixel * layer.width() * layer.height();
}

}  // namespace

const VideoLayers& layers_of(const ::livekit::TrackInfo& track, std::string_view codec) {
  for (int i = 1; i < track.codecs_size(); ++i) {
    if (codec_name(track.codecs(i).mime_type()) == codec) return track.codecs(i).layers();
  }
  return track.layers();
}

::livekit::VideoQuality wanted_quality(const ::livekit::UpdateTrackSettings& settings,
                                       const VideoLayers& layers) {
  if (settings.disabled()) return ::livekit::OFF;
  const uint32_t wanted = short_side(settings.width(), settings.height());
  if (wanted == 0) return settings.quality();
  const ::livekit::VideoLayer* best = nullptr;
  for (const ::livekit::VideoLayer& layer : layers) {
    const uint32_t size = short_side(layer.width(), layer.height());
    if (size == 0 || size * kTolerance < wanted) continue;
    if (!best || size < short_side(best->width(), best->height())) best = &layer;
  }
  return best ? best->quality() : ::livekit::HIGH;
}

uint8_t spatial_layer_of(::livekit::VideoQuality quality, const VideoLayers& layers) {
  int best = -1;
  int lowest = -1;
  for (const ::livekit::VideoLayer& layer : layers) {
    const int spatial = std::clamp(layer.spatial_layer(), 0, 2);
    if (layer.quality() <= quality) best = std::max(best, spatial);
    lowest = lowest < 0 ? spatial : std::min(lowest, spatial);
  }
  // Without layers there is one encoding, and any cap lets it through.
  if (lowest < 0) return 2;
  return static_cast<uint8_t>(best < 0 ? lowest : best);
}

std::vector<uint64_t> layer_costs(const ::livekit::UpdateTrackSettings& settings,
                                  const VideoLayers& layers, const LayerDefaults& defaults) {
  const ::livekit::VideoQuality wanted = wanted_quality(settings, layers);
  std::vector<uint64_t> costs;
  if (wanted == ::livekit::OFF) return costs;
  costs.resize(spatial_layer_of(wanted, layers) + 1u);
  for (const ::livekit::VideoLayer& layer : layers) {
    const auto spatial = static_cast<size_t>(std::clamp(layer.spatial_layer(), 0, 2));
    if (spatial < costs.size()) costs[spatial] = bitrate_of(layer, defaults);
  }
  return costs;
}

SubscriptionSettings subscription_settings(const ::livekit::UpdateTrackSettings& settings,
                                           const VideoLayers& layers,
                                           const LayerDefaults& defaults) {
  SubscriptionSettings result;
  result.paused = settings.disabled();
  const ::livekit::VideoQuality quality = wanted_quality(settings, layers);
  if (quality == ::livekit::OFF) {
    result.paused = true;
    return result;
  }
  result.max_spatial = spatial_layer_of(quality, layers);
  result.max_temporal = max_temporal(settings.fps(), default_of(quality, defaults).fps);
  return result;
}

}  // namespace gstlk::room
