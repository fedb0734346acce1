// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/random.h"

namespace livekit {
class AddTrackRequest;
}

namespace gstlk::room {

// LiveKit's ids: a prefix that clients look at ("PA_", "RM_", "TR_"), then twelve characters of
// base57, which is digits and letters without those that look alike.
std::string make_sid(std::string_view prefix, RandomSource random);
// The same sid for the same text.
std::string sid_of(std::string_view prefix, std::string_view text);

// "TR_", then V or A and a letter for the source: "TR_VC" is a camera.
TrackId make_track_sid(const ::livekit::AddTrackRequest& request, RandomSource random);

}  // namespace gstlk::room
