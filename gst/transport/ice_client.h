// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "transport/address.h"
#include "transport/ice_lite.h"

namespace gstlk::transport {

// The client side of ICE against a lite agent: one pair, nominated with its first check, then
// consent checks (RFC 7675). What a load generator and tests need; no gathering, no candidate
// pairs, no role conflicts. Driven by the owner of the transport: poll_check() when next_timeout()
// is due, handle_response() for STUN datagrams. Not thread-safe.
class IceClient {
 public:
  explicit IceClient(RandomSource random);

  const IceCredentials& local() const { return local_; }
  void set_remote(const IceCredentials& remote, const AddressPair& pair);

  // Writes the check that is due by `now`, if one is, and returns its size; 0 when none.
  size_t poll_check(Timestamp now, std::span<uint8_t> out);
  // True when `datagram` is the answer to a check of ours. Responses that are not are ignored.
  bool handle_response(ByteView datagram, Timestamp now);

  std::optional<Timestamp> next_timeout(Timestamp now) const;
  IceState state(Timestamp now) const;
  const std::optional<AddressPair>& selected() const { return selected_; }

 private:
  RandomSource random_;
  IceCredentials local_;
  std::optional<IceCredentials> remote_;
  std::optional<HmacSha1> remote_key_;
  std::optional<AddressPair> pair_;
  std::optional<AddressPair> selected_;
  TransactionId transaction_{};
  uint64_t tie_breaker_ = 0;
  Timestamp next_check_{};
  std::optional<Timestamp> last_response_;
};

}  // namespace gstlk::transport
