// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gstlk::metrics {

enum class Kind : uint8_t { Counter, Gauge, Histogram };

// Label names with values, as they are printed: the same for every sample of a process.
using Labels = std::vector<std::pair<std::string, std::string>>;

// One metric of Prometheus with all of its label values, and its lines in the text format (version
// 0.0.4). Not thread-safe.
class Family {
 public:
  using Values = std::vector<std::string>;  // of the labels, in the order of their names

  // `bounds` are the upper ends of a histogram's buckets, rising; the last, +Inf, is implied.
  Family(Kind kind, std::string name, std::string help, std::vector<std::string> labels = {},
         std::vector<double> bounds = {});

  void add(const Values& values, double amount) { series_[values].sum += amount; }
  void set(const Values& values, double value) { series_[values].sum = value; }
  void observe(const Values& values, double value);
  // What somebody else has counted: each bucket alone, +Inf too.
  void set_histogram(const Values& values, std::vector<double> observed, double sum) {
    series_[values] = {sum, std::move(observed)};
  }
  void clear() { series_.clear(); }

  // Nothing for a family without samples.
  void print(const Labels& constant, std::string& out) const;

 private:
  struct Series {
    double sum = 0;                // the value of counters and gauges
    std::vector<double> observed;  // each bucket alone, then +Inf
  };
  void print_histogram(const std::string& labels, const Series& series, std::string& out) const;

  const Kind kind_;
  const std::string name_;
  const std::string help_;
  const std::vector<std::string> labels_;
  const std::vector<double> bounds_;
  std::map<Values, Series> series_;
};

}  // namespace gstlk::metrics
