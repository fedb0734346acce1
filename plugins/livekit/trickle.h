// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "livekit_rtc.pb.h"

namespace gstlk::client {

// An ICE candidate as a trickle message carries it: the JSON of an RTCIceCandidateInit.
struct Candidate {
  unsigned mline = 0;
  std::string text;  // "candidate:..."
};

::livekit::SignalRequest trickle_message(::livekit::SignalTarget target, unsigned mline,
                                         const std::string& candidate);
// nullopt when it is not such JSON, or the end of candidates.
std::optional<Candidate> read_trickle(const ::livekit::TrickleRequest& trickle);

}  // namespace gstlk::client
