// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/rate_control.h"

#include <algorithm>

namespace gstlk::client {

namespace {

// An encoding is no use below this part of what fits it.
constexpr uint64_t kMinimumPart = 4;
// What a path is tried with at most, and what is tried beyond the least, so that that stays when
// the first report lowers it a little.
constexpr Bitrate kMostToBeginWith{6'000'000};
constexpr double kBeginsAbove = 1.25;
constexpr double kRisePerSecond = 1.08;
constexpr double kFallToReceived = 0.85;
constexpr double kLossThatLowers = 0.10;
constexpr double kLossThatAllowsMore = 0.02;
// Growth of a packet's delay that means a queue, and for how many reports in a row: one alone is a
// moment's scheduling.
constexpr Duration kQueueGrows = 300us;
constexpr int kReportsOfQueue = 2;
// Nothing is learned about a path that is used less than this: the encoder had no more to send.
constexpr double kUsedEnough = 0.6;
// Where all of a little arrives, a queue that grows is not ours, and what is lost is lost at
// random, until there is much of either.
constexpr double kAllArrives = 0.8;
constexpr int kReportsOfQueueOfOthers = 6;
constexpr double kAllThatIsNotLost = 0.95;
constexpr double kLossOfAFullPath = 0.20;
// A report is of few packets: of twenty, one is a loss of 5 %.
constexpr double kWeightOfReport = 0.25;

Bitrate scaled(Bitrate rate, double factor) {
  return Bitrate{static_cast<uint64_t>(static_cast<double>(rate.bps) * factor)};
}

}  // namespace

Bitrate RateControl::target() const {
  return std::clamp(estimate_, limits_.minimum, std::max(limits_.minimum, limits_.maximum));
}

void RateControl::begin_with(Bitrate needed) {
  if (!last_)
    estimate_ = std::max(estimate_, std::min(scaled(needed, kBeginsAbove), kMostToBeginWith));
}

Bitrate RateControl::handle(const PathReport& report, Timestamp now) {
  const Duration since = last_ ? std::min<Duration>(now - *last_, 2s) : Duration(1s);
  last_ = now;
  // Of few packets a gradient is a millisecond or two, which anything may be. A queue swallows.
  const bool swallows =
      report.received < scaled(report.sent, kAllThatIsNotLost * (1 - report.loss));
  over_used_ = report.delay_gradient > kQueueGrows && swallows ? over_used_ + 1 : 0;
  const Bitrate allowed = target();
  loss_ = loss_ ? *loss_ + kWeightOfReport * (report.loss - *loss_) : report.loss;
  const bool is_used = report.sent >= scaled(allowed, kUsedEnough) ||
                       report.received < scaled(report.sent, kAllArrives);
  if (over_used_ >= (is_used ? kReportsOfQueue : kReportsOfQueueOfOthers)) {
    estimate_ = std::min(allowed, scaled(is_used ? report.received : allowed, kFallToReceived));
    over_used_ = 0;
  } else if (*loss_ > (is_used ? kLossThatLowers : kLossOfAFullPath)) {
    estimate_ = scaled(allowed, 1 - 0.5 * *loss_);
  } else if (*loss_ < kLossThatAllowsMore && over_used_ == 0 &&
             report.sent >= scaled(estimate_, kUsedEnough)) {
    const double seconds = std::chrono::duration<double>(since).count();
    // What has arrived the path carries: who sends more than is allowed, of media that was encoded
    // elsewhere, shows it.
    const Bitrate risen =
        std::max(scaled(estimate_, 1 + (kRisePerSecond - 1) * seconds), report.received);
    estimate_ = std::max(estimate_, std::min(risen, limits_.maximum));
  }
  estimate_ = std::max(estimate_, limits_.minimum);
  return target();
}

Bitrate least_bitrate(Bitrate wished, Bitrate maximum) {
  return wished.bps == 0 ? Bitrate{maximum.bps / kMinimumPart} : std::min(wished, maximum);
}

std::vector<Bitrate> share_bitrate(Bitrate total, const std::vector<RateWish>& wishes) {
  std::vector<Bitrate> shares;
  uint64_t rest = total.bps;
  for (const RateWish& wish : wishes) {
    shares.push_back(wish.minimum);
    rest -= std::min(rest, wish.minimum.bps);
  }
  for (size_t i = 0; i < wishes.size(); ++i) {
    const uint64_t room = wishes[i].maximum.bps - std::min(wishes[i].maximum.bps, shares[i].bps);
    const uint64_t more = std::min(rest, room);
    shares[i].bps += more;
    rest -= more;
  }
  return shares;
}

}  // namespace gstlk::client
