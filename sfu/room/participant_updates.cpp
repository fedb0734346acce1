// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/participant_updates.h"

#include <algorithm>
#include <utility>

#include "room/participant.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

// A batch is a message for each listener: fifty in a second, whatever the size of the room, until
// LiveKit's interval is reached.
constexpr Duration kBatchStep = 20ms;
constexpr Duration kLongestBatch = 3s;
// Clients that are gone for longer start over.
constexpr Duration kDepartureMemory = 60s;
constexpr size_t kMaxDepartures = 1000;

// What a client needs to take somebody away. Metadata and attributes may be half a megabyte.
::livekit::ParticipantInfo farewell(const ::livekit::ParticipantInfo& info) {
  ::livekit::ParticipantInfo rest;
  rest.set_sid(info.sid());
  rest.set_identity(info.identity());
  rest.set_name(info.name());
  rest.set_state(info.state());
  rest.set_version(info.version());
  rest.set_joined_at(info.joined_at());
  rest.set_joined_at_ms(info.joined_at_ms());
  rest.set_kind(info.kind());
  rest.set_disconnect_reason(info.disconnect_reason());
  return rest;
}

}  // namespace

std::vector<::livekit::SignalResponse> update_messages(
    std::vector<::livekit::ParticipantInfo> infos, size_t target) {
  std::vector<::livekit::SignalResponse> messages;
  size_t size = 0;
  for (::livekit::ParticipantInfo& info : infos) {
    const size_t length = info.ByteSizeLong();
    if (messages.empty() || size + length > target) {
      messages.emplace_back();
      size = 0;
    }
    size += length;
    *messages.back().mutable_update()->add_participants() = std::move(info);
  }
  return messages;
}

ParticipantUpdates::ParticipantUpdates(Room& room) : room_(room) {}

void ParticipantUpdates::announce(Participant& about, Urgency urgency) {
  ::livekit::ParticipantInfo info = about.info();
  if (info.state() == ::livekit::ParticipantInfo::DISCONNECTED && !about.is_hidden())
    note_departure(info);
  if (about.is_hidden()) {
    send_now(about, info);
    return;
  }
  // Clients go by the identity: an older session must not speak after a newer one.
  const Participant* newest = room_.find(about.identity());
  if (newest && newest != &about) {
    forget(about.sid());
    return;
  }
  if (const auto queued = batch_.find(about.identity()); queued != batch_.end()) {
    const ::livekit::ParticipantInfo before = std::move(queued->second);
    batch_.erase(queued);
    if (before.sid() != info.sid()) {
      send_replaced(before);
      urgency = Urgency::Now;
    }
  }
  if (urgency == Urgency::Now) {
    send_now(about, info);
    return;
  }
  batch_[about.identity()] = std::move(info);
  if (flush_timer_) return;
  const Duration wait = std::min<Duration>(kLongestBatch, room_.participant_count() * kBatchStep);
  flush_timer_ = room_.timers().call_later(wait, [this] { flush(); });
}

void ParticipantUpdates::announce_replaced(Participant& about) {
  batch_.erase(about.identity());
  if (!about.is_hidden()) send_replaced(about.info());
}

void ParticipantUpdates::send_replaced(const ::livekit::ParticipantInfo& info) {
  ::livekit::SignalResponse response;
  *response.mutable_update()->add_participants() = info;
  response.mutable_update()->mutable_participants(0)->set_state(
      ::livekit::ParticipantInfo::DISCONNECTED);
  const SignalMessage message(response);
  const ParticipantId sid(info.sid());
  room_.for_each_participant([&](Participant& participant) {
    if (!participant.quirks().replaces_by_identity && participant.wants_update(sid, info.version()))
      participant.send(message);
  });
  forget(sid);
}

void ParticipantUpdates::forget(const ParticipantId& gone) {
  room_.for_each_participant([&](Participant& participant) { participant.forget_version(gone); });
}

void ParticipantUpdates::send_now(Participant& about, const ::livekit::ParticipantInfo& info) {
  ::livekit::SignalResponse response;
  *response.mutable_update()->add_participants() = info;
  const SignalMessage message(response);
  room_.for_each_participant([&](Participant& participant) {
    if (about.is_hidden() && &participant != &about) return;
    if (participant.wants_update(about.sid(), info.version())) participant.send(message);
  });
  if (info.state() == ::livekit::ParticipantInfo::DISCONNECTED) forget(about.sid());
}

void ParticipantUpdates::flush() {
  flush_timer_.reset();
  std::vector<::livekit::ParticipantInfo> infos;
  for (auto& [identity, info] : std::exchange(batch_, {})) infos.push_back(std::move(info));
  const auto messages =
      update_messages(std::move(infos), room_.settings().update_batch_target_size);
  for (const ::livekit::SignalResponse& response : messages) {
    const SignalMessage message(response);
    room_.for_each_participant([&](Participant& participant) {
      // One that is news to the client sends the whole batch: clients drop what they know.
      bool wanted = false;
      for (const ::livekit::ParticipantInfo& info : response.update().participants())
        wanted |= participant.wants_update(ParticipantId(info.sid()), info.version());
      if (wanted) participant.send(message);
    });
    for (const ::livekit::ParticipantInfo& info : response.update().participants()) {
      if (info.state() == ::livekit::ParticipantInfo::DISCONNECTED)
        forget(ParticipantId(info.sid()));
    }
  }
}

// A client that goes by the identity would take it for a departure of who is here now.
bool ParticipantUpdates::is_here_again(const ::livekit::ParticipantInfo& gone,
                                       const Participant& to) const {
  const ParticipantIdentity identity(gone.identity());
  if (identity == to.identity()) return true;
  const Participant* now = room_.find(identity);
  return to.quirks().replaces_by_identity && now && !now->is_hidden() && now->is_connected();
}

void ParticipantUpdates::note_departure(const ::livekit::ParticipantInfo& info) {
  departed_.push_back({room_.timers().now(), farewell(info)});
  if (departed_.size() > kMaxDepartures) departed_.pop_front();
  forget_old_departures();
}

void ParticipantUpdates::forget_old_departures() {
  const Timestamp since = room_.timers().now() - kDepartureMemory;
  while (!departed_.empty() && departed_.front().at < since) departed_.pop_front();
}

void ParticipantUpdates::send_all(Participant& to, Timestamp since) {
  forget_old_departures();
  std::vector<::livekit::ParticipantInfo> gone;
  for (const Departure& departure : departed_) {
    if (departure.at >= since && !is_here_again(departure.info, to)) gone.push_back(departure.info);
  }
  std::vector<::livekit::ParticipantInfo> present;
  room_.for_each_participant([&](Participant& participant) {
    if (&participant != &to && (participant.is_hidden() || !participant.is_connected())) return;
    if (to.wants_update(participant.sid(), participant.version()))
      present.push_back(participant.info());
  });
  const size_t target = room_.settings().update_batch_target_size;
  for (const auto& response : update_messages(std::move(gone), target)) to.send(response);
  for (const auto& response : update_messages(std::move(present), target)) to.send(response);
}

}  // namespace gstlk::room
