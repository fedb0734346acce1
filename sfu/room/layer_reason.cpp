// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/layer_reason.h"

#include <algorithm>
#include <array>

#include "room/layer_choice.h"

namespace gstlk::room {
namespace {

LayerReason video_reason(const LayerQuestion& question,
                         const ::livekit::UpdateTrackSettings& settings,
                         const VideoLayers& described, std::span<const LayerReport> layers) {
  if (std::ranges::none_of(layers, &LayerReport::alive)) return LayerReason::NothingReceived;
  const ForwardedLayer& forwarded = question.forwarded;
  if (forwarded.spatial < 0 || forwarded.spatial != forwarded.target_spatial)
    return LayerReason::AwaitingKeyframe;
  if (layers.size() == 1) return LayerReason::OnlyLayer;
  const int highest = static_cast<int>(layers.size()) - 1;
  const int wanted =
      std::min<int>(spatial_layer_of(wanted_quality(settings, described), described), highest);
  const int allowed = question.affordable ? std::min<int>(wanted, *question.affordable) : wanted;
  if (forwarded.spatial != allowed) return LayerReason::NotSent;
  return allowed < wanted ? LayerReason::Bandwidth : LayerReason::Requested;
}

}  // namespace

const char* words_of(LayerReason reason) {
  constexpr std::array kWords{"requested",         "only layer",       "bandwidth", "not sent",
                              "awaiting keyframe", "nothing received", "muted",     "paused",
                              "not negotiated"};
  return kWords[static_cast<size_t>(reason)];
}

LayerReason layer_reason(const LayerQuestion& question,
                         const ::livekit::UpdateTrackSettings& settings,
                         const ::livekit::TrackInfo& track, std::span<const LayerReport> layers) {
  if (!question.bound) return LayerReason::NotNegotiated;
  if (settings.disabled()) return LayerReason::Paused;
  if (track.muted()) return LayerReason::Muted;
  if (track.type() != ::livekit::VIDEO) return LayerReason::OnlyLayer;
  const VideoLayers& described = layers_of(track, question.codec);
  if (wanted_quality(settings, described) == ::livekit::OFF) return LayerReason::Paused;
  if (question.starved) return LayerReason::Bandwidth;
  return video_reason(question, settings, described, layers);
}

}  // namespace gstlk::room
