// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load_peer.h"

// The session descriptions of the load generator: as little as a server accepts.
namespace gstlk::bench {

// What a client has to know of the server's description.
LoadPeer::Remote read_remote(std::string_view description);

// An offer to send one stream for each of `sources`.
std::string make_offer(const LoadPeer& peer, const std::vector<MediaSource::Config>& sources,
                       const std::vector<std::string>& cids);

// Takes everything of the server's offer as it is, except congestion feedback, which nobody here
// would send.
std::string make_answer(const LoadPeer& peer, std::string_view offer);

}  // namespace gstlk::bench
