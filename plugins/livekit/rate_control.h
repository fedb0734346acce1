// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"

namespace gstlk::client {

// What the feedback of the receiver says about the last interval (transport-wide congestion
// control, as webrtcbin's statistics tell it).
struct PathReport {
  Bitrate sent;
  Bitrate received;
  double loss = 0;            // 0 to 1
  Duration delay_gradient{};  // by how much a packet's delay grew over the one before, on average

  bool operator==(const PathReport&) const = default;
};

// How much a publisher may send: rises while nothing is lost and the delay is steady, falls to what
// arrived when a queue builds up (or a little, where hardly anything was sent), and by half the
// loss when more than a tenth is lost (as GCC, draft-ietf-rmcat-gcc-02 sections 5.5 and 6). What
// was learned of the path outlives a time in which less is wanted. Not thread-safe.
class RateControl {
 public:
  struct Limits {
    Bitrate minimum{100'000};
    Bitrate maximum{10'000'000};
  };

  explicit RateControl(Bitrate start) : estimate_(start) {}

  void set_limits(const Limits& limits) { limits_ = limits; }
  // As long as nothing is known of the path the estimate is no less than what all that is to be
  // sent needs at least, up to a bound: it would rise by a tenth each second, with less of it sent.
  void begin_with(Bitrate needed);
  Bitrate handle(const PathReport& report, Timestamp now);
  Bitrate target() const;

 private:
  Limits limits_;
  Bitrate estimate_;  // of the path, whatever the limits
  std::optional<Timestamp> last_;
  int over_used_ = 0;           // reports in a row
  std::optional<double> loss_;  // over some seconds
};

struct RateWish {
  Bitrate minimum;
  Bitrate maximum;
};

// Of an encoding that may take `maximum`: what is wished, or a quarter of the maximum without a
// wish.
Bitrate least_bitrate(Bitrate wished, Bitrate maximum);

// Shares `total` out to encodings, low to high: each gets at least its minimum, and the lower ones
// reach their maximum first.
std::vector<Bitrate> share_bitrate(Bitrate total, const std::vector<RateWish>& wishes);

}  // namespace gstlk::client
