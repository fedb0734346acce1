// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/offer_schedule.h"

#include <utility>

namespace gstlk::signal {
namespace {

constexpr Duration kFirstDebounce = 10ms;
constexpr Duration kDebounce = 150ms;
constexpr Duration kAnswerLimit = 15s;

}  // namespace

OfferSchedule::OfferSchedule(room::Timers& timers, std::function<void()> offer,
                             std::function<void()> failed)
    : timers_(timers), offer_(std::move(offer)), failed_(std::move(failed)) {}

void OfferSchedule::request() {
  if (debounce_) return;
  const bool in_a_burst = last_ && timers_.now() - *last_ < kDebounce;
  debounce_ = timers_.call_later(in_a_burst ? kDebounce : kFirstDebounce, [this] {
    debounce_.reset();
    last_ = timers_.now();
    offer_();
  });
}

void OfferSchedule::sent() {
  last_ = timers_.now();
  limit_ = timers_.call_later(kAnswerLimit, [this] {
    limit_.reset();
    failed_();
  });
}

}  // namespace gstlk::signal
