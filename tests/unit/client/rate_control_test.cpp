// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/rate_control.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "plugins/livekit/layer_rates.h"
#include "plugins/livekit/simulcast.h"

namespace gstlk::client {
namespace {

constexpr Bitrate kMbit{1'000'000};

// Half a second's report, again and again, of a path that carries `capacity`.
class RateControlTest : public ::testing::Test {
 protected:
  void SetUp() override { control_.set_limits({Bitrate{100'000}, Bitrate{5'000'000}}); }

  // Sends as much as is allowed; a queue builds up as soon as that is too much.
  void run(Bitrate capacity, int reports) {
    for (int i = 0; i < reports; ++i) {
      const Bitrate sent = control_.target();
      const bool too_much = sent > capacity;
      report({.sent = sent,
              .received = too_much ? capacity : sent,
              .delay_gradient = too_much ? Duration(2ms) : Duration(0)});
    }
  }
  void report(const PathReport& report) { control_.handle(report, now_ += 500ms); }

  RateControl control_{kMbit};
  Timestamp now_{};
};

TEST_F(RateControlTest, RisesWhileThePathIsUsedAndSteady) {
  run(Bitrate{50'000'000}, 20);
  EXPECT_GT(control_.target().bps, 1'900'000u);
  EXPECT_LT(control_.target().bps, 2'500'000u);
}

TEST_F(RateControlTest, StaysWithinItsLimits) {
  run(Bitrate{50'000'000}, 1000);
  EXPECT_EQ(control_.target().bps, 5'000'000u);
  run(Bitrate{1'000}, 1000);
  EXPECT_EQ(control_.target().bps, 100'000u);
}

TEST_F(RateControlTest, SettlesBelowWhatThePathCarries) {
  const Bitrate capacity{700'000};
  run(capacity, 200);
  for (int i = 0; i < 50; ++i) {
    run(capacity, 1);
    EXPECT_LT(control_.target().bps, 800'000u);
    EXPECT_GT(control_.target().bps, 550'000u);
  }
}

TEST_F(RateControlTest, BeginsWithWhatIsNeededUpToABound) {
  control_.begin_with(Bitrate{400'000});
  EXPECT_EQ(control_.target(), kMbit);
  control_.begin_with(Bitrate{3'200'000});
  EXPECT_EQ(control_.target().bps, 4'000'000u);
  control_.set_limits({Bitrate{100'000}, Bitrate{50'000'000}});
  control_.begin_with(Bitrate{20'000'000});
  EXPECT_EQ(control_.target().bps, 6'000'000u);
}

TEST_F(RateControlTest, BeginsWithNothingElseWhenThePathIsKnown) {
  run(Bitrate{500'000}, 4);
  const Bitrate known = control_.target();
  control_.begin_with(Bitrate{3'000'000});
  EXPECT_EQ(control_.target(), known);
}

TEST_F(RateControlTest, SendsAllLayersOf4KFromTheBeginningWhereThePathCarriesThem) {
  const std::vector<VideoEncoding> encodings = plan_encodings({.width = 3840, .height = 2160});
  std::vector<LayerWish> layers;
  RateControl::Limits limits{.maximum = Bitrate{0}};
  Bitrate least;
  for (const VideoEncoding& encoding : encodings) {
    const RateWish wish{least_bitrate({}, encoding.max_bitrate), encoding.max_bitrate};
    layers.push_back({wish});
    limits.maximum.bps += wish.maximum.bps;
    least.bps += wish.minimum.bps;
  }
  RateControl control(Bitrate{2'500'000});
  control.set_limits(limits);
  control.begin_with(least);
  LayerRates rates;
  for (; now_ < Timestamp(20s); now_ += 500ms) {
    const auto shares = rates.share(control.target(), layers, now_);
    ASSERT_TRUE(std::ranges::all_of(shares, &LayerShare::carried)) << now_.time_since_epoch() / 1ms;
    control.handle({.sent = control.target(), .received = control.target()}, now_);
  }
}

TEST_F(RateControlTest, KnowsOfThePathWhatHasArrived) {
  const Bitrate sent{4'000'000};
  report({.sent = sent, .received = sent});
  EXPECT_EQ(control_.target(), sent);
}

TEST_F(RateControlTest, DoesNotFallForOneLateMoment) {
  report({.sent = kMbit, .received = kMbit, .delay_gradient = 5ms});
  report({.sent = kMbit, .received = kMbit, .delay_gradient = 0ms});
  report({.sent = kMbit, .received = kMbit, .delay_gradient = 5ms});
  EXPECT_GE(control_.target(), kMbit);
}

TEST_F(RateControlTest, DoesNotFallForAQueueThatSwallowsNothing) {
  for (int i = 0; i < 20; ++i)
    report({.sent = kMbit, .received = Bitrate{970'000}, .delay_gradient = 5ms});
  EXPECT_GE(control_.target(), kMbit);
}

TEST_F(RateControlTest, DoesNotFallToTheLittleThatWasSent) {
  const PathReport kLate = {
      .sent = Bitrate{100'000}, .received = Bitrate{90'000}, .delay_gradient = 5ms};
  for (int i = 0; i < 5; ++i) report(kLate);
  EXPECT_EQ(control_.target(), kMbit);
  report(kLate);
  EXPECT_EQ(control_.target().bps, 850'000u);
}

TEST_F(RateControlTest, FewPacketsThatAreLostAtRandomDoNotLowerIt) {
  // Of twenty packets each: 5 %.
  for (int i = 0; i < 1000; ++i) {
    const double loss = i % 4 == 0 ? 0.20 : 0;
    report({.sent = Bitrate{200'000},
            .received = Bitrate{static_cast<uint64_t>(200'000 * (1 - loss))},
            .loss = loss});
    EXPECT_EQ(control_.target(), kMbit) << i;
  }
}

TEST_F(RateControlTest, FallsToWhatArrivesWhereEvenThatLittleIsTooMuch) {
  const PathReport kQueue = {
      .sent = Bitrate{200'000}, .received = Bitrate{150'000}, .delay_gradient = 5ms};
  for (int i = 0; i < 2; ++i) report(kQueue);
  EXPECT_EQ(control_.target().bps, 127'500u);
}

TEST_F(RateControlTest, FallsByHalfTheLossAboveATenth) {
  report({.sent = kMbit, .received = Bitrate{800'000}, .loss = 0.2});
  EXPECT_EQ(control_.target().bps, 900'000u);
}

TEST_F(RateControlTest, StaysBetweenTwoAndTenPercentOfLoss) {
  for (int i = 0; i < 10; ++i) report({.sent = kMbit, .received = Bitrate{950'000}, .loss = 0.05});
  EXPECT_EQ(control_.target(), kMbit);
}

TEST_F(RateControlTest, LearnsNothingFromAPathThatIsHardlyUsed) {
  for (int i = 0; i < 100; ++i) report({.sent = Bitrate{200'000}, .received = Bitrate{200'000}});
  EXPECT_EQ(control_.target(), kMbit);
}

TEST_F(RateControlTest, DoesNotRiseAtOnceForALongSilence) {
  report({.sent = kMbit, .received = kMbit});
  now_ += 60s;
  report({.sent = control_.target(), .received = kMbit});
  EXPECT_LT(control_.target().bps, 1'400'000u);
}

TEST_F(RateControlTest, RemembersThePathWhileLessIsWanted) {
  control_.set_limits({Bitrate{100'000}, Bitrate{160'000}});
  EXPECT_EQ(control_.target().bps, 160'000u);
  for (int i = 0; i < 10; ++i) report({.sent = Bitrate{160'000}, .received = Bitrate{160'000}});
  EXPECT_EQ(control_.target().bps, 160'000u);
  control_.set_limits({Bitrate{100'000}, Bitrate{5'000'000}});
  EXPECT_EQ(control_.target(), kMbit) << "a layer that comes back does not start from nothing";
}

TEST_F(RateControlTest, ForgetsThePathWhenEvenLessIsTooMuch) {
  control_.set_limits({Bitrate{100'000}, Bitrate{400'000}});
  for (int i = 0; i < 2; ++i)
    report({.sent = Bitrate{400'000}, .received = Bitrate{200'000}, .delay_gradient = 5ms});
  control_.set_limits({Bitrate{100'000}, Bitrate{5'000'000}});
  EXPECT_EQ(control_.target().bps, 170'000u);
}

TEST_F(RateControlTest, KeepsTheMinimumWhereItIsAboveTheMaximum) {
  control_.set_limits({Bitrate{100'000}, Bitrate{}});
  EXPECT_EQ(control_.target().bps, 100'000u);
}

std::vector<uint64_t> share(uint64_t total, const std::vector<RateWish>& wishes) {
  std::vector<uint64_t> shares;
  for (Bitrate bitrate : share_bitrate(Bitrate{total}, wishes)) shares.push_back(bitrate.bps);
  return shares;
}

const std::vector<RateWish> kThree = {
    {Bitrate{40}, Bitrate{160}}, {Bitrate{110}, Bitrate{450}}, {Bitrate{425}, Bitrate{1700}}};

TEST(ShareBitrate, GivesEachItsMaximumWhereThatIsThere) {
  EXPECT_EQ(share(5000, kThree), (std::vector<uint64_t>{160, 450, 1700}));
}

TEST(ShareBitrate, FillsTheLowerOnesFirst) {
  EXPECT_EQ(share(1000, kThree), (std::vector<uint64_t>{160, 415, 425}));
  EXPECT_EQ(share(600, kThree), (std::vector<uint64_t>{65, 110, 425}));
}

TEST(ShareBitrate, KeepsTheMinimaOfAll) {
  EXPECT_EQ(share(0, kThree), (std::vector<uint64_t>{40, 110, 425}));
}

TEST(ShareBitrate, NeverGivesAwayMoreThanThereIsAboveTheMinima) {
  for (uint64_t total = 575; total < 2400; total += 5) {
    uint64_t sum = 0;
    for (uint64_t share : share(total, kThree)) sum += share;
    EXPECT_EQ(sum, std::min<uint64_t>(total, 2310));
  }
}

TEST(LeastBitrate, IsWhatIsWishedOrAQuarter) {
  const Bitrate maximum{1'700'000};
  EXPECT_EQ(least_bitrate(Bitrate{}, maximum).bps, 425'000u);
  EXPECT_EQ(least_bitrate(Bitrate{100'000}, maximum).bps, 100'000u);
  EXPECT_EQ(least_bitrate(Bitrate{5'000'000}, maximum), maximum);
}

TEST(ShareBitrate, HasNothingToShareAmongNone) { EXPECT_TRUE(share(1000, {}).empty()); }

}  // namespace
}  // namespace gstlk::client
