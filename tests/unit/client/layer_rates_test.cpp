// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/layer_rates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace gstlk::client {
namespace {

using Rates = std::vector<uint64_t>;

// Of 1280x720, in kbit/s: 575 for all three at least, 690 with the margin.
const std::vector<LayerWish> kThree = {
    {{Bitrate{40}, Bitrate{160}}}, {{Bitrate{110}, Bitrate{450}}}, {{Bitrate{425}, Bitrate{1700}}}};

class LayerRatesTest : public ::testing::Test {
 protected:
  // Half a second later.
  Rates share(uint64_t total) {
    now_ += 500ms;
    shares_ = rates_.share(Bitrate{total}, layers_, now_);
    Rates bitrates;
    for (const LayerShare& share : shares_) bitrates.push_back(share.bitrate.bps);
    return bitrates;
  }
  // Twice a second for so long; what came last.
  Rates hold(uint64_t total, Duration time) {
    Rates last;
    for (Duration passed{}; passed < time; passed += 500ms) last = share(total);
    return last;
  }
  // How long until the layer is sent, at most ten minutes.
  Duration time_until_sent(size_t layer, uint64_t total) {
    const Timestamp start = now_;
    while (now_ - start < 600s && share(total)[layer] == 0) {
    }
    return now_ - start;
  }
  void want(bool low, bool middle, bool high) {
    layers_[0].wanted = low;
    layers_[1].wanted = middle;
    layers_[2].wanted = high;
  }

  LayerRates rates_;
  std::vector<LayerWish> layers_ = kThree;
  std::vector<LayerShare> shares_;
  Timestamp now_{};
};

TEST_F(LayerRatesTest, ShutsTheHighestWhereTheMinimaDoNotFit) {
  const struct {
    uint64_t total;
    Rates expected;
  } kTable[] = {
      {5000, {160, 450, 1700}}, {1000, {160, 415, 425}}, {575, {40, 110, 425}},
      {574, {160, 414, 0}},     {150, {40, 110, 0}},     {149, {149, 0, 0}},
      {40, {40, 0, 0}},         {0, {40, 0, 0}},
  };
  for (const auto& [total, expected] : kTable) {
    rates_ = {};
    EXPECT_EQ(share(total), expected) << total;
  }
}

TEST_F(LayerRatesTest, OpensWhenThereWasRoomWithAMarginForThreeSeconds) {
  const Rates kShut = {160, 450, 0};
  const Rates kOpen = {155, 110, 425};
  EXPECT_EQ(share(400), (Rates{160, 240, 0}));
  EXPECT_EQ(hold(690, 3s), kShut);
  EXPECT_EQ(share(690), kOpen);
  EXPECT_EQ(hold(575, 600s), (Rates{40, 110, 425})) << "the margin is for opening";
}

TEST_F(LayerRatesTest, BeginsTheThreeSecondsAnewAfterADip) {
  share(400);
  hold(700, 2500ms);
  share(689);
  EXPECT_EQ(hold(700, 3s)[2], 0u);
  EXPECT_GT(share(700)[2], 0u);
}

TEST_F(LayerRatesTest, OpensOneAfterTheOther) {
  EXPECT_EQ(share(100), (Rates{100, 0, 0}));
  EXPECT_EQ(hold(5000, 3s), (Rates{160, 0, 0}));
  EXPECT_EQ(share(5000), (Rates{160, 450, 0}));
  EXPECT_EQ(hold(5000, 3s), (Rates{160, 450, 0}));
  EXPECT_EQ(share(5000), (Rates{160, 450, 1700}));
}

TEST_F(LayerRatesTest, TriesTheNextOneWhenAnEstimateRestsAndKeepsItUntilThatFalls) {
  EXPECT_EQ(share(300), (Rates{160, 140, 0}));
  EXPECT_EQ(hold(300, 11500ms)[2], 0u);
  EXPECT_EQ(share(300), (Rates{40, 110, 425}));
  EXPECT_EQ(hold(300, 60s), (Rates{40, 110, 425}));
  EXPECT_EQ(share(320), (Rates{40, 110, 425}));
  EXPECT_EQ(share(310), (Rates{160, 150, 0}));
}

TEST_F(LayerRatesTest, TriesNothingWhileTheEstimateFallsNowAndThen) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(hold(340, 5s)[2], 0u);
    EXPECT_EQ(share(300)[2], 0u);
  }
}

TEST_F(LayerRatesTest, WaitsTwiceAsLongAfterEachThatSoonHadToGo) {
  share(400);
  EXPECT_EQ(time_until_sent(2, 700), 3500ms);
  for (const Duration longer : {6500ms, 12500ms, 24500ms, 48500ms, 96500ms, 120000ms, 120000ms}) {
    share(400);
    EXPECT_EQ(time_until_sent(2, 700), longer);
  }
}

TEST_F(LayerRatesTest, ForgetsThatWhenOneHasStayedForHalfAMinute) {
  share(400);
  for (int i = 0; i < 4; ++i) {
    time_until_sent(2, 700);
    share(400);
  }
  time_until_sent(2, 700);
  hold(700, 30s);
  share(400);
  EXPECT_EQ(time_until_sent(2, 700), 3500ms);
}

TEST_F(LayerRatesTest, WhatNobodyWantsTakesNothing) {
  want(true, false, true);
  EXPECT_EQ(share(500), (Rates{75, 0, 425}));
  EXPECT_EQ(share(464), (Rates{160, 0, 0}));
  want(false, false, false);
  EXPECT_EQ(share(5000), (Rates{0, 0, 0}));
}

TEST_F(LayerRatesTest, TheLowestThatIsWantedAlwaysStays) {
  EXPECT_EQ(share(100), (Rates{100, 0, 0}));
  want(false, false, true);
  EXPECT_EQ(share(100), (Rates{0, 0, 425}));
  EXPECT_TRUE(shares_[2].carried);
  want(true, true, true);
  EXPECT_EQ(share(575), (Rates{40, 110, 425})) << "what is sent is not shut without need";
}

TEST_F(LayerRatesTest, OpensAtOnceWhatIsWantedAgainAndWasNotShut) {
  want(true, true, false);
  EXPECT_EQ(hold(600, 10s), (Rates{160, 440, 0}));
  EXPECT_TRUE(shares_[2].carried);
  want(true, true, true);
  EXPECT_EQ(share(600), (Rates{65, 110, 425}));
}

TEST_F(LayerRatesTest, WhatWasShutAndIsWantedAgainWaitsForRoomAsBefore) {
  share(400);
  want(true, true, false);
  hold(610, 60s);
  EXPECT_FALSE(shares_[2].carried) << "what it would need was not there to be had";
  want(true, true, true);
  EXPECT_EQ(hold(2000, 3s)[2], 0u);
  EXPECT_GT(share(2000)[2], 0u);
}

TEST_F(LayerRatesTest, DoesNotTryAtOnceWhatIsWantedAgain) {
  share(300);
  want(true, true, false);
  hold(300, 60s);
  want(true, true, true);
  EXPECT_EQ(time_until_sent(2, 300), 12s);
}

TEST_F(LayerRatesTest, ASingleEncodingIsNeverShut) {
  layers_ = {kThree[2]};
  EXPECT_EQ(share(0), (Rates{425}));
  EXPECT_EQ(share(1000), (Rates{1000}));
}

// With the estimate that it leads to. A lively picture sends what it may.
class UplinkOf : public LayerRatesTest {
 protected:
  void SetUp() override {
    for (LayerWish& layer : layers_)
      layer.rate = {Bitrate{layer.rate.minimum.bps * 1000}, Bitrate{layer.rate.maximum.bps * 1000}};
    control_.set_limits({Bitrate{100'000}, Bitrate{2'310'000}});
  }
  void run(uint64_t capacity, Duration time) {
    for (Duration passed{}; passed < time; passed += 500ms) {
      const Rates rates = share(control_.target().bps);
      openings_ += rates[2] > 0 && last_[2] == 0 ? 1 : 0;
      reports_ += 1;
      with_high_ += rates[2] > 0 ? 1 : 0;
      least_ = std::min(least_, rates[0]);
      last_ = rates;
      const uint64_t sent = rates[0] + rates[1] + rates[2];
      const bool too_much = sent > capacity;
      too_much_ += too_much ? 1 : 0;
      control_.handle({.sent = Bitrate{sent},
                       .received = Bitrate{std::min(sent, capacity)},
                       .delay_gradient = too_much ? Duration(2ms) : Duration(0)},
                      now_);
    }
  }
  void reset_counts() { openings_ = reports_ = with_high_ = too_much_ = 0; }

  RateControl control_{Bitrate{2'500'000}};
  Rates last_ = {0, 0, 0};
  uint64_t least_ = UINT64_MAX;
  int openings_ = 0;
  int reports_ = 0;
  int with_high_ = 0;
  int too_much_ = 0;
};

TEST_F(UplinkOf, ThreeHundredKilobitsDoesNotGetWhatItDoesNotCarry) {
  run(300'000, 60s);
  reset_counts();
  run(300'000, 600s);
  EXPECT_LE(openings_, 6);
  EXPECT_LT(too_much_, reports_ / 2);
  EXPECT_GE(least_, 40'000u);
}

TEST_F(UplinkOf, NearlyEnoughIsNotFilledUpOverAndOver) {
  run(620'000, 600s);
  EXPECT_LE(openings_, 12);
  EXPECT_LT(with_high_, reports_ / 5);
}

TEST_F(UplinkOf, AMegabitCarriesAllThree) {
  run(1'000'000, 60s);
  reset_counts();
  run(1'000'000, 600s);
  EXPECT_EQ(with_high_, reports_);
}

TEST_F(UplinkOf, APathThatIsFreeAgainGetsAllThreeAgain) {
  run(200'000, 60s);
  EXPECT_EQ(last_[2], 0u);
  run(10'000'000, 150s);
  EXPECT_EQ(last_, (Rates{160'000, 450'000, 1'700'000}));
}

}  // namespace
}  // namespace gstlk::client
