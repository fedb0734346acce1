// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/output_queue.h"

#include <algorithm>
#include <utility>

namespace gstlk::client {

namespace {

constexpr Duration kAskEvery = 1s;

bool is_sticky(const OutputQueue::Item& item) {
  const auto* event = std::get_if<Ref<GstEvent>>(&item);
  return event &&
         (gst_event_type_get_flags(GST_EVENT_TYPE(event->get())) & GST_EVENT_TYPE_STICKY) != 0;
}

}  // namespace

OutputQueue::Pushed OutputQueue::push(Ref<GstBuffer> buffer, Timestamp now) {
  const uint64_t size = gst_buffer_get_size(buffer.get());
  if (loss_ == Loss::Oldest) {
    while (is_full(size, now)) lose_oldest();
  } else {
    const bool full = is_full(size, now);
    const bool depends = GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    losing_ = full || (losing_ && depends);
    if (losing_) return lose(now, full);
  }
  bytes_ += size;
  waiting_.push_back({std::move(buffer), size, now});
  return Pushed::Taken;
}

void OutputQueue::push(Ref<GstEvent> event, Timestamp now) {
  Item item = std::move(event);
  if (!is_sticky(item) && (losing_ || is_full(0, now))) return;
  waiting_.push_back({std::move(item), 0, now});
}

std::optional<OutputQueue::Item> OutputQueue::pop() {
  if (waiting_.empty()) return std::nullopt;
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= first.bytes;
  return std::move(first.item);
}

void OutputQueue::clear() {
  waiting_.clear();
  bytes_ = 0;
}

// One alone always fits.
bool OutputQueue::is_full(uint64_t more, Timestamp now) const {
  const auto first = oldest();
  return first != waiting_.end() &&
         (bytes_ + more > limits_.bytes || now - first->arrived > limits_.time);
}

std::deque<OutputQueue::Waiting>::const_iterator OutputQueue::oldest() const {
  return std::ranges::find_if(waiting_, [](const Waiting& w) { return !is_sticky(w.item); });
}

void OutputQueue::lose_oldest() {
  const auto first = oldest();
  if (std::holds_alternative<Ref<GstBuffer>>(first->item)) ++lost_;
  bytes_ -= first->bytes;
  waiting_.erase(first);
}

OutputQueue::Pushed OutputQueue::lose(Timestamp now, bool full) {
  ++lost_;
  if (full || (asked_ && now - *asked_ < kAskEvery)) return Pushed::Lost;
  asked_ = now;
  return Pushed::WantsKeyframe;
}

}  // namespace gstlk::client
