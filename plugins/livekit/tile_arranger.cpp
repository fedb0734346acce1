// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/tile_arranger.h"

#include <algorithm>
#include <tuple>

namespace gstlk::client {
namespace {

using Tiles = std::vector<const LayoutTile*>;

// A camera comes before the screen of the same participant.
bool joined_before(const LayoutTile* a, const LayoutTile* b) {
  return std::tuple(a->joined_order, a->is_screen_share) <
         std::tuple(b->joined_order, b->is_screen_share);
}

bool speaks(const LayoutTile& tile) { return tile.speaking_since.has_value(); }
bool must_be_seen(const LayoutTile& tile) { return tile.is_screen_share || speaks(tile); }

// Who of those without a place gets a free one.
bool claims_before(const LayoutTile* a, const LayoutTile* b) {
  const auto rank = [](const LayoutTile& t) {
    return std::tuple(t.is_screen_share, speaks(t), t.last_spoke, ~t.joined_order);
  };
  return rank(*a) > rank(*b);
}

// Who of those with a place loses it first.
bool silent_before(const LayoutTile* a, const LayoutTile* b) {
  const auto rank = [](const LayoutTile& t) {
    return std::tuple(must_be_seen(t), t.last_spoke, ~t.joined_order);
  };
  return rank(*a) < rank(*b);
}

const LayoutTile* find(const Tiles& tiles, const std::string& id) {
  const auto it = std::ranges::find_if(tiles, [&](const LayoutTile* t) { return t->id == id; });
  return it == tiles.end() ? nullptr : *it;
}

PlacedTile placed(const LayoutTile& tile, const Rect& rect, unsigned z_order) {
  if (rect.width <= 0 || rect.height <= 0) return {.id = tile.id};
  return {.id = tile.id, .shown = true, .rect = rect, .z_order = z_order};
}

void place_grid(std::vector<PlacedTile>& out, CanvasSize canvas, const Tiles& shown) {
  std::vector<double> aspects;
  for (const LayoutTile* tile : shown) aspects.push_back(tile->aspect);
  const std::vector<Rect> rects = grid_rects(canvas, aspects);
  for (size_t i = 0; i < shown.size(); ++i) out.push_back(placed(*shown[i], rects[i], 0));
}

void place_speaker(std::vector<PlacedTile>& out, CanvasSize canvas, const LayoutTile& large,
                   const Tiles& strip) {
  const std::vector<Rect> rects = speaker_rects(canvas, strip.size());
  out.push_back(placed(large, rects[0], 0));
  for (size_t i = 0; i < strip.size(); ++i) out.push_back(placed(*strip[i], rects[i + 1], 1));
}

std::vector<PlacedTile> in_order_of(std::span<const LayoutTile> tiles,
                                    const std::vector<PlacedTile>& shown) {
  std::vector<PlacedTile> all;
  for (const LayoutTile& tile : tiles) {
    const auto it = std::ranges::find(shown, tile.id, &PlacedTile::id);
    all.push_back(it == shown.end() ? PlacedTile{.id = tile.id} : *it);
  }
  return all;
}

}  // namespace

Tiles Places::update(Tiles tiles) {
  std::ranges::sort(tiles, joined_before);
  if (tiles.size() <= count_) {
    ids_.clear();
    for (const LayoutTile* tile : tiles) ids_.push_back(tile->id);
    return tiles;
  }

  ids_.resize(count_);
  Tiles shown;
  for (const std::string& id : ids_) shown.push_back(id.empty() ? nullptr : find(tiles, id));
  Tiles waiting;
  for (const LayoutTile* tile : tiles) {
    if (std::ranges::find(shown, tile) == shown.end()) waiting.push_back(tile);
  }
  std::ranges::stable_sort(waiting, claims_before);
  auto claim = waiting.begin();
  for (const LayoutTile*& tile : shown) {
    if (!tile) tile = *claim++;
  }
  for (; claim != waiting.end(); ++claim) {
    const auto silent = std::ranges::min_element(shown, silent_before);
    if (!must_be_seen(**claim) || must_be_seen(**silent)) break;
    *silent = *claim;
  }
  for (size_t i = 0; i < count_; ++i) ids_[i] = shown[i]->id;
  return shown;
}

const LayoutTile* TileArranger::large_tile(std::span<const LayoutTile> tiles) {
  const LayoutTile* screen = nullptr;
  const LayoutTile* speaker = nullptr;
  for (const LayoutTile& tile : tiles) {
    if (tile.is_screen_share) {
      if (tile.has_video && !tile.muted && (!screen || joined_before(&tile, screen)))
        screen = &tile;
    } else if (tile.id == speaker_.current()) {
      speaker = &tile;
    }
  }
  return screen ? screen : speaker;
}

std::vector<PlacedTile> TileArranger::arrange(CanvasSize canvas, LayoutKind kind,
                                              std::span<const LayoutTile> tiles, Timestamp now) {
  speaker_.update(tiles, now);
  std::vector<PlacedTile> shown;
  if (kind == LayoutKind::Grid) {
    Tiles all;
    for (const LayoutTile& tile : tiles) all.push_back(&tile);
    place_grid(shown, canvas, grid_.update(std::move(all)));
  } else if (const LayoutTile* const large = large_tile(tiles)) {
    Tiles others;
    for (const LayoutTile& tile : tiles) {
      if (&tile != large && kind == LayoutKind::Speaker) others.push_back(&tile);
    }
    place_speaker(shown, canvas, *large, strip_.update(std::move(others)));
  }
  return in_order_of(tiles, shown);
}

}  // namespace gstlk::client
