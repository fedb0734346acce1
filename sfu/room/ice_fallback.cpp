// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/ice_fallback.h"

#include <algorithm>

namespace gstlk::room {
namespace {

constexpr Duration kFailureWindow = 60s;
constexpr Duration kMemory = 300s;
constexpr size_t kMaxRemembered = 1000;

}  // namespace

bool IceFallback::is_available(IcePreference preference) const {
  if (preference == IcePreference::None) return true;
  return preference == IcePreference::Tcp ? available_().tcp : available_().tls;
}

bool IceFallback::set(IcePreference preference) {
  if (!is_available(preference)) return false;
  last_failure_.reset();
  const bool changed = preference != this->preference();
  preference_ = preference;
  return changed;
}

IcePreference IceFallback::next() const {
  const IcePreference now = preference();
  if (now == IcePreference::None && is_available(IcePreference::Tcp)) return IcePreference::Tcp;
  return is_available(IcePreference::Tls) ? IcePreference::Tls : now;
}

bool IceFallback::on_failed(bool early, Timestamp now) {
  if (!available_().enabled) return false;
  const bool again = last_failure_ && now - *last_failure_ <= kFailureWindow;
  last_failure_ = now;
  return (early || again) && set(next());
}

void IceMemory::put(const ParticipantIdentity& who, IcePreference preference, Timestamp now) {
  entries_.insert_or_assign(who, Entry{preference, now});
  std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.at > kMemory; });
  if (entries_.size() <= kMaxRemembered) return;
  entries_.erase(
      std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.at; }));
}

IcePreference IceMemory::find(const ParticipantIdentity& who, Timestamp now) const {
  const auto found = entries_.find(who);
  if (found == entries_.end() || now - found->second.at > kMemory) return IcePreference::None;
  return found->second.preference;
}

}  // namespace gstlk::room
