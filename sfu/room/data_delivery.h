// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "room/data_outlet.h"
#include "room/media.h"
#include "room/timers.h"

namespace gstlk::room {

class Participant;
class Room;

// Reliable messages on their way to subscribers, no faster than the slowest one takes them that
// ReliableOutlet waits for. Whoever has room gets a message at once. For the others it waits here,
// and its sender is held: of each there is one message at the most. Main thread only.
class ReliableDelivery {
 public:
  // What may wait for a subscriber of messages that nobody can be held for.
  static constexpr size_t kMaxUnheld = 1024 * 1024;

  explicit ReliableDelivery(Room& room);  // which owns this

  // `sender` is nullptr for the server's own messages.
  void send(Participant* sender, std::string message, const std::vector<Participant*>& recipients);
  // What waits for `recipient` has become little.
  void on_room(const Participant& recipient);
  // The participant has left.
  void forget(const ParticipantId& participant);

  uint64_t dropped() const { return dropped_; }

 private:
  struct Held {
    ParticipantId sender;
    std::string message;
    std::set<ParticipantId> recipients;
  };

  // Sends, drops, or neither: false.
  bool settle(Participant& recipient, const std::string& message, bool can_wait);
  void try_again(Held& held);
  void try_all_again();
  void release_senders();

  Room& room_;
  std::map<ParticipantId, ReliableOutlet> outlets_;  // by recipient
  std::vector<Held> held_;                           // in turn
  std::unique_ptr<Timer> retry_;
  uint64_t dropped_ = 0;
};

// Messages of a channel that may lose some, as LossyOutlet admits them. Main thread only.
class LossyDelivery {
 public:
  LossyDelivery(Room& room, DataChannelKind channel, Duration target_latency);  // `room` owns this

  // False: dropped.
  bool send(Participant& recipient, ByteView message);
  void forget(const ParticipantId& participant) { outlets_.erase(participant); }

 private:
  Room& room_;
  const DataChannelKind channel_;
  const Duration target_latency_;
  std::map<ParticipantId, LossyOutlet> outlets_;
};

}  // namespace gstlk::room
