// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "sdp/session_description.h"
#include "signal/negotiation.h"

// Which RTP header extensions the server uses on which m-line (protocol section 6.4). Left out on
// purpose is what would make the server look into pictures: video-orientation (browsers rotate
// before they encode if it is refused), video-layers-allocation, color-space.
namespace gstlk::signal {

struct Flow {
  sdp::MediaKind kind = sdp::MediaKind::Audio;
  bool receive = false;
  bool send = false;
  bool single_peer = false;
};

// Of those a client offers for an m-line, each with its id.
std::vector<sdp::HeaderExtension> accept_extensions(
    const std::vector<sdp::HeaderExtension>& offered, const Flow& flow,
    const NegotiationOptions& options);
// For an m-line of ours. An id stands for the same extension in every m-line, as BUNDLE wants it.
std::vector<sdp::HeaderExtension> offer_extensions(const Flow& flow,
                                                   const NegotiationOptions& options);

}  // namespace gstlk::signal
