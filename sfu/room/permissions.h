// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "livekit/grants.h"
#include "livekit_rtc.pb.h"

// Between the grants of a token and what the wire says of them, and who may subscribe to what.
namespace gstlk::room {

::livekit::ParticipantPermission permission_from(const livekit::VideoGrant& grant);
// What UpdateParticipant changes of a participant's grant.
void apply_permission(const ::livekit::ParticipantPermission& permission,
                      livekit::VideoGrant& grant);
bool may_publish_source(const livekit::VideoGrant& grant, ::livekit::TrackSource source);

// Of the token's "kind" and "kindDetails"; an unknown word is the default or left out.
::livekit::ParticipantInfo::Kind kind_from(const std::string& kind);
std::vector<::livekit::ParticipantInfo::KindDetail> kind_details_from(
    const std::vector<std::string>& details);

// Whom a publisher allows to subscribe to its tracks (SubscriptionPermission): everybody until it
// says otherwise. Not thread-safe.
class SubscriptionPermissions {
 public:
  // Who has that sid now; nullopt: nobody.
  using Resolver = std::function<std::optional<ParticipantIdentity>(const ParticipantId&)>;

  // Replaces everything. False, and nothing changes: an entry names nobody, or there are too many.
  // Entries by sid mean whoever has it now, also when that one comes back with another.
  [[nodiscard]] bool set(const ::livekit::SubscriptionPermission& permission,
                         const Resolver& resolve);
  bool allows(const ParticipantIdentity& subscriber, const TrackId& track) const;

 private:
  struct Allowed {
    bool all_tracks = false;
    std::set<TrackId> tracks;
  };

  bool all_participants_ = true;
  std::map<ParticipantIdentity, Allowed> allowed_;
};

}  // namespace gstlk::room
