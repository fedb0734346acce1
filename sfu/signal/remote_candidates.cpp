// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/remote_candidates.h"

#include <gio/gio.h>

#include <algorithm>
#include <sstream>

#include "livekit/json.h"

namespace gstlk::signal {
namespace {

constexpr size_t kMaxLength = 512;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), g_ascii_tolower);
  return text;
}

// One spelling for each address; names (mDNS) stay as they are.
std::string canonical(const std::string& host) {
  GInetAddress* address = g_inet_address_new_from_string(host.c_str());
  if (!address) return host;
  char* text = g_inet_address_to_string(address);
  std::string result(text);
  if (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6) result = "[" + result + "]";
  g_free(text);
  g_object_unref(address);
  return result;
}

std::string without_port(const std::string& address) {
  return address.substr(0, address.rfind(':'));
}

}  // namespace

bool RemoteCandidates::add_init(std::string_view json) {
  const livekit::JsonPtr root = livekit::parse_json(json);
  if (!root) return false;
  if (!JSON_NODE_HOLDS_OBJECT(root.get())) return JSON_NODE_HOLDS_NULL(root.get());
  const char* candidate =
      json_object_get_string_member_with_default(json_node_get_object(root.get()), "candidate", "");
  add(candidate ? candidate : "");
  return true;
}

void RemoteCandidates::add_sdp(std::string_view sdp) {
  constexpr std::string_view kAttribute = "a=";
  for (size_t lines = 0; !sdp.empty() && lines < kMax;) {
    const size_t end = sdp.find('\n');
    const std::string_view line = sdp.substr(0, end);
    if (line.starts_with("a=candidate:")) {
      add(line.substr(kAttribute.size()));
      ++lines;
    }
    sdp.remove_prefix(end == std::string_view::npos ? sdp.size() : end + 1);
  }
}

// candidate:<foundation> <component> <protocol> <priority> <address> <port> typ <type> ...
// RFC 8839 section 5.1.
void RemoteCandidates::add(std::string_view candidate) {
  if (candidate.size() > kMaxLength) return;
  std::istringstream words{std::string(candidate)};
  std::string foundation;
  std::string component;
  std::string protocol;
  std::string priority;
  std::string host;
  std::string port;
  std::string typ;
  std::string type;
  words >> foundation >> component >> protocol >> priority >> host >> port >> typ >> type;
  if (typ != "typ") return;
  Candidate one{lower(protocol), canonical(host), lower(type)};
  if (one.protocol != "tcp") one.address += ":" + port;
  std::erase_if(known_, [&](const Candidate& old) {
    return old.protocol == one.protocol && old.address == one.address;
  });
  known_.push_back(std::move(one));
  if (known_.size() > kMax) known_.pop_front();
}

std::string RemoteCandidates::type_of(const std::string& protocol,
                                      const std::string& address) const {
  const std::string wanted = protocol == "tcp" ? without_port(address) : address;
  const auto found = std::ranges::find_if(known_, [&](const Candidate& candidate) {
    return candidate.protocol == protocol && candidate.address == wanted;
  });
  return found == known_.end() ? "prflx" : found->type;
}

}  // namespace gstlk::signal
