// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "livekit_rtc.pb.h"
#include "room/errors.h"

namespace gstlk::signal {

// Decoded name and value pairs in the order they came; repeated and empty names are harmless.
using Query = std::vector<std::pair<std::string, std::string>>;

// What a client says about itself and its wishes when it opens the WebSocket: the query parameters
// of /rtc, or the JoinRequest of /rtc/v1.
struct JoinParameters {
  // One peer connection, which only the client negotiates (v1).
  bool single_peer_connection = false;
  ::livekit::ClientInfo client;
  bool auto_subscribe = true;
  bool auto_subscribe_data_track = false;
  bool adaptive_stream = false;
  std::optional<bool> subscriber_allow_pause;
  bool reconnect = false;
  ::livekit::ReconnectReason reconnect_reason = ::livekit::RR_UNKNOWN;
  std::string participant_sid;  // of a resume; may be empty
  std::string publish;          // legacy publish-only companion
  std::string metadata;
  std::map<std::string, std::string> attributes;
  bool attributes_unreadable = false;  // then it joins without, as at LiveKit; see validate()
  std::vector<::livekit::AddTrackRequest> add_track_requests;
  std::optional<::livekit::SessionDescription> publisher_offer;
};

enum class SignalPath : uint8_t { V0, V1 };  // /rtc, /rtc/v1

inline constexpr size_t kMaxJoinRequestSize = 1 << 20;  // decompressed

// Not found in the query: the User-Agent header fills browser and os of JavaScript SDKs. `address`
// is the client's. All errors are 400 with LiveKit's words.
Result<JoinParameters, room::HttpError> parse_join_parameters(SignalPath path, const Query& query,
                                                              std::string_view user_agent,
                                                              std::string_view address);

}  // namespace gstlk::signal
