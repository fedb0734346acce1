// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gstlk::turn {

// Addresses from `first` to `last`, both included, of one family.
struct IpRange {
  using Address = std::array<uint8_t, 16>;  // network order; IPv4 has the first four bytes
  bool ipv6 = false;
  Address first{};
  Address last{};

  // "10.0.0.0/8", "2001:db8::/32", or an address, which is a range of itself.
  static std::optional<IpRange> parse(const std::string& network);
  // "10.0.0.0-10.255.255.255", as coturn writes it.
  std::string to_text() const;
  bool overlaps(const IpRange& other) const;

  auto operator<=>(const IpRange&) const = default;
};

// What of `ranges` is in none of `holes`.
std::vector<IpRange> subtract(std::vector<IpRange> ranges, const std::vector<IpRange>& holes);

}  // namespace gstlk::turn
