// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/permissions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace gstlk::room {
namespace {

using Info = ::livekit::ParticipantInfo;

// Of participants and tracks in one SubscriptionPermission.
constexpr size_t kMaxNames = 20'000;

constexpr std::array<std::pair<::livekit::TrackSource, const char*>, 4> kSources = {{
    {::livekit::CAMERA, "camera"},
    {::livekit::MICROPHONE, "microphone"},
    {::livekit::SCREEN_SHARE, "screen_share"},
    {::livekit::SCREEN_SHARE_AUDIO, "screen_share_audio"},
}};

constexpr std::array<std::pair<const char*, Info::Kind>, 6> kKinds = {{
    {"ingress", Info::INGRESS},
    {"egress", Info::EGRESS},
    {"sip", Info::SIP},
    {"agent", Info::AGENT},
    {"connector", Info::CONNECTOR},
    {"bridge", Info::BRIDGE},
}};

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

::livekit::ParticipantPermission permission_from(const livekit::VideoGrant& grant) {
  ::livekit::ParticipantPermission permission;
  permission.set_can_subscribe(grant.may_subscribe());
  permission.set_can_publish(grant.may_publish());
  permission.set_can_publish_data(grant.may_publish_data());
  for (const auto& [source, name] : kSources) {
    if (std::ranges::count(grant.can_publish_sources, name) != 0)
      permission.add_can_publish_sources(source);
  }
  permission.set_hidden(grant.hidden);
  permission.set_recorder(grant.recorder);
  permission.set_can_update_metadata(grant.may_update_own_metadata());
  permission.set_agent(grant.agent);
  permission.set_can_subscribe_metrics(grant.may_subscribe_metrics());
  permission.set_can_manage_agent_session(grant.may_manage_agent_session());
  return permission;
}

void apply_permission(const ::livekit::ParticipantPermission& permission,
                      livekit::VideoGrant& grant) {
  grant.can_subscribe = permission.can_subscribe();
  grant.can_publish = permission.can_publish();
  grant.can_publish_data = permission.can_publish_data();
  grant.can_publish_sources.clear();
  for (const auto& [source, name] : kSources) {
    if (std::ranges::count(permission.can_publish_sources(), source) != 0)
      grant.can_publish_sources.emplace_back(name);
  }
  grant.can_update_own_metadata = permission.can_update_metadata();
  grant.hidden = permission.hidden();
  grant.recorder = permission.recorder();
  grant.agent = permission.agent();
  grant.can_subscribe_metrics = permission.can_subscribe_metrics();
  grant.can_manage_agent_session = permission.can_manage_agent_session();
}

bool may_publish_source(const livekit::VideoGrant& grant, ::livekit::TrackSource source) {
  if (!grant.may_publish()) return false;
  if (grant.can_publish_sources.empty()) return true;
  const auto known =
      std::ranges::find(kSources, source, [](const auto& pair) { return pair.first; });
  return known != kSources.end() &&
         std::ranges::count(grant.can_publish_sources, known->second) != 0;
}

Info::Kind kind_from(const std::string& kind) {
  for (const auto& [name, value] : kKinds) {
    if (kind == name) return value;
  }
  return Info::STANDARD;
}

std::vector<Info::KindDetail> kind_details_from(const std::vector<std::string>& details) {
  std::vector<Info::KindDetail> values;
  for (const std::string& detail : details) {
    Info::KindDetail value;
    if (Info::KindDetail_Parse(upper(detail), &value)) values.push_back(value);
  }
  return values;
}

bool SubscriptionPermissions::set(const ::livekit::SubscriptionPermission& permission,
                                  const Resolver& resolve) {
  std::map<ParticipantIdentity, Allowed> allowed;
  size_t names = 0;
  for (const ::livekit::TrackPermission& entry : permission.track_permissions()) {
    if (permission.all_participants()) break;
    names += 1 + static_cast<size_t>(entry.track_sids_size());
    if (names > kMaxNames) return false;
    std::optional<ParticipantIdentity> identity(entry.participant_identity());
    if (identity->value.empty()) {
      if (entry.participant_sid().empty()) return false;
      identity = resolve(ParticipantId(entry.participant_sid()));
      if (!identity) continue;
    }
    Allowed& tracks = allowed[*identity] = {.all_tracks = entry.all_tracks(), .tracks = {}};
    for (const std::string& sid : entry.track_sids()) tracks.tracks.emplace(sid);
  }
  all_participants_ = permission.all_participants();
  allowed_ = std::move(allowed);
  return true;
}

bool SubscriptionPermissions::allows(const ParticipantIdentity& subscriber,
                                     const TrackId& track) const {
  if (all_participants_) return true;
  const auto found = allowed_.find(subscriber);
  return found != allowed_.end() &&
         (found->second.all_tracks || found->second.tracks.contains(track));
}

}  // namespace gstlk::room
