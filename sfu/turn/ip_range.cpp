// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/ip_range.h"

#include <arpa/inet.h>
#include <gio/gio.h>

#include <algorithm>
#include <cstdlib>

#include "base/ref.h"

namespace gstlk::turn {
namespace {

std::string print(const IpRange::Address& address, bool ipv6) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(ipv6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
  return text.data();
}

// Neither is asked for the neighbour of the first or the last address that there is.
IpRange::Address before(IpRange::Address address, bool ipv6) {
  for (size_t i = ipv6 ? 16 : 4; i-- > 0;) {
    if (address[i]-- != 0) break;
  }
  return address;
}

IpRange::Address after(IpRange::Address address, bool ipv6) {
  for (size_t i = ipv6 ? 16 : 4; i-- > 0;) {
    if (++address[i] != 0) break;
  }
  return address;
}

void add_rest(const IpRange& range, const IpRange& hole, std::vector<IpRange>& out) {
  if (!range.overlaps(hole)) {
    out.push_back(range);
    return;
  }
  if (range.first < hole.first) {
    out.push_back({range.ipv6, range.first, before(hole.first, range.ipv6)});
  }
  if (hole.last < range.last) {
    out.push_back({range.ipv6, after(hole.last, range.ipv6), range.last});
  }
}

}  // namespace

std::optional<IpRange> IpRange::parse(const std::string& network) {
  // GLib takes a longer one for a programmer's mistake, and more digits for fewer.
  const size_t slash = network.find('/');
  if (slash != std::string::npos) {
    const std::string length = network.substr(slash + 1);
    const bool digits = std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || length.empty() || length.size() > 3 || std::stoi(length) > 128)
      return std::nullopt;
  }
  GInetAddressMask* parsed = g_inet_address_mask_new_from_string(network.c_str(), nullptr);
  if (!parsed) return std::nullopt;
  const auto mask = Ref<GInetAddressMask>::adopt(parsed);
  GInetAddress* address = g_inet_address_mask_get_address(mask.get());
  IpRange range;
  range.ipv6 = g_inet_address_mask_get_family(mask.get()) == G_SOCKET_FAMILY_IPV6;
  const guint8* bytes = g_inet_address_to_bytes(address);
  std::copy_n(bytes, g_inet_address_get_native_size(address), range.first.begin());
  range.last = range.first;
  for (size_t bit = g_inet_address_mask_get_length(mask.get()); bit < (range.ipv6 ? 128U : 32U);
       bit++) {
    range.last[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
  }
  return range;
}

std::string IpRange::to_text() const { return print(first, ipv6) + "-" + print(last, ipv6); }

bool IpRange::overlaps(const IpRange& other) const {
  return ipv6 == other.ipv6 && first <= other.last && other.first <= last;
}

std::vector<IpRange> subtract(std::vector<IpRange> ranges, const std::vector<IpRange>& holes) {
  for (const IpRange& hole : holes) {
    std::vector<IpRange> rest;
    for (const IpRange& range : ranges) add_rest(range, hole, rest);
    ranges = std::move(rest);
  }
  return ranges;
}

}  // namespace gstlk::turn
