// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/time.h"
#include "forward/received_packet.h"
#include "forward/rewrite.h"

namespace gstlk::sfu {

class Worker;

// A received packet as the router shares it with all subscribers.
struct SharedPacket {
  forward::ReceivedPacket received;
  ByteView capture_time;  // the abs-capture-time extension inside `received.bytes`, or empty
  GstBuffer* buffer = nullptr;
};

// One packet of the list that is pushed next, as one subscriber is to get it.
struct StagedPacket {
  const SharedPacket* packet = nullptr;
  forward::Rewrite rewrite;
  bool retransmission = false;
};

// How far a stream that is sent has come: what follows under its SSRC and its key goes on from
// here.
struct StreamPosition {
  uint16_t next_sequence = 0;
  uint32_t timestamp = 0;  // of the newest packet
  Timestamp sent{};        // when that was

  // Moves `position` on over a packet that was sent, unless newer ones were before.
  static void note(std::optional<StreamPosition>& position, uint16_t sequence, uint32_t timestamp,
                   Timestamp now) {
    const auto next = static_cast<uint16_t>(sequence + 1);
    if (position && static_cast<int16_t>(next - position->next_sequence) <= 0) return;
    position = {next, timestamp, now};
  }

  // A later one that fits the time which has passed.
  uint32_t timestamp_at(Timestamp now, uint32_t clock_rate) const;
};

// What sfu-router and sfu-transport agree on when their pads are linked: instead of a buffer of its
// own for each subscriber, the router pushes the one shared buffer list and says here what of it is
// sent and what differs; the transport writes and encrypts that straight into its send batch.
//
// Implemented by a sink pad of sfu-transport, found by the router with query_send_port().
class SendPort {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The port's session is connected and lives on `worker`, whose thread this is: what is pushed
    // from now on is sent. At most once, at once when that is so already.
    virtual void on_port_bound(Worker& worker) = 0;
  };

  virtual ~SendPort() = default;

  // Thread-safe. The port keeps the listener alive until it is replaced or the port closes.
  virtual void set_listener(std::shared_ptr<Listener> listener) = 0;

  // A push comes soon: what it will touch may be fetched into the cache. Worker thread only.
  virtual void prefetch_next() const = 0;

  // To the peer and back, by its receiver reports. Worker thread only.
  virtual std::optional<Duration> round_trip() const = 0;

  // nullopt: nothing was sent yet. Worker thread only.
  virtual std::optional<StreamPosition> position() const = 0;

  // What the list pushed next on this pad means; `packets` stay valid until that push returns.
  // Worker thread only.
  virtual void stage(std::span<const StagedPacket> packets) = 0;
};

// The SendPort behind `pad` (a sink pad), or null when that is some other element's.
std::shared_ptr<SendPort> query_send_port(GstPad* pad);
// For the pad's query function: TRUE when the query was this one and has been answered.
bool answer_send_port_query(GstQuery* query, const std::shared_ptr<SendPort>& port);

}  // namespace gstlk::sfu
