// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <span>

namespace gstlk::net {
namespace {

constexpr uint64_t kOne = 60;  // a request, when a minute's worth comes back in each second

}  // namespace

std::string subscriber_of(const std::string& address) {
  std::array<uint8_t, 16> bytes;
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::ranges::equal(kMapped, std::span(bytes).first<12>())) {
    inet_ntop(AF_INET, bytes.data() + 12, text.data(), text.size());
    return text.data();
  }
  std::ranges::fill(std::span(bytes).last<8>(), uint8_t{0});
  inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return std::string(text.data()) + "/64";
}

TokenBucket& RateLimit::bucket_of(const std::string& address) {
  const std::string key = subscriber_of(address);
  auto entry = entries_.find(key);
  if (entry == entries_.end()) {
    if (entries_.size() >= kMaxAddresses) {
      entries_.erase(longest_ago_first_.front());
      longest_ago_first_.pop_front();
    }
    const auto place = longest_ago_first_.insert(longest_ago_first_.end(), key);
    entry = entries_.emplace(key, Entry{TokenBucket(per_minute_, burst_ * kOne), place}).first;
  } else {
    longest_ago_first_.splice(longest_ago_first_.end(), longest_ago_first_, entry->second.place);
  }
  return entry->second.bucket;
}

std::optional<Duration> RateLimit::refuse(const std::string& address, Timestamp now) {
  TokenBucket& bucket = bucket_of(address);
  if (bucket.take(kOne, now)) return std::nullopt;
  return bucket.wait_for(kOne, now);
}

std::optional<Duration> RateLimit::would_refuse(const std::string& address, Timestamp now) {
  const Duration time = bucket_of(address).wait_for(kOne, now);
  return time > Duration::zero() ? std::optional(time) : std::nullopt;
}

}  // namespace gstlk::net
