// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/active_speaker.h"

#include <algorithm>
#include <tuple>

namespace gstlk::client {
namespace {

// Spoken for the longest without a break.
const LayoutTile* longest_speaking(std::span<const LayoutTile> tiles) {
  const LayoutTile* best = nullptr;
  for (const LayoutTile& tile : tiles) {
    if (tile.is_screen_share || !tile.speaking_since) continue;
    const auto rank = [](const LayoutTile& t) {
      return std::tuple(*t.speaking_since, t.joined_order);
    };
    if (!best || rank(tile) < rank(*best)) best = &tile;
  }
  return best;
}

// Where nobody speaks: who was heard last, else who has a picture, else who came first.
const LayoutTile* best_silent(std::span<const LayoutTile> tiles) {
  const LayoutTile* best = nullptr;
  for (const LayoutTile& tile : tiles) {
    if (tile.is_screen_share) continue;
    const auto rank = [](const LayoutTile& t) {
      return std::tuple(t.last_spoke, t.has_video && !t.muted, ~t.joined_order);
    };
    if (!best || rank(tile) > rank(*best)) best = &tile;
  }
  return best;
}

}  // namespace

const std::string& ActiveSpeaker::update(std::span<const LayoutTile> tiles, Timestamp now) {
  next_timeout_.reset();
  const auto current = std::ranges::find_if(tiles, [this](const LayoutTile& tile) {
    return !tile.is_screen_share && tile.id == current_;
  });
  const LayoutTile* const challenger = longest_speaking(tiles);
  if (current == tiles.end()) {
    const LayoutTile* const next = challenger ? challenger : best_silent(tiles);
    current_ = next ? next->id : std::string();
  } else if (!current->speaking_since && challenger) {
    const Timestamp due = *challenger->speaking_since + kTakeover;
    if (now >= due) {
      current_ = challenger->id;
    } else {
      next_timeout_ = due;
    }
  }
  return current_;
}

}  // namespace gstlk::client
