// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gstlk::client {

// What LiveKit has to find in an offer about one section (protocol section 6.2).
struct OfferedTrack {
  std::string stream;
  std::string cid;
};

// webrtcbin's offer as LiveKit's clients would have written it: `a=msid:<stream> <cid>` in the
// sections of tracks, by their mid, instead of what webrtcbin says about streams in a=ssrc lines,
// and Constrained Baseline for H264 instead of the profile that its encoder happens to have:
// servers enable no other one for sure, and browsers that offer only this one decode Main and High
// as well.
std::string translate_offer(std::string_view sdp,
                            const std::map<std::string, OfferedTrack>& tracks);

// The server's answer to `offer`, webrtcbin's own, as webrtcbin takes it. It wants ICE, DTLS, a mid
// and a place in the bundle for a refused section, too, of which LiveKit sends nothing but "m=video
// 0": it becomes the offered one, inactive.
struct TranslatedAnswer {
  std::string sdp;
  std::vector<std::string> refused;  // mids
};
TranslatedAnswer translate_answer(std::string_view sdp, std::string_view offer);

}  // namespace gstlk::client
