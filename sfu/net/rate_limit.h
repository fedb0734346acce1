// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "base/token_bucket.h"

namespace gstlk::net {

// So many requests from each address: of IPv6 from each /64, which is what one customer has. The
// addresses that asked last are remembered. Not thread-safe.
class RateLimit {
 public:
  static constexpr size_t kMaxAddresses = 10'000;

  RateLimit(uint64_t per_minute, uint64_t burst) : per_minute_(per_minute), burst_(burst) {}

  // nullopt: it may. Else how long it shall wait.
  std::optional<Duration> refuse(const std::string& address, Timestamp now);
  // What refuse() would say, without a request.
  std::optional<Duration> would_refuse(const std::string& address, Timestamp now);

 private:
  struct Entry {
    TokenBucket bucket;  // of sixtieths
    std::list<std::string>::iterator place;
  };

  TokenBucket& bucket_of(const std::string& address);

  const uint64_t per_minute_;
  const uint64_t burst_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> longest_ago_first_;
};

// What RateLimit counts together.
std::string subscriber_of(const std::string& address);

}  // namespace gstlk::net
