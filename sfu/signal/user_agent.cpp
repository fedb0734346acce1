// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/user_agent.h"

#include <array>
#include <string>

namespace gstlk::signal {
namespace {

using Client = ::livekit::ClientInfo;

struct Mark {
  std::string_view text;
  std::string_view name;
  std::string_view version;  // what the version follows
};

// In this order: Edge says Chrome too, and both say Safari.
constexpr std::array<Mark, 6> kBrowsers = {{
    {"Firefox/", "Firefox", "Firefox/"},
    {"FxiOS/", "Safari", "FxiOS/"},  // WebKit inside
    {"Edg/", "Edge", "Edg/"},
    {"Chrome/", "Chrome", "Chrome/"},
    {"CriOS/", "Safari", "CriOS/"},
    {"Safari/", "Safari", "Version/"},
}};
constexpr std::array<Mark, 6> kSystems = {{
    {"Android", "Android", "Android "},
    {"iPhone", "iOS", ""},
    {"iPad", "iOS", ""},
    {"Mac OS X", "macOS", ""},
    {"Windows", "Windows", ""},
    {"Linux", "Linux", ""},
}};

bool runs_in_browsers(Client::SDK sdk) {
  return sdk == Client::JS || sdk == Client::REACT_NATIVE || sdk == Client::FLUTTER ||
         sdk == Client::UNITY_WEB;
}

std::string version_after(std::string_view text, std::string_view mark) {
  const size_t start = mark.empty() ? std::string_view::npos : text.find(mark);
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start + mark.size());
  return std::string(text.substr(0, text.find_first_not_of("0123456789.")));
}

}  // namespace

void describe_browser(std::string_view user_agent, Client& client) {
  if (!runs_in_browsers(client.sdk())) return;
  const auto contains = [&](std::string_view text) {
    return user_agent.find(text) != std::string_view::npos;
  };
  for (const Mark& mark : kBrowsers) {
    if (!client.browser().empty() || !contains(mark.text)) continue;
    client.set_browser(std::string(mark.name));
    client.set_browser_version(version_after(user_agent, mark.version));
  }
  for (const Mark& mark : kSystems) {
    if (!client.os().empty() || !contains(mark.text)) continue;
    client.set_os(std::string(mark.name));
    client.set_os_version(version_after(user_agent, mark.version));
  }
}

}  // namespace gstlk::signal
