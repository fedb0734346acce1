// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "room/errors.h"

namespace gstlk::livekit {
struct Claims;
}

namespace gstlk::room {

class RoomRegistry;

// What a request to join says besides its token.
struct JoinAttempt {
  bool resumes = false;  // its participant is there already, and needs no place
  std::string publish;   // what the companion is called that only publishes, of very old clients
  std::string metadata;  // own ones, on top of the token's; they need a grant
  std::map<std::string, std::string> attributes;
};

struct Admission {
  RoomName room;
  ParticipantIdentity identity;
};

// Whether the bearer of `claims` (null: no token was sent) may join: the checks that /rtc and
// /rtc/validate have in common, with their statuses and words.
Result<Admission, HttpError> admit(RoomRegistry& registry, const livekit::Claims* claims,
                                   const JoinAttempt& attempt);

}  // namespace gstlk::room
