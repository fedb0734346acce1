// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/family.h"

#include <gtest/gtest.h>

namespace gstlk::metrics {
namespace {

std::string print(const Family& family, const Labels& constant = {}) {
  std::string out;
  family.print(constant, out);
  return out;
}

TEST(Family, ACounterHasASampleForEachOfItsLabels) {
  Family family(Kind::Counter, "packets_total", "Packets.", {"direction"});
  family.add({"in"}, 2);
  family.add({"out"}, 0.5);
  family.add({"in"}, 3);
  EXPECT_EQ(print(family, {{"node_id", "ND_1"}}),
            "# HELP packets_total Packets.\n"
            "# TYPE packets_total counter\n"
            "packets_total{node_id=\"ND_1\",direction=\"in\"} 5\n"
            "packets_total{node_id=\"ND_1\",direction=\"out\"} 0.5\n");
}

TEST(Family, BucketsOfAHistogramAreCumulativeAndIncludeTheirBound) {
  Family family(Kind::Histogram, "delay", "Delay.", {}, {1, 10});
  for (const double value : {0.5, 1., 1.5, 100.}) family.observe({}, value);
  EXPECT_EQ(print(family),
            "# HELP delay Delay.\n"
            "# TYPE delay histogram\n"
            "delay_bucket{le=\"1\"} 2\n"
            "delay_bucket{le=\"10\"} 3\n"
            "delay_bucket{le=\"+Inf\"} 4\n"
            "delay_sum 103\n"
            "delay_count 4\n");
}

TEST(Family, BoundsAreWrittenAsByLiveKit) {
  Family family(Kind::Histogram, "size", "Size.", {}, {0, 0.1, 100'000, 1'000'000, 33'554'432});
  family.observe({}, 1);
  const std::string text = print(family);
  for (const char* bound : {"0", "0.1", "100000", "1e+06", "3.3554432e+07"})
    EXPECT_NE(text.find("size_bucket{le=\"" + std::string(bound) + "\"}"), std::string::npos)
        << text;
}

TEST(Family, ValuesOfLabelsAreEscaped) {
  Family family(Kind::Gauge, "g", "G.", {"name"});
  family.set({"a\"b\\c\nd"}, 1);
  EXPECT_NE(print(family).find("g{name=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
}

TEST(Family, NothingIsPrintedWithoutSamples) {
  EXPECT_EQ(print(Family(Kind::Gauge, "g", "G.")), "");
}

TEST(Family, NumbersKeepTheirDigits) {
  Family family(Kind::Counter, "c", "C.");
  family.add({}, 9007199254740991.);
  EXPECT_NE(print(family).find("c 9007199254740991\n"), std::string::npos);
}

}  // namespace
}  // namespace gstlk::metrics
