// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/bandwidth_share.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

using Shares = BandwidthShares;
const TrackId kOne{"TR_1"};
const TrackId kTwo{"TR_2"};

Shares share_bandwidth(uint64_t limit, const std::vector<LayerCosts>& tracks) {
  return room::share_bandwidth(limit, tracks, false);
}

TEST(ShareBandwidth, GivesTheHighestLayersThatFitTogether) {
  const std::vector<LayerCosts> tracks = {{kOne, {100, 400, 1700}}, {kTwo, {100, 400, 1700}}};
  EXPECT_EQ(share_bandwidth(3400, tracks), (Shares{{kOne, 2}, {kTwo, 2}}));
  EXPECT_EQ(share_bandwidth(3399, tracks), (Shares{{kOne, 2}, {kTwo, 1}}));
  EXPECT_EQ(share_bandwidth(800, tracks), (Shares{{kOne, 1}, {kTwo, 1}}));
  EXPECT_EQ(share_bandwidth(799, tracks), (Shares{{kOne, 1}, {kTwo, 0}}));
}

TEST(ShareBandwidth, LeavesTheLowestLayerToEverybody) {
  EXPECT_EQ(share_bandwidth(1, {{kOne, {100, 400}}, {kTwo, {100}}}),
            (Shares{{kOne, 0}, {kTwo, 0}}));
}

TEST(ShareBandwidth, PausesTheLastWhereThatIsAllowed) {
  const std::vector<LayerCosts> tracks = {{kOne, {100, 400}}, {kTwo, {100, 400}}};
  EXPECT_EQ(room::share_bandwidth(199, tracks, true), (Shares{{kOne, 0}, {kTwo, std::nullopt}}));
  // What is left goes to those that are sent.
  EXPECT_EQ(room::share_bandwidth(100, {{kOne, {200}}, {kTwo, {50, 90}}}, true),
            (Shares{{kOne, std::nullopt}, {kTwo, 1}}));
  EXPECT_EQ(room::share_bandwidth(200, tracks, true), (Shares{{kOne, 0}, {kTwo, 0}}));
}

TEST(ShareBandwidth, WhatIsNotSentCostsNothing) {
  EXPECT_EQ(share_bandwidth(400, {{kOne, {100, 400}}, {kTwo, {}}}), (Shares{{kOne, 1}, {kTwo, 0}}));
  EXPECT_TRUE(share_bandwidth(400, {}).empty());
}

}  // namespace
}  // namespace gstlk::room
