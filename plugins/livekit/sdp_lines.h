// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>
#include <vector>

namespace gstlk::client {

// The lines of a description without their ends, CRLF or LF; views into `text`.
inline std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// What stands in front of the first "m=", and each section with its "m=" line.
inline std::vector<std::vector<std::string_view>> sections_of(std::string_view text) {
  std::vector<std::vector<std::string_view>> sections(1);
  for (std::string_view line : lines_of(text)) {
    if (line.starts_with("m=")) sections.emplace_back();
    sections.back().push_back(line);
  }
  return sections;
}

// The rest of the first line that starts with `prefix`; empty when there is none.
inline std::string_view value_of(const std::vector<std::string_view>& lines,
                                 std::string_view prefix) {
  for (std::string_view line : lines)
    if (line.starts_with(prefix)) return line.substr(prefix.size());
  return {};
}

}  // namespace gstlk::client
