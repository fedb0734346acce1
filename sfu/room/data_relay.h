// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "room/data_delivery.h"
#include "room/media.h"
#include "room/metrics_clock.h"

namespace livekit {
class DataPacket;
class SendDataRequest;
}  // namespace livekit

namespace gstlk::room {

class Participant;
class Room;

// Messages between participants (LiveKit's DataPacket on _reliable and _lossy): who sent them is
// written over, repeats are dropped, and they go to those they are for, never back. What a
// participant cannot be sent yet because its channels are not open is kept for two seconds. Metrics
// go to those who may subscribe to them, their sender too, on the server's clock. What comes on a
// channel of any other label goes out as the payload of a UserPacket. How fast they go is up to
// ReliableDelivery and LossyDelivery. Packets are from the network: what is malformed or not
// allowed is dropped. Main thread only.
class DataRelay {
 public:
  explicit DataRelay(Room& room);  // which owns this

  void handle(Participant& sender, DataChannelKind channel, ByteView message);
  // RoomService's SendData: from nobody.
  void send(const ::livekit::SendDataRequest& request);
  // The recipient's channels are open.
  void on_established(Participant& recipient);
  // It can be sent more reliable messages.
  void on_room(const Participant& recipient) { reliable_.on_room(recipient); }
  // The participant has left.
  void forget(const ParticipantId& participant);

  uint64_t dropped() const { return dropped_ + reliable_.dropped(); }

 private:
  struct Audience {
    std::set<std::string> identities;
    std::set<std::string> sids;
    bool includes(const Participant& participant) const;
  };
  struct Kept {
    Timestamp at;
    ParticipantId sender;
    std::string bytes;
    Audience audience;
  };

  bool is_repeat(Participant& sender, DataChannelKind channel, const ::livekit::DataPacket& packet);
  bool is_new_nonce(const std::string& nonce);
  void deliver(Participant* sender, DataChannelKind channel, const ::livekit::DataPacket& packet);
  void deliver_metrics(Participant& sender, ::livekit::DataPacket& packet);
  void keep(Kept kept);
  void prune();

  Room& room_;
  ReliableDelivery reliable_;
  LossyDelivery lossy_;
  std::deque<Kept> kept_;  // oldest first
  std::map<ParticipantId, size_t> kept_bytes_;
  std::set<std::string> nonces_;
  std::deque<std::string> nonce_order_;
  std::map<ParticipantId, MetricsClock> clocks_;
  uint64_t dropped_ = 0;
};

}  // namespace gstlk::room
