// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/host_addresses.h"

#include <gio/gio.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "base/ref.h"

namespace gstlk::net {
namespace {

using Networks = std::vector<Ref<GInetAddressMask>>;

Result<Networks> read_networks(const std::vector<std::string>& texts, const char* key) {
  Networks networks;
  for (const std::string& text : texts) {
    GInetAddressMask* mask = g_inet_address_mask_new_from_string(text.c_str(), nullptr);
    if (!mask)
      return fail(std::string(key) + ": expected a network like 10.0.0.0/8, not \"" + text + "\"");
    networks.push_back(Ref<GInetAddressMask>::adopt(mask));
  }
  return networks;
}

bool contains(const Networks& networks, const std::string& text) {
  GInetAddress* raw = g_inet_address_new_from_string(text.c_str());
  if (!raw) return false;
  const auto address = Ref<GInetAddress>::adopt(raw);
  return std::ranges::any_of(networks, [&](const Ref<GInetAddressMask>& network) {
    return g_inet_address_mask_get_family(network.get()) ==
               g_inet_address_get_family(address.get()) &&
           g_inet_address_mask_matches(network.get(), address.get());
  });
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::count(names, name) != 0;
}

}  // namespace

bool AddressFilter::empty() const {
  return interface_includes.empty() && interface_excludes.empty() && ip_includes.empty() &&
         ip_excludes.empty();
}

std::vector<HostAddress> list_host_addresses() {
  std::vector<HostAddress> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP)) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const bool ipv6 = family == AF_INET6;
    if (ipv6 &&
        IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr))
      continue;
    std::array<char, NI_MAXHOST> text;
    if (getnameinfo(entry->ifa_addr, ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in), text.data(),
                    text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    addresses.push_back({entry->ifa_name, text.data(), (entry->ifa_flags & IFF_LOOPBACK) != 0});
  }
  freeifaddrs(list);
  return addresses;
}

Result<std::vector<std::string>> choose_addresses(std::span<const HostAddress> addresses,
                                                  const AddressFilter& filter) {
  const auto includes = read_networks(filter.ip_includes, "rtc.ips.includes");
  if (!includes) return Unexpected<Error>{includes.error()};
  const auto excludes = read_networks(filter.ip_excludes, "rtc.ips.excludes");
  if (!excludes) return Unexpected<Error>{excludes.error()};
  std::vector<std::string> chosen;
  for (const HostAddress& host : addresses) {
    const bool named = contains(filter.interface_includes, host.interface);
    const bool in_network = contains(*includes, host.address);
    if (!filter.interface_includes.empty() && !named) continue;
    if (!filter.ip_includes.empty() && !in_network) continue;
    if (contains(filter.interface_excludes, host.interface)) continue;
    if (contains(*excludes, host.address)) continue;
    if (host.loopback && !filter.loopback && !named && !in_network) continue;
    if (!contains(chosen, host.address)) chosen.push_back(host.address);
  }
  if (chosen.empty()) {
    return fail(
        "rtc.interfaces and rtc.ips leave no address to listen on; name an interface of this "
        "machine, or remove them");
  }
  return chosen;
}

}  // namespace gstlk::net
