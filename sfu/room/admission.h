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

struct Admission {
  RoomName room;
  ParticipantIdentity identity;
};

// Whether the bearer of `claims` (null: no token was sent) may join: the checks that /rtc and
// /rtc/validate have in common, with their statuses and words. `sets_own_metadata`: the request
// carries metadata or attributes, which needs a grant. `resumes`: its participant is there already,
// and needs no place.
Result<Admission, HttpError> admit(RoomRegistry& registry, const livekit::Claims* claims,
                                   bool sets_own_metadata, bool resumes);

}  // namespace gstlk::room
