// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/dynacast.h"

#include <algorithm>
#include <utility>

namespace gstlk::room {
namespace {

constexpr Duration kFirstValueLimit = 10s;

// OFF is the greatest number on the wire and the least quality.
int rank(::livekit::VideoQuality quality) {
  return quality == ::livekit::OFF ? -1 : static_cast<int>(quality);
}

}  // namespace

Dynacast::Dynacast(std::vector<std::string> codecs, Duration pause_delay, Timestamp published)
    : pause_delay_(pause_delay), first_value_(published + kFirstValueLimit) {
  for (std::string& codec : codecs) codecs_.push_back({std::move(codec), ::livekit::OFF, {}});
}

void Dynacast::set_wanted(const ParticipantId& subscriber, const std::string& codec,
                          ::livekit::VideoQuality quality) {
  wanted_[subscriber] = {codec, quality};
}

void Dynacast::remove(const ParticipantId& subscriber) { wanted_.erase(subscriber); }

void Dynacast::regress(std::optional<std::string> codec) { regressed_ = std::move(codec); }

void Dynacast::repeat() { repeat_ = started_; }

::livekit::VideoQuality Dynacast::wanted(const std::string& codec) const {
  ::livekit::VideoQuality best = ::livekit::OFF;
  for (const auto& [subscriber, wish] : wanted_) {
    if (regressed_.value_or(wish.first) == codec && rank(wish.second) > rank(best))
      best = wish.second;
  }
  return best;
}

bool Dynacast::settle(Codec& codec, Timestamp now) {
  const ::livekit::VideoQuality quality = wanted(codec.name);
  if (rank(quality) >= rank(codec.told)) {
    codec.less_since.reset();
    return std::exchange(codec.told, quality) != quality;
  }
  if (!codec.less_since) codec.less_since = now;
  if (now - *codec.less_since < pause_delay_) return false;
  codec.less_since.reset();
  codec.told = quality;
  return true;
}

std::optional<Dynacast::Qualities> Dynacast::poll(Timestamp now) {
  bool changed = std::exchange(repeat_, false);
  if (!started_) {
    const auto is_wanted = [this](const Codec& codec) {
      return wanted(codec.name) != ::livekit::OFF;
    };
    if (now < first_value_ && std::ranges::none_of(codecs_, is_wanted)) return std::nullopt;
    started_ = changed = true;
  }
  for (Codec& codec : codecs_) changed |= settle(codec, now);
  if (!changed) return std::nullopt;
  Qualities qualities;
  for (const Codec& codec : codecs_) qualities.emplace_back(codec.name, codec.told);
  return qualities;
}

std::optional<Timestamp> Dynacast::next_timeout() const {
  if (!started_) return first_value_;
  std::optional<Timestamp> next;
  for (const Codec& codec : codecs_) {
    if (!codec.less_since) continue;
    const Timestamp due = *codec.less_since + pause_delay_;
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

}  // namespace gstlk::room
