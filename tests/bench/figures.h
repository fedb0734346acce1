// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gstlk::bench {

// One result: a JSON object on one line of standard output, which tests/support/results.py
// collects into build/bench.jsonl.
class Figures {
 public:
  explicit Figures(std::string_view bench);

  Figures& add(std::string_view key, std::string_view text);
  Figures& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
  Figures& add(std::string_view key, std::integral auto number) {
    return add_literal(key, std::to_string(number));
  }
  // Three digits behind the point.
  Figures& add(std::string_view key, double number);
  void print() const;

 private:
  Figures& add_literal(std::string_view key, const std::string& literal);

  std::string json_;
};

// The value that `percent` of `samples` do not exceed; 0 when there are none. Sorts them.
double percentile(std::vector<double>& samples, double percent);

}  // namespace gstlk::bench
