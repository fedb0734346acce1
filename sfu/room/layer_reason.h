// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "livekit_rtc.pb.h"
#include "room/media_report.h"

namespace gstlk::room {

// Why a subscriber gets the layer of a track that it gets.
enum class LayerReason : uint8_t {
  Requested,         // it is what the subscriber asked for
  OnlyLayer,         // there is no other
  Bandwidth,         // a better one would be more than its bandwidth allows
  NotSent,           // the publisher does not send the one that was asked for
  AwaitingKeyframe,  // another one follows with its next keyframe
  NothingReceived,   // of the whole track
  Muted,             // by the publisher
  Paused,            // by the subscriber
  NotNegotiated,     // the client has not agreed to receive the track yet
};

// "awaiting keyframe", ...
const char* words_of(LayerReason reason);

struct LayerQuestion {
  bool bound = false;
  std::optional<uint8_t> affordable;  // the highest spatial layer, when the bandwidth is limited
  bool starved = false;               // no bandwidth is left for it
  ForwardedLayer forwarded;
  std::string_view codec = {};  // that is sent
};
// `settings` are the subscriber's as they apply, `layers` those of the stream that it gets.
LayerReason layer_reason(const LayerQuestion& question,
                         const ::livekit::UpdateTrackSettings& settings,
                         const ::livekit::TrackInfo& track, std::span<const LayerReport> layers);

}  // namespace gstlk::room
