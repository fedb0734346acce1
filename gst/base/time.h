// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace gstlk {

using namespace std::chrono_literals;

// The time that cores are given: monotonic, microseconds, zero anywhere. Nothing in gst/ reads a
// clock; whoever drives a core passes `now`.
struct CoreClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<CoreClock>;
  static constexpr bool is_steady = true;
};

using Duration = CoreClock::duration;
using Timestamp = CoreClock::time_point;

// Seconds since 1 January 1900 in 32.32 fixed point. RFC 3550 section 4.
struct NtpTime {
  uint64_t value = 0;

  constexpr auto operator<=>(const NtpTime&) const = default;
  // The middle 32 bits, as LSR carries them. RFC 3550 section 6.4.1.
  constexpr uint32_t compact() const { return static_cast<uint32_t>(value >> 16); }
};

// 32.32 fixed point from a duration and back; rounds towards zero.
constexpr uint64_t to_ntp_interval(Duration d) {
  const int64_t us = d.count();
  const int64_t seconds = us / 1'000'000;
  const int64_t fraction = us % 1'000'000;
  return (static_cast<uint64_t>(seconds) << 32) +
         static_cast<uint64_t>((fraction << 32) / 1'000'000);
}
constexpr Duration from_ntp_interval(uint64_t ntp) {
  return Duration(
      static_cast<int64_t>((ntp >> 32) * 1'000'000 + (((ntp & 0xffffffff) * 1'000'000) >> 32)));
}

// Bits per second.
struct Bitrate {
  uint64_t bps = 0;
  constexpr auto operator<=>(const Bitrate&) const = default;
};

}  // namespace gstlk
