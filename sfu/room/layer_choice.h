// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "livekit_models.pb.h"
#include "room/media.h"
#include "room/settings.h"

namespace livekit {
class UpdateTrackSettings;
}

// From what a subscriber asks of a video track (UpdateTrackSettings) to layers, through the
// qualities and sizes that the publisher gave its layers in TrackInfo.
namespace gstlk::room {

using VideoLayers = google::protobuf::RepeatedPtrField<::livekit::VideoLayer>;

// Of `codec` ("vp8"), each of a track's has its own; of the first one if there is no such.
const VideoLayers& layers_of(const ::livekit::TrackInfo& track, std::string_view codec);

// The quality asked for: of the smallest layer that covers the size when there is one, else as the
// settings say; OFF when disabled.
::livekit::VideoQuality wanted_quality(const ::livekit::UpdateTrackSettings& settings,
                                       const VideoLayers& layers);

// The spatial layer that carries `quality`, or the best below it.
uint8_t spatial_layer_of(::livekit::VideoQuality quality, const VideoLayers& layers);

// The bits per second of the layers that `settings` let through, by spatial layer, as the publisher
// gave them, or the configuration, or by their size.
std::vector<uint64_t> layer_costs(const ::livekit::UpdateTrackSettings& settings,
                                  const VideoLayers& layers, const LayerDefaults& defaults = {});

// Frames per second as the subscriber wants them, of as many as the configuration says there are.
SubscriptionSettings subscription_settings(const ::livekit::UpdateTrackSettings& settings,
                                           const VideoLayers& layers,
                                           const LayerDefaults& defaults = {});

}  // namespace gstlk::room
