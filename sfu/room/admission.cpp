// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/admission.h"

#include <chrono>

#include "livekit/access_token.h"
#include "livekit_room.pb.h"
#include "room/profile.h"
#include "room/room_presets.h"
#include "room/room_registry.h"

namespace gstlk::room {
namespace {

constexpr unsigned kBadRequest = 400;
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kNotFound = 404;
constexpr unsigned kInternalError = 500;
constexpr unsigned kServiceUnavailable = 503;

bool exceeds(const std::string& text, size_t limit) { return limit != 0 && text.size() > limit; }

Unexpected<HttpError> refuse_length(const char* what, size_t limit) {
  return refuse(kBadRequest, what + (": max length " + std::to_string(limit)));
}

// What everybody will be told of the participant; LiveKit leaves the name of a token alone.
TooLong check_profile(const Limits& limits, const livekit::Grants& grants,
                      const JoinAttempt& attempt) {
  Attributes attributes = grants.attributes;
  add(attempt.attributes, attributes);
  return too_long(limits, "", attempt.metadata.empty() ? grants.metadata : attempt.metadata,
                  attributes);
}

}  // namespace

Result<Admission, HttpError> admit(RoomRegistry& registry, const livekit::Claims* claims,
                                   const JoinAttempt& attempt) {
  if (!claims || !claims->grants.video || !claims->grants.video->room_join)
    return refuse(kUnauthorized, "permissions denied");
  const livekit::Grants& grants = claims->grants;
  const Settings& settings = registry.settings();
  const Limits& limits = settings.limits;
  if (grants.identity.empty()) return refuse(kBadRequest, "identity cannot be empty");
  const bool is_companion = !attempt.publish.empty();
  const std::string identity = grants.identity + (is_companion ? "#" + attempt.publish : "");
  if (exceeds(identity, limits.max_participant_identity_length))
    return refuse_length("participant identity length exceeds limits",
                         limits.max_participant_identity_length);
  const std::string& room = grants.video->room;
  if (room.empty()) return refuse(kBadRequest, "no room name");
  if (exceeds(room, limits.max_room_name_length))
    return refuse_length("room name length exceeds limits", limits.max_room_name_length);
  if (registry.revocations().covers(RoomName(room), *claims))
    return refuse(kUnauthorized, "token is revoked: its holder was removed from the room");
  if (is_companion && !grants.video->may_publish())
    return refuse(kUnauthorized, "permissions denied");
  // The words are livekit-client's sign not to try another signalling version.
  if (!settings.auto_create && !grants.video->room_create && !registry.find(RoomName(room)))
    return refuse(kNotFound, "requested room does not exist");
  // Who comes into a room that is there already gets it as it is.
  if (!attempt.resumes && !grants.room_preset.empty() && !registry.find(RoomName(room)) &&
      !find_preset(settings, grants.room_preset))
    return refuse(kInternalError, kUnknownPreset);
  if (!attempt.resumes && registry.load().is_full())
    return refuse(kServiceUnavailable, "node has exceeded its configured limit");
  const bool has_profile = !attempt.metadata.empty() || !attempt.attributes.empty();
  if (has_profile && !grants.video->may_update_own_metadata())
    return refuse(kUnauthorized, "permissions denied");
  if (const TooLong what = check_profile(limits, grants, attempt); what != TooLong::No)
    return refuse(kBadRequest, what == TooLong::Metadata ? "metadata size exceeds limits"
                                                         : "attribute size exceeds limits");
  const std::chrono::microseconds now(registry.timers().unix_micros());
  registry.revocations().note_use(RoomName(room), *claims,
                                  livekit::UnixTime(std::chrono::floor<std::chrono::seconds>(now)));
  return Admission{RoomName(room), ParticipantIdentity(identity)};
}

}  // namespace gstlk::room
