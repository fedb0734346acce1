// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/layout.h"

#include <algorithm>

namespace gstlk::client {
namespace {

constexpr double kUsualAspect = 16.0 / 9.0;

int even(int value) { return value & ~1; }

double fitted_area(int width, int height, double aspect) {
  if (aspect <= 0) aspect = kUsualAspect;
  const double fitted_width = std::min<double>(width, height * aspect);
  return fitted_width * fitted_width / aspect;
}

struct Shape {
  int columns = 1;
  int rows = 1;
  CanvasSize cell;
};

Shape shape_with(CanvasSize canvas, int columns, int tiles) {
  const int rows = (tiles + columns - 1) / columns;
  return {columns, rows, {even(canvas.width / columns), even(canvas.height / rows)}};
}

double covered_area(const Shape& shape, std::span<const double> aspects) {
  double sum = 0;
  for (const double aspect : aspects)
    sum += fitted_area(shape.cell.width, shape.cell.height, aspect);
  return sum;
}

// Of equals the one with fewer empty cells, then with more columns.
Shape best_shape(CanvasSize canvas, std::span<const double> aspects) {
  const int tiles = static_cast<int>(aspects.size());
  Shape best;
  double best_area = -1;
  for (int columns = tiles; columns >= 1; --columns) {
    const Shape shape = shape_with(canvas, columns, tiles);
    if (columns * (shape.rows - 1) >= tiles) continue;
    const double area = covered_area(shape, aspects);
    const bool fewer_cells = shape.columns * shape.rows < best.columns * best.rows;
    // What rounding to even sizes adds or takes is no reason.
    if (area > best_area * 1.01 || (area > best_area * 0.99 && fewer_cells)) {
      best = shape;
      best_area = area;
    }
  }
  return best;
}

bool usable(CanvasSize cell) { return cell.width >= 2 && cell.height >= 2; }

// `count` cells side by side (or one below the other), centred in the area.
void append_row(std::vector<Rect>& rects, Rect area, CanvasSize cell, int count, bool vertical) {
  const int length = count * (vertical ? cell.height : cell.width);
  const int x = area.x + even((area.width - (vertical ? cell.width : length)) / 2);
  const int y = area.y + even((area.height - (vertical ? length : cell.height)) / 2);
  for (int i = 0; i < count; ++i) {
    rects.push_back({vertical ? x : x + i * cell.width, vertical ? y + i * cell.height : y,
                     cell.width, cell.height});
  }
}

}  // namespace

std::vector<Rect> grid_rects(CanvasSize canvas, std::span<const double> aspects) {
  if (aspects.empty()) return {};
  const int tiles = static_cast<int>(aspects.size());
  const Shape shape = best_shape(canvas, aspects);
  if (!usable(shape.cell)) return std::vector<Rect>(aspects.size());

  std::vector<Rect> rects;
  const int top = even((canvas.height - shape.rows * shape.cell.height) / 2);
  for (int row = 0; row < shape.rows; ++row) {
    const int count = std::min(shape.columns, tiles - row * shape.columns);
    const Rect area{0, top + row * shape.cell.height, canvas.width, shape.cell.height};
    append_row(rects, area, shape.cell, count, false);
  }
  return rects;
}

std::vector<Rect> speaker_rects(CanvasSize canvas, size_t strip_tiles) {
  const Rect whole{0, 0, even(canvas.width), even(canvas.height)};
  if (!usable(canvas)) return std::vector<Rect>(strip_tiles + 1);
  if (strip_tiles == 0) return {whole};

  const int count = static_cast<int>(strip_tiles);
  const bool vertical = canvas.width >= canvas.height;
  Rect large = whole;
  Rect strip = whole;
  CanvasSize cell;
  if (vertical) {
    large.width = even(whole.width * 4 / 5);
    strip.x = large.width;
    strip.width = whole.width - large.width;
    const int usual = even(static_cast<int>(strip.width / kUsualAspect));
    cell = {strip.width, std::min(usual, even(whole.height / count))};
  } else {
    large.height = even(whole.height * 4 / 5);
    strip.y = large.height;
    strip.height = whole.height - large.height;
    const int usual = even(static_cast<int>(strip.height * kUsualAspect));
    cell = {std::min(usual, even(whole.width / count)), strip.height};
  }
  std::vector<Rect> rects{large};
  if (usable(cell)) {
    append_row(rects, strip, cell, count, vertical);
  } else {
    rects.resize(strip_tiles + 1);
  }
  return rects;
}

}  // namespace gstlk::client
