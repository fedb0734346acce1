// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/ssrc_table.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

constexpr std::ptrdiff_t kMaxStale = 64;

bool is_stale(const SsrcTable::Entry& entry) { return entry.role == SsrcTable::Role::Stale; }

}  // namespace

const SsrcTable::Entry* SsrcTable::search(Ssrc ssrc) {
  const auto found = std::ranges::find(entries_, ssrc, &Entry::ssrc);
  if (found == entries_.end()) return nullptr;
  last_ = static_cast<size_t>(found - entries_.begin());
  return &*found;
}

void SsrcTable::bind(Ssrc ssrc, Role role, ReceiveStream& stream) {
  erase(ssrc);
  entries_.push_back({ssrc, role, &stream});
}

void SsrcTable::retire(Ssrc ssrc) {
  erase(ssrc);
  if (std::ranges::count_if(entries_, is_stale) >= kMaxStale) {
    entries_.erase(std::ranges::find_if(entries_, is_stale));
  }
  entries_.push_back({ssrc, Role::Stale, nullptr});
}

void SsrcTable::erase(Ssrc ssrc) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.ssrc == ssrc; });
}

void SsrcTable::erase_stream(const ReceiveStream& stream) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.stream == &stream; });
}

void SsrcTable::forget_stale() { std::erase_if(entries_, is_stale); }

}  // namespace gstlk::rtp
