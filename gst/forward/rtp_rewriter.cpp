// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/rtp_rewriter.h"

#include <algorithm>
#include <utility>

namespace gstlk::forward {

namespace {

// A switch may set time back by this much at most; it is then hidden by standing still.
constexpr Duration kMaxStepBack = 50ms;
// Between two pictures of the same moment, of which the second is the larger: a receiver that
// counts in microseconds has to see two.
constexpr Duration kLeastStep = 1ms;
// By how much the source's time may be behind ours after a pause before we take our own.
constexpr Duration kMaxBehindAfterSilence = 200ms;
constexpr Duration kMaxBehind = 2s;
// No clock of one track is further ahead than this, unless its sender reports are wrong.
constexpr Duration kMaxAhead = 2s;

int32_t distance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

}  // namespace

uint32_t RtpRewriter::by_common_time(const ReceivedPacket& packet,
                                     const EncodingClock& clock) const {
  return static_cast<uint32_t>(packet.timestamp + clock.to_reference) + common_offset_;
}

uint32_t RtpRewriter::expected_timestamp(Timestamp now) const {
  const int64_t elapsed = std::max<int64_t>((now - last_time_).count(), 0);
  const int64_t seconds = elapsed / 1'000'000;
  const int64_t fraction = elapsed % 1'000'000;
  return last_timestamp_ +
         static_cast<uint32_t>(seconds * clock_rate_ + fraction * clock_rate_ / 1'000'000);
}

void RtpRewriter::use_timestamp(const ReceivedPacket& packet, const EncodingClock& clock,
                                uint32_t timestamp, bool rebase) {
  offset_ = timestamp - static_cast<uint32_t>(packet.timestamp);
  if (rebase || !clock.known)
    common_offset_ = timestamp - static_cast<uint32_t>(packet.timestamp + clock.to_reference);
}

bool RtpRewriter::start(const ReceivedPacket& packet, const EncodingClock& clock, Timestamp now) {
  if (started_) return false;
  started_ = true;
  if (timed_) last_timestamp_ = expected_timestamp(now);
  last_time_ = now;
  use_timestamp(packet, clock, last_timestamp_, true);
  return true;
}

RtpRewriter::Numbers RtpRewriter::fill(Timestamp now) {
  if (std::exchange(timed_, true)) last_timestamp_ = expected_timestamp(now);
  last_time_ = now;
  return {map_.insert(), last_timestamp_};
}

bool RtpRewriter::fits_after_last(const ReceivedPacket& packet, const EncodingClock& clock) const {
  if (!started_ || !clock.known) return true;
  return distance(last_timestamp_, by_common_time(packet, clock)) >= -ticks(kMaxStepBack);
}

void RtpRewriter::switch_to(const ReceivedPacket& packet, const EncodingClock& clock,
                            Timestamp now) {
  map_.restart(packet.sequence);
  if (start(packet, clock, now)) return;
  const uint32_t expected = expected_timestamp(now);
  uint32_t timestamp = clock.known ? by_common_time(packet, clock) : expected;
  const bool far_ahead = distance(expected, timestamp) > ticks(kMaxAhead);
  if (far_ahead) timestamp = expected;
  if (distance(last_timestamp_, timestamp) < ticks(kLeastStep))
    timestamp = last_timestamp_ + ticks(kLeastStep);
  use_timestamp(packet, clock, timestamp, far_ahead);
  last_time_ = now;
}

void RtpRewriter::resume(const ReceivedPacket& packet, const EncodingClock& clock,
                         bool source_was_silent, Timestamp now) {
  map_.restart(packet.sequence);
  if (!start(packet, clock, now)) realign(packet, clock, source_was_silent, now);
}

void RtpRewriter::realign(const ReceivedPacket& packet, const EncodingClock& clock,
                          bool source_was_silent, Timestamp now) {
  const uint32_t expected = expected_timestamp(now);
  uint32_t timestamp = by_common_time(packet, clock);
  const int32_t behind = distance(timestamp, expected);
  const bool unusable = !clock.known || behind < -ticks(kMaxAhead) ||
                        behind > ticks(source_was_silent ? kMaxBehindAfterSilence : kMaxBehind);
  if (unusable) timestamp = expected;
  if (distance(last_timestamp_, timestamp) < ticks(kLeastStep))
    timestamp = last_timestamp_ + ticks(kLeastStep);
  use_timestamp(packet, clock, timestamp, unusable);
  last_time_ = now;
}

}  // namespace gstlk::forward
