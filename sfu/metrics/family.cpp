// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/family.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

namespace gstlk::metrics {
namespace {

std::string print_number(double number) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

// As Prometheus' own library for Go prints it, and so LiveKit: a bound is a label, which is
// compared as text.
std::string print_bound(double bound) {
  const double size = std::abs(bound);
  const bool plain = bound == 0 || (size >= 1e-4 && size < 1e6);
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), bound,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  return {text.data(), end};
}

// "label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and line
// feed characters have to be escaped" (Prometheus, Exposition formats).
void append_label(const std::string& name, const std::string& value, std::string& out) {
  if (!out.empty()) out += ',';
  out += name + "=\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_sample(const std::string& name, const std::string& labels, double value,
                   std::string& out) {
  out += name;
  if (!labels.empty()) out += '{' + labels + '}';
  out += ' ' + print_number(value) + '\n';
}

}  // namespace

Family::Family(Kind kind, std::string name, std::string help, std::vector<std::string> labels,
               std::vector<double> bounds)
    : kind_(kind),
      name_(std::move(name)),
      help_(std::move(help)),
      labels_(std::move(labels)),
      bounds_(std::move(bounds)) {}

void Family::observe(const Values& values, double value) {
  Series& series = series_[values];
  series.observed.resize(bounds_.size() + 1);
  series.sum += value;
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  series.observed[static_cast<size_t>(bucket)] += 1;
}

void Family::print(const Labels& constant, std::string& out) const {
  if (series_.empty()) return;
  constexpr std::array kNames{"counter", "gauge", "histogram"};
  out += "# HELP " + name_ + ' ' + help_ + '\n';
  out += "# TYPE " + name_ + ' ' + kNames[static_cast<size_t>(kind_)] + '\n';
  for (const auto& [values, series] : series_) {
    std::string labels;
    for (const auto& [name, value] : constant) append_label(name, value, labels);
    for (size_t i = 0; i < labels_.size(); i++) append_label(labels_[i], values[i], labels);
    if (kind_ == Kind::Histogram) {
      print_histogram(labels, series, out);
    } else {
      append_sample(name_, labels, series.sum, out);
    }
  }
}

void Family::print_histogram(const std::string& labels, const Series& series,
                             std::string& out) const {
  double so_far = 0;
  for (size_t i = 0; i <= bounds_.size(); i++) {
    so_far += series.observed[i];
    std::string with_bound = labels;
    append_label("le", i < bounds_.size() ? print_bound(bounds_[i]) : "+Inf", with_bound);
    append_sample(name_ + "_bucket", with_bound, so_far, out);
  }
  append_sample(name_ + "_sum", labels, series.sum, out);
  append_sample(name_ + "_count", labels, so_far, out);
}

}  // namespace gstlk::metrics
