// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace gstlk::metrics {

// The value of that line of the text format, or -1 without one.
inline double value_in(const std::string& text, const std::string& sample) {
  const size_t at = ("\n" + text).find("\n" + sample + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + sample.size() + 1));
}

}  // namespace gstlk::metrics
