// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/delivery_queues.h"

#include <algorithm>
#include <cassert>

namespace gstlk::webhook {
namespace {

constexpr Duration kFirstWait = 1s;
constexpr Duration kLongestWait = 30s;
// A receiver may ask for more, but not to be forgotten.
constexpr Duration kLongestRetryAfter = 300s;

Duration back_off(unsigned failures) {
  // 2^5 seconds are beyond the longest already.
  return std::min(kFirstWait * (1 << std::min(failures - 1, 5u)), kLongestWait);
}

}  // namespace

DeliveryQueues::DeliveryQueues(DeliveryLimits limits) : limits_(limits) {}

bool DeliveryQueues::add(DeliveryId id, const Route& route, size_t size, Timestamp now) {
  assert(items_.empty() || items_.rbegin()->first < id);
  Receiver& receiver = receivers_[route.url];
  receiver.url = route.url;
  Queue& queue = receiver.queues[route.resource];
  queue.receiver = &receiver;
  queue.resource = route.resource;
  if (limits_.max_depth != 0 && queue.items.size() >= limits_.max_depth) {
    ++receiver.dropped;
    return false;
  }
  queue.items.push_back(id);
  items_[id] = {&queue, size, now};
  bytes_ += size;
  if (queue.items.size() == 1) wait(queue, std::max(queue.not_before, now));
  make_room();
  return true;
}

std::optional<DeliveryQueues::Attempt> DeliveryQueues::poll(Timestamp now) {
  for (auto& [url, receiver] : receivers_) {
    if (const auto attempt = poll(receiver, now)) return attempt;
  }
  return std::nullopt;
}

std::optional<DeliveryQueues::Attempt> DeliveryQueues::poll(Receiver& receiver, Timestamp now) {
  while (receiver.in_flight < limits_.max_in_flight && !receiver.waiting.empty() &&
         receiver.waiting.begin()->first.first <= now) {
    Queue& queue = *receiver.waiting.begin()->second;
    const auto item = items_.find(queue.items.front());
    if (is_too_old(item->second, now)) {
      drop(item);
      continue;
    }
    stop_waiting(queue);
    queue.in_flight = true;
    ++receiver.in_flight;
    queue.told = std::exchange(receiver.dropped, 0);
    return Attempt{item->first, queue.told};
  }
  return std::nullopt;
}

bool DeliveryQueues::is_too_old(const Item& item, Timestamp now) const {
  return limits_.max_age && now - item.added > *limits_.max_age;
}

void DeliveryQueues::handle_delivered(DeliveryId id, Timestamp now) {
  const auto item = items_.find(id);
  assert(item != items_.end() && item->second.queue->in_flight);
  Queue& queue = *item->second.queue;
  queue.in_flight = false;
  --queue.receiver->in_flight;
  queue.told = 0;
  queue.failures = 0;
  queue.not_before = now;
  queue.items.pop_front();
  bytes_ -= item->second.size;
  items_.erase(item);
  if (!queue.items.empty()) wait(queue, now);
  tidy(queue);
}

void DeliveryQueues::handle_failed(DeliveryId id, std::optional<Duration> retry_after,
                                   Timestamp now) {
  const auto item = items_.find(id);
  assert(item != items_.end() && item->second.queue->in_flight);
  Queue& queue = *item->second.queue;
  queue.in_flight = false;
  --queue.receiver->in_flight;
  queue.receiver->dropped += std::exchange(queue.told, 0);
  ++queue.failures;
  const Duration asked = std::min(retry_after.value_or(0us), kLongestRetryAfter);
  wait(queue, now + std::max(back_off(queue.failures), asked));
}

std::optional<DeliveryId> DeliveryQueues::poll_dropped() {
  if (dropped_.empty()) return std::nullopt;
  const DeliveryId id = dropped_.back();
  dropped_.pop_back();
  return id;
}

std::optional<Timestamp> DeliveryQueues::next_timeout() const {
  std::optional<Timestamp> next;
  for (const auto& [url, receiver] : receivers_) {
    if (receiver.waiting.empty() || receiver.in_flight >= limits_.max_in_flight) continue;
    const Timestamp first = receiver.waiting.begin()->first.first;
    if (!next || first < *next) next = first;
  }
  return next;
}

bool DeliveryQueues::is_busy() const {
  return std::ranges::any_of(receivers_, [](const auto& entry) {
    const Receiver& receiver = entry.second;
    return receiver.in_flight > 0 || std::ranges::any_of(receiver.waiting, [](const auto& queue) {
             return queue.second->failures == 0;
           });
  });
}

size_t DeliveryQueues::waiting(const Route& route) const {
  const auto receiver = receivers_.find(route.url);
  if (receiver == receivers_.end()) return 0;
  const auto queue = receiver->second.queues.find(route.resource);
  if (queue == receiver->second.queues.end()) return 0;
  return queue->second.items.size() - (queue->second.in_flight ? 1 : 0);
}

void DeliveryQueues::wait(Queue& queue, Timestamp until) {
  queue.not_before = until;
  queue.receiver->waiting[{until, queue.items.front()}] = &queue;
}

void DeliveryQueues::stop_waiting(Queue& queue) {
  queue.receiver->waiting.erase({queue.not_before, queue.items.front()});
}

void DeliveryQueues::drop(Items::iterator item) {
  Queue& queue = *item->second.queue;
  ++queue.receiver->dropped;
  dropped_.push_back(item->first);
  bytes_ -= item->second.size;
  // It may be the first, by which the queue waits.
  if (!queue.in_flight) stop_waiting(queue);
  std::erase(queue.items, item->first);
  if (!queue.in_flight && !queue.items.empty()) wait(queue, queue.not_before);
  items_.erase(item);
  tidy(queue);
}

void DeliveryQueues::make_room() {
  for (auto it = items_.begin(); bytes_ > limits_.max_bytes && it != items_.end();) {
    const auto here = it++;
    const Queue& queue = *here->second.queue;
    if (queue.in_flight && queue.items.front() == here->first) continue;
    drop(here);
  }
}

// A resource or a receiver that has nothing left to remember is forgotten.
void DeliveryQueues::tidy(Queue& queue) {
  if (!queue.items.empty()) return;
  Receiver& receiver = *queue.receiver;
  receiver.queues.erase(std::string(queue.resource));
  if (!receiver.queues.empty() || receiver.dropped != 0) return;
  receivers_.erase(std::string(receiver.url));
}

}  // namespace gstlk::webhook
