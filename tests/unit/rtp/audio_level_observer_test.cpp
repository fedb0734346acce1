// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/audio_level_observer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gstlk::rtp {
namespace {

constexpr uint32_t kClock = 48000;

class AudioLevelObserverTest : public testing::Test {
 protected:
  // Packets of 20 ms each.
  void speak(int packets, uint8_t level) {
    for (int i = 0; i < packets; ++i) {
      observer_.on_packet({.level = level, .voice = true}, timestamp_, now_);
      timestamp_ += kClock / 50;
      now_ += 20ms;
    }
  }

  AudioLevelObserver observer_{kClock, {}};
  uint32_t timestamp_ = 0xffffff00;  // wraps soon
  Timestamp now_{1s};
};

TEST_F(AudioLevelObserverTest, RisesTowardsTheLinearLevelByTwoThirds) {
  speak(20, 20);
  EXPECT_NEAR(observer_.level(now_), 0.1 * 2 / 3, 1e-6);
  speak(20, 20);
  EXPECT_NEAR(observer_.level(now_), 0.1 * 8 / 9, 1e-6);
  EXPECT_TRUE(observer_.is_active(now_));
}

TEST_F(AudioLevelObserverTest, ASourceThatBeginsAnewIsHeard) {
  speak(40, 127);
  timestamp_ -= 30 * kClock;
  speak(40, 20);
  EXPECT_TRUE(observer_.is_active(now_));
}

TEST_F(AudioLevelObserverTest, QuietIsZero) {
  speak(40, 36);
  EXPECT_EQ(observer_.level(now_), 0);
  EXPECT_FALSE(observer_.is_active(now_));
}

TEST_F(AudioLevelObserverTest, LessThanTwoFifthsOfAWindowIsZero) {
  speak(7, 10);
  speak(13, 127);
  EXPECT_EQ(observer_.level(now_), 0);
}

TEST_F(AudioLevelObserverTest, AWindowActiveInPartIsSoftened) {
  speak(10, 20);
  speak(10, 127);
  EXPECT_NEAR(observer_.level(now_), 0.1 * 0.5 * 2 / 3, 1e-6);
}

TEST_F(AudioLevelObserverTest, OneSilentWindowEndsIt) {
  speak(40, 10);
  speak(20, 127);
  EXPECT_EQ(observer_.level(now_), 0);
}

TEST_F(AudioLevelObserverTest, WithoutPacketsItIsZeroAfter800Milliseconds) {
  speak(40, 10);
  EXPECT_GT(observer_.level(now_), 0);
  EXPECT_EQ(observer_.level(now_ + 800ms), 0);
}

TEST_F(AudioLevelObserverTest, TheGapBeforeAPacketWasSilence) {
  speak(1, 10);
  timestamp_ += kClock;  // a second of DTX
  speak(1, 10);
  EXPECT_EQ(observer_.level(now_), 0);
}

TEST_F(AudioLevelObserverTest, LatePacketsAreIgnored) {
  speak(19, 20);
  observer_.on_packet({.level = 0}, timestamp_ - kClock, now_);
  speak(1, 20);
  EXPECT_NEAR(observer_.level(now_), 0.1 * 2 / 3, 1e-6);
}

TEST_F(AudioLevelObserverTest, WhatCountsAsSpeechIsAsked) {
  observer_ = {
      kClock,
      {.active_level = 10, .min_percentile = 0, .update_interval = 100ms, .smooth_intervals = 0}};
  speak(5, 11);
  EXPECT_EQ(observer_.level(now_), 0);
  speak(4, 127);
  speak(1, 10);
  EXPECT_NEAR(observer_.level(now_), std::pow(10, -0.5) / 5, 1e-6);  // a fifth of the interval
  EXPECT_EQ(observer_.level(now_ + 200ms), 0);
}

TEST_F(AudioLevelObserverTest, AShareOfZeroIsNotEnoughForAnIntervalOfSilence) {
  observer_ = {kClock, {.min_percentile = 0}};
  speak(40, 127);
  EXPECT_EQ(observer_.level(now_), 0);
}

}  // namespace
}  // namespace gstlk::rtp
