// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/tile_arranger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace gstlk::client {
namespace {

constexpr Timestamp kStart{100s};
constexpr CanvasSize k720p{1280, 720};

struct TileArrangerTest : testing::Test {
  void add(const std::string& id, uint64_t order) {
    tiles.push_back({.id = id, .has_video = true, .joined_order = order});
  }
  void add_many(int count) {
    for (int i = 0; i < count; ++i) add("p" + std::to_string(i), static_cast<uint64_t>(i));
  }
  void add_screen(const std::string& id, uint64_t order) {
    add(id, order);
    tiles.back().is_screen_share = true;
  }
  LayoutTile& tile(const std::string& id) { return *std::ranges::find(tiles, id, &LayoutTile::id); }
  void remove(const std::string& id) {
    std::erase_if(tiles, [&](const LayoutTile& t) { return t.id == id; });
  }
  void speaks(const std::string& id, Timestamp since, Timestamp now) {
    tile(id).speaking_since = since;
    tile(id).last_spoke = now;
  }
  void silent(const std::string& id) { tile(id).speaking_since.reset(); }

  void arrange(LayoutKind kind, Timestamp now = kStart) {
    placed = arranger.arrange(k720p, kind, tiles, now);
    ASSERT_EQ(placed.size(), tiles.size());
    for (size_t i = 0; i < tiles.size(); ++i) ASSERT_EQ(placed[i].id, tiles[i].id);
  }
  const PlacedTile& at(const std::string& id) const {
    return *std::ranges::find(placed, id, &PlacedTile::id);
  }
  std::set<std::string> shown() const {
    std::set<std::string> ids;
    for (const PlacedTile& p : placed) {
      if (p.shown) ids.insert(p.id);
    }
    return ids;
  }

  std::vector<LayoutTile> tiles;
  std::vector<PlacedTile> placed;
  TileArranger arranger;
};

TEST_F(TileArrangerTest, AnEmptyRoomHasNoTiles) {
  for (const LayoutKind kind : {LayoutKind::Grid, LayoutKind::Speaker, LayoutKind::SingleSpeaker})
    arrange(kind);
  EXPECT_TRUE(placed.empty());
}

TEST_F(TileArrangerTest, TheGridIsInJoinedOrder) {
  add("late", 9);
  add("early", 1);
  add("middle", 5);
  arrange(LayoutKind::Grid);
  EXPECT_EQ(at("early").rect, (Rect{0, 0, 640, 360}));
  EXPECT_EQ(at("middle").rect, (Rect{640, 0, 640, 360}));
  EXPECT_EQ(at("late").rect, (Rect{320, 360, 640, 360}));
}

TEST_F(TileArrangerTest, AScreenFollowsTheCameraOfItsParticipant) {
  add_screen("b/screen", 2);
  add("b", 2);
  add("a", 1);
  arrange(LayoutKind::Grid);
  EXPECT_EQ(at("b").rect.x, 640);
  EXPECT_EQ(at("b/screen").rect.y, 360);
}

TEST_F(TileArrangerTest, SpeakingMovesNothingInAGridThatHoldsAll) {
  add_many(9);
  arrange(LayoutKind::Grid);
  const auto before = placed;
  speaks("p7", kStart - 3s, kStart);
  arrange(LayoutKind::Grid);
  EXPECT_EQ(placed, before);
}

TEST_F(TileArrangerTest, TheGridShowsTheFirstTwentyFive) {
  add_many(30);
  arrange(LayoutKind::Grid);
  EXPECT_EQ(shown().size(), 25u);
  EXPECT_TRUE(at("p24").shown);
  EXPECT_FALSE(at("p25").shown);
}

TEST_F(TileArrangerTest, ASpeakerOutsideTakesThePlaceOfTheLongestSilent) {
  add_many(26);
  for (int i = 0; i < 25; ++i) {
    const int ago = i == 7 ? 500 : 10 + i;
    tile("p" + std::to_string(i)).last_spoke = kStart - std::chrono::seconds(ago);
  }
  arrange(LayoutKind::Grid);
  auto expected = placed;
  const Rect place = at("p7").rect;
  speaks("p25", kStart, kStart);
  arrange(LayoutKind::Grid);
  EXPECT_EQ(at("p25").rect, place);
  EXPECT_FALSE(at("p7").shown);
  expected[7] = {.id = "p7"};
  expected[25] = {.id = "p25", .shown = true, .rect = place};
  EXPECT_EQ(placed, expected);
}

TEST_F(TileArrangerTest, OneWhoNeverSpokeCountsAsSilentForLongest) {
  add_many(26);
  for (int i = 0; i < 25; ++i) {
    if (i != 3) tile("p" + std::to_string(i)).last_spoke = kStart - 90s;
  }
  arrange(LayoutKind::Grid);
  speaks("p25", kStart, kStart);
  arrange(LayoutKind::Grid);
  EXPECT_FALSE(at("p3").shown);
}

TEST_F(TileArrangerTest, ThePlaceIsKeptAfterTheWords) {
  add_many(26);
  arrange(LayoutKind::Grid);
  speaks("p25", kStart, kStart);
  arrange(LayoutKind::Grid);
  const auto during = placed;
  silent("p25");
  arrange(LayoutKind::Grid, kStart + 60s);
  EXPECT_EQ(placed, during);
}

TEST_F(TileArrangerTest, SpeakersDoNotPushOutSpeakers) {
  add_many(26);
  arrange(LayoutKind::Grid);
  for (const LayoutTile& t : std::vector(tiles)) speaks(t.id, kStart, kStart);
  arrange(LayoutKind::Grid);
  EXPECT_FALSE(at("p25").shown);
}

TEST_F(TileArrangerTest, AFreedPlaceGoesToOneWhoWaits) {
  add_many(27);
  arrange(LayoutKind::Grid);
  const Rect place = at("p4").rect;
  remove("p4");
  tile("p26").last_spoke = kStart;
  arrange(LayoutKind::Grid);
  EXPECT_EQ(at("p26").rect, place);
  EXPECT_FALSE(at("p25").shown);
}

TEST_F(TileArrangerTest, AScreenIsSeenInAFullGrid) {
  add_many(30);
  arrange(LayoutKind::Grid);
  add_screen("screen", 29);
  arrange(LayoutKind::Grid);
  EXPECT_TRUE(at("screen").shown);
  speaks("p29", kStart, kStart);
  arrange(LayoutKind::Grid);
  EXPECT_TRUE(at("screen").shown);
  EXPECT_TRUE(at("p29").shown);
}

TEST_F(TileArrangerTest, TheSpeakerIsLargeAndTheOthersAreInTheStrip) {
  add_many(3);
  speaks("p1", kStart, kStart);
  arrange(LayoutKind::Speaker);
  EXPECT_EQ(at("p1").rect, (Rect{0, 0, 1024, 720}));
  EXPECT_EQ(at("p0").rect, (Rect{1024, 216, 256, 144}));
  EXPECT_EQ(at("p2").rect, (Rect{1024, 360, 256, 144}));
  EXPECT_LT(at("p1").z_order, at("p0").z_order);
}

TEST_F(TileArrangerTest, AScreenIsLargeEvenWhileSomebodySpeaks) {
  add_many(2);
  add_screen("screen", 1);
  speaks("p0", kStart - 10s, kStart);
  arrange(LayoutKind::Speaker);
  EXPECT_EQ(at("screen").rect.width, 1024);
  EXPECT_EQ(at("p0").rect.width, 256);
  EXPECT_EQ(at("p1").rect.width, 256);
}

TEST_F(TileArrangerTest, AMutedScreenIsNotLarge) {
  add_many(2);
  add_screen("screen", 1);
  tile("screen").muted = true;
  arrange(LayoutKind::SingleSpeaker);
  EXPECT_EQ(shown(), std::set<std::string>{"p0"});
}

TEST_F(TileArrangerTest, TheStripHoldsSixAndMakesRoomForASpeaker) {
  add_many(10);
  speaks("p0", kStart - 5s, kStart);
  arrange(LayoutKind::Speaker);
  EXPECT_EQ(shown(), (std::set<std::string>{"p0", "p1", "p2", "p3", "p4", "p5", "p6"}));
  speaks("p9", kStart, kStart);
  arrange(LayoutKind::Speaker);
  EXPECT_EQ(shown(), (std::set<std::string>{"p0", "p1", "p2", "p3", "p4", "p5", "p9"}));
  EXPECT_EQ(at("p9").rect.width, 256);
}

TEST_F(TileArrangerTest, SpeakerAndPlaceInTheStripAreExchanged) {
  add_many(10);
  speaks("p0", kStart - 5s, kStart);
  arrange(LayoutKind::Speaker);
  const auto before = placed;
  silent("p0");
  speaks("p3", kStart - 1s, kStart);
  arrange(LayoutKind::Speaker);
  EXPECT_EQ(at("p3").rect, before[0].rect);
  EXPECT_EQ(at("p0").rect, before[3].rect);
  EXPECT_EQ(at("p5"), before[5]);
}

TEST_F(TileArrangerTest, OnlyTheSpeakerIsShownAlone) {
  add_many(4);
  speaks("p2", kStart, kStart);
  arrange(LayoutKind::SingleSpeaker);
  EXPECT_EQ(shown(), std::set<std::string>{"p2"});
  EXPECT_EQ(at("p2").rect, (Rect{0, 0, 1280, 720}));
}

TEST_F(TileArrangerTest, TheTakeoverIsDueAtTheTimeout) {
  add_many(2);
  arrange(LayoutKind::SingleSpeaker);
  speaks("p1", kStart, kStart);
  arrange(LayoutKind::SingleSpeaker);
  EXPECT_TRUE(at("p0").shown);
  ASSERT_EQ(arranger.next_timeout(), kStart + 1s);
  arrange(LayoutKind::SingleSpeaker, kStart + 1s);
  EXPECT_TRUE(at("p1").shown);
}

TEST_F(TileArrangerTest, AnySequenceKeepsTheLimitsAndShowsWhoSpeaks) {
  std::mt19937 random(7);
  const auto upto = [&](size_t n) { return static_cast<size_t>(random()) % n; };
  uint64_t next = 0;
  Timestamp now = kStart;
  for (int step = 0; step < 3000; ++step) {
    now += 100ms;
    const size_t what = upto(10);
    if (tiles.empty() || (what < 4 && tiles.size() < 40)) {
      add("t" + std::to_string(next), next);
      tiles.back().is_screen_share = upto(8) == 0;
      ++next;
    } else if (what < 6) {
      tiles.erase(tiles.begin() + static_cast<std::ptrdiff_t>(upto(tiles.size())));
    } else {
      LayoutTile& t = tiles[upto(tiles.size())];
      t.speaking_since = t.speaking_since ? std::nullopt : std::optional(now);
      t.last_spoke = now;
    }
    const auto kind = static_cast<LayoutKind>(step / 50 % 3);
    arrange(kind, now);
    const size_t limit = kind == LayoutKind::Grid ? 25 : kind == LayoutKind::Speaker ? 7 : 1;
    ASSERT_LE(shown().size(), limit);
    if (kind == LayoutKind::Grid) {
      ASSERT_EQ(shown().size(), std::min(limit, tiles.size()));
    }
    const auto seen = [](const LayoutTile& t) { return t.is_screen_share || t.speaking_since; };
    const auto wanted = std::ranges::count_if(tiles, seen);
    if (kind == LayoutKind::Grid && wanted <= 25) {
      for (const LayoutTile& t : tiles) {
        ASSERT_TRUE(!seen(t) || at(t.id).shown) << t.id;
      }
    }
  }
}

}  // namespace
}  // namespace gstlk::client
