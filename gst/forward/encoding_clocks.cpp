// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/encoding_clocks.h"

namespace gstlk::forward {

namespace {

// Encodings of one track are sent within this time of each other; sender reports that say otherwise
// are wrong.
constexpr int64_t kMaxCorrectionSeconds = 2;
constexpr int64_t kMaxReportDistanceSeconds = 3600;

// Ticks from `from` to `to`; nullopt when they are too far apart to be of one clock.
std::optional<int64_t> ticks_between(NtpTime from, NtpTime to, uint32_t clock_rate) {
  const auto distance = static_cast<int64_t>(to.value - from.value);
  const int64_t seconds = distance >> 32;
  if (seconds > kMaxReportDistanceSeconds || seconds < -kMaxReportDistanceSeconds)
    return std::nullopt;
  const int64_t fraction = distance & 0xffffffff;
  return seconds * clock_rate + (fraction * clock_rate >> 32);
}

}  // namespace

void EncodingClocks::handle_packet(uint8_t encoding, int64_t timestamp, Timestamp now) {
  EncodingClock& clock = clocks_[encoding];
  if (!clock.known) {
    const int64_t elapsed = (now - newest_arrival_).count() * clock_rate_ / 1'000'000;
    clock.to_reference = started_ ? newest_common_ + elapsed - timestamp : 0;
    clock.known = true;
  }
  const int64_t common = timestamp + clock.to_reference;
  if (started_ && common < newest_common_) return;
  started_ = true;
  newest_common_ = common;
  newest_arrival_ = now;
}

void EncodingClocks::handle_sender_report(uint8_t encoding, NtpTime ntp, int64_t timestamp) {
  EncodingClock& clock = clocks_[encoding];
  if (!clock.known || ntp.value == 0) return;
  if (!anchor_ || anchor_->encoding == encoding) {
    anchor_ = {encoding, ntp, timestamp + clock.to_reference};
    return;
  }
  const auto ticks = ticks_between(anchor_->ntp, ntp, clock_rate_);
  if (!ticks) return;
  const int64_t exact = anchor_->common + *ticks - timestamp;
  const int64_t limit = kMaxCorrectionSeconds * clock_rate_;
  const int64_t correction = exact - clock.to_reference;
  if (correction <= limit && correction >= -limit) clock.to_reference = exact;
}

void EncodingClocks::restart(uint8_t encoding) {
  clocks_[encoding] = {};
  if (anchor_ && anchor_->encoding == encoding) anchor_.reset();
}

}  // namespace gstlk::forward
