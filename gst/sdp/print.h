// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "sdp/session_description.h"

namespace gstlk::sdp {

// The text of `description`, CRLF line ends, attributes in an order of our own. parse() of it gives
// `description` back, as far as it was consistent.
std::string print(const SessionDescription& description);

}  // namespace gstlk::sdp
