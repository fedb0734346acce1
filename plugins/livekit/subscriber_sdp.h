// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace gstlk::client {

// The server's offer as webrtcbin can answer it. `mime_types`: what the track of a mid is made of
// ("video/H264"), where that is known.
//
// - LiveKit offers every codec it has and sends the track's own; webrtcbin answers with the first
//   that it knows, and LiveKit takes the track back. The others go, but for their retransmissions.
// - What cannot be received goes, see below: webrtcbin would take it.
// - RED (RFC 2198) goes: webrtcbin takes it and cannot take it apart. The server sends Opus then.
// - LiveKit's sections are sendrecv while they carry a track and recvonly when it is gone, until
// the
//   next one comes, ours sendonly and inactive; webrtcbin cannot change a direction. It goes on
//   receiving, and we never send.
std::string translate_server_offer(std::string_view sdp,
                                   const std::map<std::string, std::string>& mime_types,
                                   const std::function<bool(std::string_view)>& can_receive);

// webrtcbin's answer to `offer`, the server's own, as LiveKit's clients would have written it: with
// every codec of the offer that can be received. webrtcbin names but one, and LiveKit uses a
// section again for the next track, whatever that one is made of, with the codecs it once agreed
// on. Format parameters are the offered ones. `can_receive` says so of an encoding-name.
std::string translate_subscriber_answer(std::string_view sdp, std::string_view offer,
                                        const std::function<bool(std::string_view)>& can_receive);

}  // namespace gstlk::client
