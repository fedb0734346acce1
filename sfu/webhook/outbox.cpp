// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/outbox.h"

#include <utility>

namespace gstlk::webhook {

void MemoryOutbox::put(DeliveryId id, Delivery delivery) { deliveries_[id] = std::move(delivery); }

std::optional<Delivery> MemoryOutbox::get(DeliveryId id) const {
  const auto found = deliveries_.find(id);
  if (found == deliveries_.end()) return std::nullopt;
  return found->second;
}

void MemoryOutbox::remove(DeliveryId id) { deliveries_.erase(id); }

size_t MemoryOutbox::cost(const Delivery& delivery) const {
  return sizeof(Delivery) + delivery.body.size() + delivery.route.url.size() +
         delivery.route.resource.size();
}

}  // namespace gstlk::webhook
