// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/layout.h"

#include <gtest/gtest.h>

namespace gstlk::client {

static void PrintTo(const Rect& r, std::ostream* out) {
  *out << r.x << "," << r.y << " " << r.width << "x" << r.height;
}

namespace {

constexpr CanvasSize k720p{1280, 720};

std::vector<Rect> grid(CanvasSize canvas, size_t tiles, double aspect = 0) {
  return grid_rects(canvas, std::vector<double>(tiles, aspect));
}

bool overlap(const Rect& a, const Rect& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

void expect_sound(CanvasSize canvas, const std::vector<Rect>& rects) {
  for (size_t i = 0; i < rects.size(); ++i) {
    const Rect& r = rects[i];
    EXPECT_EQ((r.x | r.y | r.width | r.height) & 1, 0) << testing::PrintToString(r);
    EXPECT_GE(r.x, 0);
    EXPECT_GE(r.y, 0);
    EXPECT_LE(r.x + r.width, canvas.width);
    EXPECT_LE(r.y + r.height, canvas.height);
    for (size_t j = i + 1; j < rects.size(); ++j) {
      EXPECT_FALSE(overlap(r, rects[j]))
          << testing::PrintToString(r) << " and " << testing::PrintToString(rects[j]);
    }
  }
}

const std::vector<CanvasSize> kCanvases = {{1280, 720}, {1920, 1080}, {720, 1280}, {640, 480},
                                           {1279, 719}, {500, 500},   {64, 36},    {1000, 100}};

TEST(GridRects, NoTileGivesNoRect) { EXPECT_TRUE(grid(k720p, 0).empty()); }

TEST(GridRects, OneTileHasTheWholeCanvas) {
  EXPECT_EQ(grid(k720p, 1), (std::vector<Rect>{{0, 0, 1280, 720}}));
}

TEST(GridRects, TwoWideTilesStandSideBySideOnAWideCanvas) {
  EXPECT_EQ(grid(k720p, 2), (std::vector<Rect>{{0, 0, 640, 720}, {640, 0, 640, 720}}));
}

TEST(GridRects, TwoWideTilesLieAboveEachOtherOnATallCanvas) {
  EXPECT_EQ(grid({720, 1280}, 2), (std::vector<Rect>{{0, 0, 720, 640}, {0, 640, 720, 640}}));
}

TEST(GridRects, TheThirdOfThreeIsCentredBelow) {
  EXPECT_EQ(grid(k720p, 3),
            (std::vector<Rect>{{0, 0, 640, 360}, {640, 0, 640, 360}, {320, 360, 640, 360}}));
}

TEST(GridRects, FourTilesFillTheCanvas) {
  EXPECT_EQ(grid(k720p, 4),
            (std::vector<Rect>{
                {0, 0, 640, 360}, {640, 0, 640, 360}, {0, 360, 640, 360}, {640, 360, 640, 360}}));
}

TEST(GridRects, FiveTilesAreThreeAndTwo) {
  EXPECT_EQ(grid(k720p, 5), (std::vector<Rect>{{0, 0, 426, 360},
                                               {426, 0, 426, 360},
                                               {852, 0, 426, 360},
                                               {214, 360, 426, 360},
                                               {640, 360, 426, 360}}));
}

TEST(GridRects, PhonesHeldUprightStandInOneRow) {
  EXPECT_EQ(grid(k720p, 3, 9.0 / 16),
            (std::vector<Rect>{{0, 0, 426, 720}, {426, 0, 426, 720}, {852, 0, 426, 720}}));
}

TEST(GridRects, TwentyFiveTilesAreFiveByFive) {
  const std::vector<Rect> rects = grid(k720p, 25);
  EXPECT_EQ(rects.front(), (Rect{0, 0, 256, 144}));
  EXPECT_EQ(rects[6], (Rect{256, 144, 256, 144}));
  EXPECT_EQ(rects.back(), (Rect{1024, 576, 256, 144}));
}

TEST(GridRects, AreEvenInsideAndApartForEveryNumberAndCanvas) {
  for (const CanvasSize canvas : kCanvases) {
    for (size_t tiles = 1; tiles <= 25; ++tiles) {
      for (const double aspect : {0.0, 4.0 / 3, 9.0 / 16, 2.4}) {
        SCOPED_TRACE(testing::Message() << canvas.width << "x" << canvas.height << " " << tiles);
        const std::vector<Rect> rects = grid(canvas, tiles, aspect);
        ASSERT_EQ(rects.size(), tiles);
        expect_sound(canvas, rects);
      }
    }
  }
}

TEST(GridRects, NoOtherNumberOfColumnsShowsNotablyMorePicture) {
  const auto area = [](int width, int height) {
    const double fitted = std::min<double>(width, height * 16.0 / 9);
    return fitted * fitted * 9 / 16;
  };
  for (const CanvasSize canvas : kCanvases) {
    for (int tiles = 1; tiles <= 25; ++tiles) {
      const Rect cell = grid(canvas, tiles)[0];
      for (int columns = 1; columns <= tiles; ++columns) {
        const int rows = (tiles + columns - 1) / columns;
        const int width = canvas.width / columns & ~1;
        const int height = canvas.height / rows & ~1;
        EXPECT_GE(area(cell.width, cell.height), area(width, height) * 0.98)
            << canvas.width << "x" << canvas.height << ": " << tiles << " in " << columns;
      }
    }
  }
}

TEST(GridRects, ACanvasTooSmallForItsTilesShowsNone) {
  for (const Rect& r : grid({4, 4}, 25)) EXPECT_EQ(r, Rect{});
  EXPECT_EQ(grid({0, 0}, 1), std::vector<Rect>{Rect{}});
}

TEST(SpeakerRects, AloneHasTheWholeCanvas) {
  EXPECT_EQ(speaker_rects(k720p, 0), (std::vector<Rect>{{0, 0, 1280, 720}}));
}

TEST(SpeakerRects, OneOtherIsInTheMiddleOfTheStrip) {
  EXPECT_EQ(speaker_rects(k720p, 1), (std::vector<Rect>{{0, 0, 1024, 720}, {1024, 288, 256, 144}}));
}

TEST(SpeakerRects, SixOthersShareTheStrip) {
  const std::vector<Rect> rects = speaker_rects(k720p, 6);
  ASSERT_EQ(rects.size(), 7u);
  EXPECT_EQ(rects[0], (Rect{0, 0, 1024, 720}));
  EXPECT_EQ(rects[1], (Rect{1024, 0, 256, 120}));
  EXPECT_EQ(rects[6], (Rect{1024, 600, 256, 120}));
}

TEST(SpeakerRects, TheStripIsBelowOnATallCanvas) {
  EXPECT_EQ(speaker_rects({720, 1280}, 2),
            (std::vector<Rect>{{0, 0, 720, 1024}, {0, 1024, 360, 256}, {360, 1024, 360, 256}}));
}

TEST(SpeakerRects, AreEvenInsideAndApart) {
  for (const CanvasSize canvas : kCanvases) {
    for (size_t others = 0; others <= 6; ++others)
      expect_sound(canvas, speaker_rects(canvas, others));
  }
}

TEST(SpeakerRects, NothingFitsOnNoCanvas) {
  for (const Rect& r : speaker_rects({1, 1}, 3)) EXPECT_EQ(r, Rect{});
}

}  // namespace
}  // namespace gstlk::client
