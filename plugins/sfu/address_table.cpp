// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/address_table.h"

#include <utility>

namespace gstlk::sfu {

bool AddressTable::remember(const transport::SocketAddress& remote, uint32_t endpoint,
                            Owner owner) {
  const Owner* before = find(remote, endpoint);
  if (before && before->session == owner.session && before->foreign == owner.foreign) return true;
  last_owner_ = nullptr;
  const Key key{remote, endpoint};
  if (owners_.size() >= kMaxAddresses) {
    // The next check brings back what another worker needs.
    std::erase_if(owners_, [](const auto& entry) { return entry.second.foreign != nullptr; });
  }
  if (owners_.size() >= kMaxAddresses && !owners_.contains(key)) return false;
  owners_[key] = std::move(owner);
  return true;
}

void AddressTable::forget(const transport::SocketAddress& remote, uint32_t endpoint,
                          const PeerSession& session) {
  const Owner* owner = find(remote, endpoint);
  if (!owner || owner->session.get() != &session) return;
  last_owner_ = nullptr;
  owners_.erase({remote, endpoint});
}

void AddressTable::forget(const PeerSession& session) {
  last_owner_ = nullptr;
  std::erase_if(owners_, [&](const auto& entry) { return entry.second.session.get() == &session; });
}

void AddressTable::clear() {
  last_owner_ = nullptr;
  owners_.clear();
}

}  // namespace gstlk::sfu
