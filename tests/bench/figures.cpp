// SPDX-License-Identifier: LGPL-2.1-or-later
#include "figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gstlk::bench {

// Keys and texts are ours: nothing in them needs escaping.
Figures::Figures(std::string_view bench) : json_("{\"bench\":\"" + std::string(bench) + "\"") {}

Figures& Figures::add_literal(std::string_view key, const std::string& literal) {
  json_ += ",\"" + std::string(key) + "\":" + literal;
  return *this;
}

Figures& Figures::add(std::string_view key, std::string_view text) {
  return add_literal(key, "\"" + std::string(text) + "\"");
}

Figures& Figures::add(std::string_view key, double number) {
  char text[32];
  snprintf(text, sizeof text, "%.3f", number);
  return add_literal(key, text);
}

void Figures::print() const {
  printf("%s}\n", json_.c_str());
  fflush(stdout);
}

double percentile(std::vector<double>& samples, double percent) {
  if (samples.empty()) return 0;
  std::ranges::sort(samples);
  const double rank = std::ceil(percent / 100 * static_cast<double>(samples.size()));
  return samples[std::clamp<size_t>(static_cast<size_t>(rank), 1, samples.size()) - 1];
}

}  // namespace gstlk::bench
