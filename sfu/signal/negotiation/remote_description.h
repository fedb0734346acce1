// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "sdp/session_description.h"
#include "signal/negotiation.h"

namespace gstlk::signal {

// A client's description, with what follows from it as a whole. `usable` says for each m-line
// whether the server can serve it at all: bundled, with rtcp-mux and a known kind and protocol.
struct RemoteDescription {
  sdp::SessionDescription session;
  std::vector<bool> usable;
  room::RemoteTransport transport;
  std::vector<std::string> candidates;
};

// Fails where no m-line is usable or the transport lacks ICE credentials or a fingerprint. `answer`
// is whether `text` answers an offer of ours, which always says a=setup:actpass.
Result<RemoteDescription> read_remote_description(std::string_view text, bool answer);

}  // namespace gstlk::signal
