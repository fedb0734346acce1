// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/layer_rates.h"

#include <algorithm>

namespace gstlk::client {

namespace {

// libwebrtc's for cameras.
constexpr double kMargin = 1.2;
constexpr Duration kEnoughFor = 3s;
// An estimate that is used rises by a tenth each second: one that has not moved for so long is not.
constexpr Duration kSteadyFor = 12s;
constexpr Duration kProvenAfter = 30s;
constexpr Duration kLongestWait = 120s;
constexpr int kMostBackoff = 64;

Bitrate minima(LayerRates::Layers layers) {
  Bitrate sum;
  for (const LayerWish& layer : layers)
    if (layer.wanted) sum.bps += layer.rate.minimum.bps;
  return sum;
}

// The index of the first that is wanted; their number when none is.
size_t first_wanted(LayerRates::Layers layers) {
  return static_cast<size_t>(std::ranges::find_if(layers, &LayerWish::wanted) - layers.begin());
}

bool fits_with_margin(Bitrate needed, Bitrate total) {
  return static_cast<double>(total.bps) >= static_cast<double>(needed.bps) * kMargin;
}

}  // namespace

std::vector<LayerShare> LayerRates::share(Bitrate total, Layers layers, Timestamp now) {
  if (opened_ && now - *opened_ >= kProvenAfter) {
    opened_.reset();
    backoff_ = 1;
  }
  shut(total, layers, now);
  reopen(total, layers, now);
  last_total_ = total;

  std::vector<RateWish> sent;
  for (const LayerWish& layer : layers.first(*carried_))
    if (layer.wanted) sent.push_back(layer.rate);
  const std::vector<Bitrate> bitrates = share_bitrate(total, sent);
  std::vector<LayerShare> shares;
  auto next = bitrates.begin();
  for (size_t i = 0; i < layers.size(); ++i) {
    const bool carried = i < *carried_;
    shares.push_back({carried, carried && layers[i].wanted ? *next++ : Bitrate()});
  }
  return shares;
}

void LayerRates::shut(Bitrate total, Layers layers, Timestamp now) {
  const size_t lowest = first_wanted(layers);
  carried_ = carried_.value_or(layers.size());
  if (lowest == layers.size()) return;
  const size_t least = lowest + 1;
  const size_t before = std::max(*carried_, least);
  carried_ = before;
  if (total >= minima(layers.first(before))) tried_ = false;
  if (tried_ && total >= last_total_) return;
  while (*carried_ > least && total < minima(layers.first(*carried_))) --*carried_;
  if (*carried_ == before) return;
  if (opened_) backoff_ = std::min(backoff_ * 2, kMostBackoff);
  opened_.reset();
  tried_ = false;
  enough_since_.reset();
  steady_since_ = now;
}

void LayerRates::reopen(Bitrate total, Layers layers, Timestamp now) {
  const size_t next = *carried_ + first_wanted(layers.subspan(*carried_));
  if (next == layers.size()) {
    enough_since_.reset();
    steady_since_ = now;
    return;
  }
  const Bitrate needed = minima(layers.first(next + 1));
  if (!may_reopen(total, needed, now)) return;
  carried_ = next + 1;
  opened_ = now;
  tried_ = total < needed;
  enough_since_.reset();
  steady_since_ = now;
}

bool LayerRates::may_reopen(Bitrate total, Bitrate needed, Timestamp now) {
  if (total < last_total_) steady_since_ = now;
  if (!fits_with_margin(needed, total))
    enough_since_.reset();
  else if (!enough_since_)
    enough_since_ = now;
  if (enough_since_ && now - *enough_since_ >= wait(kEnoughFor)) return true;
  return now - steady_since_ >= wait(kSteadyFor);
}

Duration LayerRates::wait(Duration shortest) const {
  return std::min<Duration>(shortest * backoff_, kLongestWait);
}

}  // namespace gstlk::client
