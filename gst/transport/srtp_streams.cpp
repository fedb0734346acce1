// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/srtp_streams.h"

#include <algorithm>

namespace gstlk::transport {
namespace {

// SSRCs are random already; only a peer that chooses them badly needs the mixing.
size_t hash(uint32_t ssrc) { return ssrc * 0x9e3779b97f4a7c15 >> 32; }

constexpr size_t kFirstSlots = 16;

}  // namespace

bool ReplayWindow::seen(uint64_t index) const {
  if (empty_ || index > highest_) return false;
  const uint64_t age = highest_ - index;
  if (age >= kSize) return true;
  return received_[age / 64] >> (age % 64) & 1;
}

void ReplayWindow::add(uint64_t index) {
  if (empty_) {
    empty_ = false;
    highest_ = index;
    received_ = {1, 0};
    return;
  }
  if (index <= highest_) {
    const uint64_t age = highest_ - index;
    if (age < kSize) received_[age / 64] |= uint64_t{1} << (age % 64);
    return;
  }
  const uint64_t shift = index - highest_;
  highest_ = index;
  if (shift >= kSize) {
    received_ = {0, 0};
  } else if (shift >= 64) {
    received_ = {0, received_[0] << (shift - 64)};
  } else {
    received_[1] = received_[1] << shift | received_[0] >> (64 - shift);
    received_[0] <<= shift;
  }
  received_[0] |= 1;
}

uint64_t ReplayWindow::guess_index(uint16_t sequence) const {
  if (empty_) return sequence;
  // The sender's counter that puts `sequence` nearest to the highest index; never below zero.
  const auto delta = static_cast<int16_t>(sequence - static_cast<uint16_t>(highest_));
  const int64_t index = static_cast<int64_t>(highest_) + delta;
  return index < 0 ? sequence : static_cast<uint64_t>(index);
}

size_t SrtpStreamTable::slot_of(uint32_t ssrc) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash(ssrc) & mask;
  while (slots_[slot] != kEmpty && streams_[slots_[slot]].ssrc != ssrc) slot = (slot + 1) & mask;
  return slot;
}

const ReplayWindow* SrtpStreamTable::find(uint32_t ssrc) const {
  if (slots_.empty()) return nullptr;
  const uint16_t stream = slots_[slot_of(ssrc)];
  return stream == kEmpty ? nullptr : &streams_[stream].window;
}

void SrtpStreamTable::add(uint32_t ssrc, uint64_t index) {
  Stream* stream = nullptr;
  if (!slots_.empty()) {
    const uint16_t known = slots_[slot_of(ssrc)];
    if (known != kEmpty) stream = &streams_[known];
  }
  if (!stream) stream = &insert(ssrc);
  stream->last_used = ++uses_;
  stream->window.add(index);
}

SrtpStreamTable::Stream& SrtpStreamTable::insert(uint32_t ssrc) {
  if (streams_.size() == kMaxStreams) {
    const auto quiet = std::min_element(
        streams_.begin(), streams_.end(),
        [](const Stream& a, const Stream& b) { return a.last_used < b.last_used; });
    *quiet = Stream{ssrc, 0, {}};
    rebuild(slots_.size());
    return *quiet;
  }
  streams_.push_back({ssrc, 0, {}});
  // At most half full, so that a probe is short.
  const size_t wanted = std::max(kFirstSlots, slots_.size());
  rebuild(streams_.size() * 2 > wanted ? wanted * 2 : wanted);
  return streams_.back();
}

void SrtpStreamTable::rebuild(size_t slots) {
  slots_.assign(slots, kEmpty);
  for (size_t i = 0; i < streams_.size(); ++i)
    slots_[slot_of(streams_[i].ssrc)] = static_cast<uint16_t>(i);
}

}  // namespace gstlk::transport
