// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/ice_fallback.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

constexpr IceFallbacks kAll{.enabled = true, .tcp = true, .tls = true};
const Timestamp kStart{};
const ParticipantIdentity kAda{"ada"};

auto always(const IceFallbacks& available) {
  return [available] { return available; };
}

TEST(IceFallback, WhatEndsEarlyMovesOnAtOnce) {
  IceFallback fallback(always(kAll));
  EXPECT_TRUE(fallback.on_failed(true, kStart));
  EXPECT_EQ(fallback.preference(), IcePreference::Tcp);
  EXPECT_TRUE(fallback.on_failed(true, kStart + 100s));
  EXPECT_EQ(fallback.preference(), IcePreference::Tls);
  EXPECT_FALSE(fallback.on_failed(true, kStart + 200s));
  EXPECT_EQ(fallback.preference(), IcePreference::Tls);
}

TEST(IceFallback, WhatLastedMovesOnTheSecondTimeWithinAMinute) {
  IceFallback fallback(always(kAll));
  EXPECT_FALSE(fallback.on_failed(false, kStart));
  EXPECT_FALSE(fallback.on_failed(false, kStart + 61s));
  EXPECT_TRUE(fallback.on_failed(false, kStart + 121s));
  EXPECT_EQ(fallback.preference(), IcePreference::Tcp);
}

TEST(IceFallback, OnlyToWhatThereIs) {
  IceFallback no_tcp(always({.enabled = true, .tcp = false, .tls = true}));
  EXPECT_TRUE(no_tcp.on_failed(true, kStart));
  EXPECT_EQ(no_tcp.preference(), IcePreference::Tls);
  IceFallback no_tls(always({.enabled = true, .tcp = true, .tls = false}));
  EXPECT_TRUE(no_tls.on_failed(true, kStart));
  EXPECT_FALSE(no_tls.on_failed(true, kStart));
  EXPECT_EQ(no_tls.preference(), IcePreference::Tcp);
  EXPECT_FALSE(no_tls.set(IcePreference::Tls));
  EXPECT_EQ(no_tls.preference(), IcePreference::Tcp);
}

TEST(IceFallback, NotToWhatIsGone) {
  IceFallbacks available = kAll;
  IceFallback fallback([&available] { return available; });
  EXPECT_TRUE(fallback.set(IcePreference::Tls));
  available.tls = false;
  EXPECT_EQ(fallback.preference(), IcePreference::None);
  EXPECT_TRUE(fallback.on_failed(true, kStart));
  EXPECT_EQ(fallback.preference(), IcePreference::Tcp);
  EXPECT_FALSE(fallback.on_failed(true, kStart));
  available.tls = true;
  EXPECT_TRUE(fallback.on_failed(true, kStart));
  EXPECT_EQ(fallback.preference(), IcePreference::Tls);
}

TEST(IceFallback, SwitchedOffItOnlyDoesWhatItIsTold) {
  IceFallback off(always({.enabled = false, .tcp = true, .tls = true}));
  EXPECT_FALSE(off.on_failed(true, kStart));
  EXPECT_EQ(off.preference(), IcePreference::None);
  EXPECT_TRUE(off.set(IcePreference::Tls));
}

TEST(IceMemory, LastsForFiveMinutes) {
  IceMemory memory;
  memory.put(kAda, IcePreference::Tls, kStart);
  EXPECT_EQ(memory.find(kAda, kStart + 300s), IcePreference::Tls);
  EXPECT_EQ(memory.find(kAda, kStart + 301s), IcePreference::None);
  EXPECT_EQ(memory.find(ParticipantIdentity("bob"), kStart), IcePreference::None);
  memory.put(kAda, IcePreference::None, kStart + 10s);
  EXPECT_EQ(memory.find(kAda, kStart + 10s), IcePreference::None);
}

TEST(IceMemory, TheOldestGoesWhenThereAreTooMany) {
  IceMemory memory;
  memory.put(kAda, IcePreference::Tcp, kStart);
  for (int i = 0; i < 1000; i++) {
    memory.put(ParticipantIdentity(std::to_string(i)), IcePreference::Tcp, kStart + 1s);
  }
  EXPECT_EQ(memory.find(kAda, kStart + 1s), IcePreference::None);
  EXPECT_EQ(memory.find(ParticipantIdentity("0"), kStart + 1s), IcePreference::Tcp);
}

}  // namespace
}  // namespace gstlk::room
