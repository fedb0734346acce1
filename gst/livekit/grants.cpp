// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/grants.h"

#include <algorithm>

namespace gstlk::livekit {

bool VideoGrant::may_publish_source(const std::string& source) const {
  if (!may_publish()) return false;
  return can_publish_sources.empty() ||
         std::ranges::find(can_publish_sources, source) != can_publish_sources.end();
}

}  // namespace gstlk::livekit
