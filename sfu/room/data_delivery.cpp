// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/data_delivery.h"

#include <algorithm>

#include "room/log.h"
#include "room/participant.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

// Subscribers say when they have room; this is for those that never do.
constexpr Duration kRetry = 50ms;

}  // namespace

ReliableDelivery::ReliableDelivery(Room& room) : room_(room) {}

void ReliableDelivery::send(Participant* sender, std::string message,
                            const std::vector<Participant*>& recipients) {
  // A sender that is held is not heard; should it be, it cannot be held twice.
  const bool can_wait =
      sender && std::ranges::find(held_, sender->sid(), &Held::sender) == held_.end();
  Held held;
  for (Participant* recipient : recipients) {
    if (!settle(*recipient, message, can_wait)) held.recipients.insert(recipient->sid());
  }
  if (held.recipients.empty()) return;
  LOG_DEBUG(log_room, "%s waits for %zu subscribers", sender->sid().value.c_str(),
            held.recipients.size());
  held.sender = sender->sid();
  held.message = std::move(message);
  held_.push_back(std::move(held));
  sender->media().hold_data(true);
  if (!retry_) retry_ = room_.timers().call_later(kRetry, [this] { try_all_again(); });
}

bool ReliableDelivery::settle(Participant& recipient, const std::string& message, bool can_wait) {
  const Timestamp now = room_.timers().now();
  const size_t waiting = recipient.media().buffered_data(DataChannelKind::Reliable);
  ReliableOutlet& outlet =
      outlets_.try_emplace(recipient.sid(), room_.settings().data).first->second;
  using Verdict = ReliableOutlet::Verdict;
  Verdict verdict = outlet.judge(waiting, now);
  if (verdict == Verdict::Wait && can_wait) return false;
  if (verdict == Verdict::Wait) verdict = waiting < kMaxUnheld ? Verdict::Send : Verdict::Drop;
  if (verdict == Verdict::Send &&
      recipient.media().send_data(DataChannelKind::Reliable, as_bytes(message))) {
    outlet.on_sent(message.size(), waiting, now);
  } else {
    ++dropped_;
    LOG_DEBUG(log_room, "%s is too slow: a message is dropped", recipient.sid().value.c_str());
  }
  return true;
}

void ReliableDelivery::on_room(const Participant& recipient) {
  for (Held& held : held_) {
    if (held.recipients.contains(recipient.sid())) try_again(held);
  }
  release_senders();
}

void ReliableDelivery::try_all_again() {
  retry_.reset();
  for (Held& held : held_) try_again(held);
  release_senders();
  if (!held_.empty()) retry_ = room_.timers().call_later(kRetry, [this] { try_all_again(); });
}

void ReliableDelivery::try_again(Held& held) {
  std::erase_if(held.recipients, [&](const ParticipantId& id) {
    Participant* recipient = room_.find(id);
    return !recipient || !recipient->is_connected() || settle(*recipient, held.message, true);
  });
}

void ReliableDelivery::release_senders() {
  std::erase_if(held_, [this](const Held& held) {
    if (!held.recipients.empty()) return false;
    if (Participant* sender = room_.find(held.sender)) sender->media().hold_data(false);
    return true;
  });
}

void ReliableDelivery::forget(const ParticipantId& participant) {
  outlets_.erase(participant);
  std::erase_if(held_, [&](const Held& held) { return held.sender == participant; });
  for (Held& held : held_) held.recipients.erase(participant);
  release_senders();
}

LossyDelivery::LossyDelivery(Room& room, DataChannelKind channel, Duration target_latency)
    : room_(room), channel_(channel), target_latency_(target_latency) {}

bool LossyDelivery::send(Participant& recipient, ByteView message) {
  LossyOutlet& outlet = outlets_.try_emplace(recipient.sid(), target_latency_).first->second;
  const size_t waiting = recipient.media().buffered_data(channel_);
  return outlet.admit(message.size(), waiting, room_.timers().now()) &&
         recipient.media().send_data(channel_, message);
}

}  // namespace gstlk::room
