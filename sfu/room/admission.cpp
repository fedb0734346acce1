// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/admission.h"

#include <chrono>

#include "livekit/access_token.h"
#include "room/room_registry.h"

namespace gstlk::room {
namespace {

constexpr unsigned kBadRequest = 400;
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kNotFound = 404;
constexpr unsigned kServiceUnavailable = 503;

bool exceeds(const std::string& text, size_t limit) { return limit != 0 && text.size() > limit; }

}  // namespace

Result<Admission, HttpError> admit(RoomRegistry& registry, const livekit::Claims* claims,
                                   bool sets_own_metadata, bool resumes) {
  if (!claims || !claims->grants.video || !claims->grants.video->room_join)
    return refuse(kUnauthorized, "permissions denied");
  const livekit::Grants& grants = claims->grants;
  const Settings& settings = registry.settings();
  if (grants.identity.empty()) return refuse(kBadRequest, "identity cannot be empty");
  if (exceeds(grants.identity, settings.limits.max_participant_identity_length))
    return refuse(kBadRequest, "identity exceeds size limits");
  const std::string& room = grants.video->room;
  if (room.empty()) return refuse(kBadRequest, "no room name");
  if (exceeds(room, settings.limits.max_room_name_length))
    return refuse(kBadRequest, "room name exceeds size limits");
  if (registry.revocations().covers(RoomName(room), *claims))
    return refuse(kUnauthorized, "token is revoked: its holder was removed from the room");
  if (sets_own_metadata && !grants.video->may_update_own_metadata())
    return refuse(kUnauthorized, "permissions denied");
  // The words are livekit-client's sign not to try another signalling version.
  if (!settings.auto_create && !registry.find(RoomName(room)))
    return refuse(kNotFound, "requested room does not exist");
  if (!resumes && registry.load().is_full())
    return refuse(kServiceUnavailable, "node has exceeded its configured limit");
  const std::chrono::microseconds now(registry.timers().unix_micros());
  registry.revocations().note_use(RoomName(room), *claims,
                                  livekit::UnixTime(std::chrono::floor<std::chrono::seconds>(now)));
  return Admission{RoomName(room), ParticipantIdentity(grants.identity)};
}

}  // namespace gstlk::room
