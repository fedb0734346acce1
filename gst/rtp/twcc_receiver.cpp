// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/twcc_receiver.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

constexpr Duration kInterval = 50ms;
constexpr Duration kEarlyInterval = 25ms;
constexpr Duration kEarly = 3s;
constexpr Duration kMemory = 500ms;
constexpr size_t kMaxArrivals = 4096;
constexpr int64_t kMaxJump = 8192;  // beyond that the sender has started anew
constexpr size_t kMaxSymbols = 8192;
constexpr size_t kMaxArrivalsPerFeedback = 150;  // each takes at most 8 bytes of chunks and delta

constexpr uint8_t kNotReceived = 0;
constexpr uint8_t kSmallDelta = 1;
constexpr uint8_t kLargeDelta = 2;

int64_t in_ticks(Timestamp at) {  // of 250 us
  return at.time_since_epoch() / 250us;
}
constexpr int64_t kTicksPerReference = 256;  // 64 ms

// Packs `symbols` into chunks: runs where they are long, else lists of 14 or 7.
void write_chunks(const std::vector<uint8_t>& symbols, ByteWriter& out) {
  for (size_t i = 0; i < symbols.size();) {
    const size_t left = symbols.size() - i;
    const auto here = symbols.begin() + static_cast<std::ptrdiff_t>(i);
    const auto run_end = std::find_if(here, symbols.end(), [&](uint8_t s) { return s != *here; });
    const size_t run = std::min<size_t>(static_cast<size_t>(run_end - here), 0x1fff);
    const size_t in_list = std::min<size_t>(left, 14);
    if (run >= in_list) {
      out.u16(static_cast<uint16_t>(*here << 13 | run));
      i += run;
      continue;
    }
    const bool one_bit = std::all_of(here, here + static_cast<std::ptrdiff_t>(in_list),
                                     [](uint8_t s) { return s != kLargeDelta; });
    const size_t count = one_bit ? in_list : std::min<size_t>(left, 7);
    uint16_t chunk = one_bit ? 0x8000 : 0xc000;
    for (size_t n = 0; n < count; ++n) {
      const size_t shift = one_bit ? 13 - n : 12 - 2 * n;
      chunk = static_cast<uint16_t>(chunk | symbols[i + n] << shift);
    }
    out.u16(chunk);
    i += count;
  }
}

}  // namespace

void TwccReceiver::restart(uint16_t transport_sequence) {
  unwrapper_.reset();
  arrivals_.clear();
  unreported_ = false;
  next_ = unwrapper_.unwrap(transport_sequence);
  known_from_ = INT64_MIN;
}

void TwccReceiver::on_packet(uint16_t transport_sequence, Timestamp now) {
  if (!started_) {
    started_ = now;
    restart(transport_sequence);
  }
  const int64_t newest = arrivals_.empty() ? next_ : arrivals_.back().sequence;
  int64_t sequence = unwrapper_.peek(transport_sequence);
  if (sequence > newest + kMaxJump || sequence < newest - kMaxJump) {
    restart(transport_sequence);
    sequence = next_;
  }
  // An older one does not move the unwrapper: the newest is what the others are near to.
  if (sequence >= newest) unwrapper_.unwrap(transport_sequence);
  insert(sequence, now);
}

void TwccReceiver::insert(int64_t sequence, Timestamp now) {
  if (arrivals_.size() >= kMaxArrivals) {
    known_from_ = next_ = arrivals_.back().sequence + 1;
    arrivals_.clear();
    unreported_ = false;
  }
  // What is older than all we remember cannot be reported truthfully.
  if (sequence < known_from_) return;
  auto place = arrivals_.end();
  while (place != arrivals_.begin() && std::prev(place)->sequence >= sequence) --place;
  if (place != arrivals_.end() && place->sequence == sequence) return;  // the first one counts
  arrivals_.insert(place, {sequence, now});
  next_ = std::min(next_, sequence);
  if (!unreported_) due_ = now + (now - *started_ < kEarly ? kEarlyInterval : kInterval);
  unreported_ = true;
}

std::optional<Timestamp> TwccReceiver::next_timeout() const {
  if (!unreported_) return std::nullopt;
  return due_;
}

size_t TwccReceiver::collect_symbols(size_t first, int64_t reference) {
  symbols_.clear();
  int64_t last_tick = reference * kTicksPerReference;
  size_t i = first;
  for (; i < arrivals_.size() && i - first < kMaxArrivalsPerFeedback; ++i) {
    const int64_t skipped = arrivals_[i].sequence - next_ - static_cast<int64_t>(symbols_.size());
    const int64_t delta = in_ticks(arrivals_[i].at) - last_tick;
    if (delta < INT16_MIN || delta > INT16_MAX) break;
    if (symbols_.size() + static_cast<size_t>(skipped) >= kMaxSymbols) break;
    symbols_.insert(symbols_.end(), static_cast<size_t>(skipped), kNotReceived);
    symbols_.push_back(delta >= 0 && delta <= UINT8_MAX ? kSmallDelta : kLargeDelta);
    last_tick += delta;
  }
  return i;
}

void TwccReceiver::write(size_t first, size_t last, int64_t reference, Bytes& fci) {
  fci.clear();
  ByteWriter writer(fci);
  writer.u16(static_cast<uint16_t>(next_));
  writer.u16(static_cast<uint16_t>(symbols_.size()));
  writer.u24(static_cast<uint32_t>(reference) & 0xffffff);
  writer.u8(feedback_count_++);
  write_chunks(symbols_, writer);
  int64_t last_tick = reference * kTicksPerReference;
  for (size_t i = first; i < last; ++i) {
    const int64_t tick = in_ticks(arrivals_[i].at);
    const int64_t delta = tick - last_tick;
    if (delta >= 0 && delta <= UINT8_MAX) {
      writer.u8(static_cast<uint8_t>(delta));
    } else {
      writer.u16(static_cast<uint16_t>(delta));
    }
    last_tick = tick;
  }
}

bool TwccReceiver::poll(Timestamp now, Bytes& fci) {
  if (!unreported_ || now < due_) return false;
  const auto begin = std::lower_bound(
      arrivals_.begin(), arrivals_.end(), next_,
      [](const Arrival& arrival, int64_t sequence) { return arrival.sequence < sequence; });
  const size_t first = static_cast<size_t>(begin - arrivals_.begin());
  // A hole too long for one feedback is not reported at all: its sender knows from what follows.
  if (begin->sequence - next_ >= static_cast<int64_t>(kMaxSymbols)) next_ = begin->sequence;
  const int64_t reference = in_ticks(begin->at) / kTicksPerReference;
  const size_t last = collect_symbols(first, reference);
  write(first, last, reference, fci);
  next_ += static_cast<int64_t>(symbols_.size());
  unreported_ = last < arrivals_.size();
  if (!unreported_) forget(now);
  return true;
}

void TwccReceiver::forget(Timestamp now) {
  const auto keep = std::find_if(arrivals_.begin(), arrivals_.end(), [&](const Arrival& arrival) {
    return now - arrival.at <= kMemory;
  });
  if (keep == arrivals_.begin()) return;
  known_from_ = keep == arrivals_.end() ? next_ : keep->sequence;
  arrivals_.erase(arrivals_.begin(), keep);
}

}  // namespace gstlk::rtp
