// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "transport/address.h"

namespace gstlk::sfu {

class PeerSession;
class Worker;

// Which session the datagrams of an address belong to, as one worker has learned it from checks.
// The one that was asked for last is found without a search, because datagrams of a sender come
// together. Worker thread only.
class AddressTable {
 public:
  static constexpr size_t kMaxAddresses = 65'536;

  // A session here, or, with `foreign`, of another worker.
  struct Owner {
    std::shared_ptr<PeerSession> session;
    Worker* foreign = nullptr;
  };

  // Whose what comes from `remote` to the worker's socket `endpoint` is; null: nobody's. Good until
  // the table changes.
  const Owner* find(const transport::SocketAddress& remote, uint32_t endpoint) {
    const Key key{remote, endpoint};
    if (last_owner_ && key == last_key_) return last_owner_;
    const auto found = owners_.find(key);
    if (found == owners_.end()) return nullptr;
    last_key_ = key;
    last_owner_ = &found->second;
    return last_owner_;
  }

  // Whoever had it before. False: the table is full.
  bool remember(const transport::SocketAddress& remote, uint32_t endpoint, Owner owner);
  // Unless it is another's.
  void forget(const transport::SocketAddress& remote, uint32_t endpoint,
              const PeerSession& session);
  void forget(const PeerSession& session);
  void clear();

 private:
  struct Key {
    transport::SocketAddress remote;
    uint32_t endpoint = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return std::hash<transport::SocketAddress>{}(key.remote) * 31 + key.endpoint;
    }
  };

  std::unordered_map<Key, Owner, KeyHash> owners_;
  Key last_key_;
  const Owner* last_owner_ = nullptr;
};

}  // namespace gstlk::sfu
