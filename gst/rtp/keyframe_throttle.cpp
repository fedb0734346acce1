// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/keyframe_throttle.h"

#include <algorithm>

namespace gstlk::rtp {

void KeyframeThrottle::send(Entry& entry, Timestamp now) {
  entry.allowed = now + entry.instead.value_or(entry.repeated ? interval_ : first_interval_);
  entry.repeated = true;
  entry.waiting = false;
}

bool KeyframeThrottle::request(Ssrc ssrc, Timestamp now, std::optional<Duration> instead) {
  // One that has been silent that long is as good as new; so is one whose stream is gone.
  std::erase_if(entries_, [&](const Entry& e) { return now >= e.allowed + interval_; });
  auto entry = std::ranges::find(entries_, ssrc, &Entry::ssrc);
  if (entry == entries_.end()) {
    entry = entries_.insert(entry, Entry{.ssrc = ssrc, .allowed = now});
  }
  entry->instead = instead;
  if (now < entry->allowed) {
    entry->waiting = true;
    return false;
  }
  send(*entry, now);
  return true;
}

void KeyframeThrottle::on_keyframe(Ssrc ssrc) {
  const auto entry = std::ranges::find(entries_, ssrc, &Entry::ssrc);
  if (entry != entries_.end()) entry->waiting = false;
}

std::optional<Ssrc> KeyframeThrottle::poll(Timestamp now) {
  for (Entry& entry : entries_) {
    if (!entry.waiting || now < entry.allowed) continue;
    send(entry, now);
    return entry.ssrc;
  }
  return std::nullopt;
}

std::optional<Timestamp> KeyframeThrottle::next_timeout() const {
  std::optional<Timestamp> next;
  for (const Entry& entry : entries_) {
    if (entry.waiting && (!next || entry.allowed < *next)) next = entry.allowed;
  }
  return next;
}

}  // namespace gstlk::rtp
