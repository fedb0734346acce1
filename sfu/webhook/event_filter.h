// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace gstlk::webhook {

// LiveKit's FilterParams: which events a receiver gets. All of them when both lists are empty.
struct EventFilter {
  std::vector<std::string> include;
  std::vector<std::string> exclude;  // counts only without `include`

  bool allows(const std::string& event) const {
    if (!include.empty()) return std::ranges::count(include, event) != 0;
    return std::ranges::count(exclude, event) == 0;
  }
};

}  // namespace gstlk::webhook
