// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace gstlk::webhook {

// One event on its way to one URL. Later ones have greater numbers.
using DeliveryId = Id<uint64_t, struct DeliveryIdTag>;

// Where an event goes, and what it is about: a room's name, an egress's id.
struct Route {
  std::string url;
  std::string resource;
};

struct DeliveryLimits {
  size_t max_depth = 200;                 // of one resource at one URL; 0: no limit
  std::optional<Duration> max_age = 30s;  // older ones are not tried again
  size_t max_bytes = 64 << 20;            // of everything; the oldest make room
  size_t max_in_flight = 10;              // requests at once to one URL
};

// Decides which event is sent when: those of one resource to one URL one after the other, those of
// different ones beside each other, a failed one again after 1, 2, 4, ... 30 seconds while its
// resource waits. It holds numbers only; what they stand for is in an Outbox. Whoever drives it
// calls poll() until nullopt after each call that takes a time. Not thread-safe.
class DeliveryQueues {
 public:
  // `dropped`: how many events this URL has lost since it was last told so.
  struct Attempt {
    DeliveryId id;
    uint32_t dropped = 0;
  };

  explicit DeliveryQueues(DeliveryLimits limits);

  // `id` is greater than all before. False: the resource's queue is full, and the event is lost.
  [[nodiscard]] bool add(DeliveryId id, const Route& route, size_t size, Timestamp now);

  // To be sent now; in flight until one of the next two is called for it.
  std::optional<Attempt> poll(Timestamp now);
  void handle_delivered(DeliveryId id, Timestamp now);
  // `retry_after` is what the receiver asked for.
  void handle_failed(DeliveryId id, std::optional<Duration> retry_after, Timestamp now);

  // One that was given up: too old, or the oldest when there was no place. Call until nullopt.
  std::optional<DeliveryId> poll_dropped();
  // When poll() will next have something to say, unless a request ends before.
  std::optional<Timestamp> next_timeout() const;

  // Something is in flight, or has not been tried yet.
  bool is_busy() const;
  // How many wait behind what is in flight, of this resource at this URL.
  size_t waiting(const Route& route) const;
  size_t size() const { return items_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Receiver;
  struct Queue {
    Receiver* receiver = nullptr;
    std::string resource;
    std::deque<DeliveryId> items;
    bool in_flight = false;  // the first one
    uint32_t told = 0;       // with it, of Receiver::dropped
    unsigned failures = 0;   // one after the other
    Timestamp not_before{};
  };
  struct Receiver {
    std::string url;
    std::map<std::string, Queue> queues;  // by resource
    // Those that have something to send and nothing in flight, by when they may, then by age.
    std::map<std::pair<Timestamp, DeliveryId>, Queue*> waiting;
    size_t in_flight = 0;
    uint32_t dropped = 0;
  };
  struct Item {
    Queue* queue = nullptr;
    size_t size = 0;
    Timestamp added;
  };
  using Items = std::map<DeliveryId, Item>;

  bool is_too_old(const Item& item, Timestamp now) const;
  std::optional<Attempt> poll(Receiver& receiver, Timestamp now);
  void wait(Queue& queue, Timestamp until);
  void stop_waiting(Queue& queue);
  void drop(Items::iterator item);
  void make_room();
  void tidy(Queue& queue);

  const DeliveryLimits limits_;
  std::map<std::string, Receiver> receivers_;  // by URL
  Items items_;
  size_t bytes_ = 0;
  std::vector<DeliveryId> dropped_;
};

}  // namespace gstlk::webhook
