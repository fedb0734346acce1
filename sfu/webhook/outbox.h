// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "webhook/delivery_queues.h"

namespace gstlk::webhook {

// One event for one URL, with everything that a later process needs to send it.
struct Delivery {
  Route route;
  std::string signing_key;  // the name of an API key; empty: the configuration's
  bool is_extra = false;    // asked for by a request, not by the configuration
  std::string event;        // "room_started"
  std::string event_id;     // "EV_..."
  std::string body;         // JSON
};

// Where deliveries are until they are made or given up. Not thread-safe.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual void put(DeliveryId id, Delivery delivery) = 0;
  // Nullopt: it is lost.
  virtual std::optional<Delivery> get(DeliveryId id) const = 0;
  virtual void remove(DeliveryId id) = 0;
  // How much of the outbox's place it takes, in bytes.
  virtual size_t cost(const Delivery& delivery) const = 0;
};

// Ends with the process.
class MemoryOutbox : public Outbox {
 public:
  void put(DeliveryId id, Delivery delivery) override;
  std::optional<Delivery> get(DeliveryId id) const override;
  void remove(DeliveryId id) override;
  size_t cost(const Delivery& delivery) const override;

 private:
  std::map<DeliveryId, Delivery> deliveries_;
};

}  // namespace gstlk::webhook
