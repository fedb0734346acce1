// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/receive_statistics.h"

#include <algorithm>

namespace gstlk::rtp {

bool ReceiveStatistics::test(int64_t sequence) const {
  const size_t bit = static_cast<size_t>(sequence & (kWindow - 1));
  return (window_[bit / 64] >> (bit % 64) & 1) != 0;
}

void ReceiveStatistics::set(int64_t sequence, bool value) {
  const size_t bit = static_cast<size_t>(sequence & (kWindow - 1));
  const uint64_t mask = uint64_t{1} << (bit % 64);
  window_[bit / 64] = value ? window_[bit / 64] | mask : window_[bit / 64] & ~mask;
}

void ReceiveStatistics::start(uint16_t sequence_number) {
  unwrapper_.reset();
  window_.fill(0);
  base_ = highest_ = unwrapper_.unwrap(sequence_number);
  received_ = 1;
  expected_prior_ = received_prior_ = 0;
  expected_after_jump_ = -1;
  has_transit_ = false;
  set(highest_, true);
}

// RFC 3550 A.1: "Two sequential packets -- assume that the other side restarted without telling
// us".
ReceiveStatistics::Place ReceiveStatistics::handle_jump(uint16_t sequence_number, int64_t sequence,
                                                        bool retransmitted) {
  if (retransmitted) return {Arrival::TooOld, sequence};
  if (sequence_number != expected_after_jump_) {
    expected_after_jump_ = static_cast<uint16_t>(sequence_number + 1);
    return {Arrival::TooOld, sequence};
  }
  start(sequence_number);
  return {Arrival::Restarted, highest_};
}

ReceiveStatistics::Place ReceiveStatistics::on_packet(uint16_t sequence_number, uint32_t timestamp,
                                                      uint32_t clock_rate, bool retransmitted,
                                                      Timestamp now) {
  if (!started()) {
    start(sequence_number);
    update_jitter(timestamp, clock_rate, now);
    return {Arrival::InOrder, highest_};
  }
  const int64_t sequence = unwrapper_.peek(sequence_number);
  if (sequence >= highest_ + kMaxDropout || sequence <= highest_ - kWindow) {
    return handle_jump(sequence_number, sequence, retransmitted);
  }
  if (sequence <= highest_) {
    if (test(sequence)) return {Arrival::Duplicate, sequence};
    set(sequence, true);
    // Before the first packet nothing was expected.
    base_ = std::min(base_, sequence);
    received_ += !retransmitted;
    return {Arrival::Late, sequence};
  }
  for (int64_t hole = std::max(highest_ + 1, sequence - kWindow + 1); hole < sequence; ++hole) {
    set(hole, false);
  }
  set(sequence, true);
  highest_ = unwrapper_.unwrap(sequence_number);
  received_ += !retransmitted;
  expected_after_jump_ = -1;
  if (!retransmitted) update_jitter(timestamp, clock_rate, now);
  return {Arrival::InOrder, sequence};
}

// RFC 3550 A.8, with the estimate scaled by 16 as there.
void ReceiveStatistics::update_jitter(uint32_t timestamp, uint32_t clock_rate, Timestamp now) {
  if (clock_rate == 0) return;
  if (clock_rate != clock_rate_) {
    clock_rate_ = clock_rate;
    has_transit_ = false;
    jitter_x16_ = 0;
  }
  const int64_t us = now.time_since_epoch().count();
  const int64_t arrival = us / 1'000'000 * clock_rate + us % 1'000'000 * clock_rate / 1'000'000;
  const uint32_t transit = static_cast<uint32_t>(arrival) - timestamp;
  if (has_transit_) {
    const int64_t change = static_cast<int32_t>(transit - transit_);
    const uint32_t distance = static_cast<uint32_t>(change < 0 ? -change : change);
    // A jump of the timestamps (a new source behind the same SSRC) is no jitter.
    if (distance < clock_rate * 5) jitter_x16_ += distance - ((jitter_x16_ + 8) >> 4);
  }
  transit_ = transit;
  has_transit_ = true;
}

// RFC 3550 A.3.
ReportBlock ReceiveStatistics::report() {
  const int64_t expected_interval = expected() - expected_prior_;
  const int64_t received_interval = received_ - received_prior_;
  const int64_t lost_interval = expected_interval - received_interval;
  expected_prior_ = expected();
  received_prior_ = received_;
  fraction_lost_ = 0;
  if (expected_interval > 0 && lost_interval > 0) {
    fraction_lost_ =
        static_cast<uint8_t>(std::min<int64_t>(255, (lost_interval << 8) / expected_interval));
  }
  ReportBlock block;
  block.fraction_lost = fraction_lost_;
  block.cumulative_lost =
      static_cast<int32_t>(std::clamp<int64_t>(cumulative_lost(), -0x800000, 0x7fffff));
  block.highest_sequence = static_cast<uint32_t>(highest_);
  block.jitter = jitter_x16_ >> 4;
  return block;
}

Duration ReceiveStatistics::jitter() const {
  if (clock_rate_ == 0) return {};
  return Duration(int64_t{jitter_x16_ >> 4} * 1'000'000 / clock_rate_);
}

}  // namespace gstlk::rtp
