// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/simulcast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gstlk::client {

namespace {

struct Preset {
  double pixels;
  double bps;
};

// livekit-client's VideoPresets from 16:9, lowest to highest.
constexpr std::array<Preset, 8> kPresets = {{
    {160 * 90, 90'000},
    {320 * 180, 160'000},
    {640 * 360, 450'000},
    {960 * 540, 800'000},
    {1280 * 720, 1'700'000},
    {1920 * 1080, 3'000'000},
    {2560 * 1440, 5'000'000},
    {3840 * 2160, 8'000'000},
}};

constexpr std::array<const char*, 3> kRids = {"q", "h", "f"};

int even(double value) { return std::max(2, static_cast<int>(std::lround(value / 2)) * 2); }

size_t count_encodings(const VideoWishes& wishes) {
  if (!wishes.simulcast) return 1;
  const int longer = std::max(wishes.width, wishes.height);
  if (longer >= 960) return wishes.screen_share ? 2 : 3;
  return longer >= 480 ? 2 : 1;
}

}  // namespace

Bitrate fitting_bitrate(int width, int height, bool screen_share) {
  const double pixels = static_cast<double>(width) * height;
  const auto above = std::ranges::find_if(kPresets, [&](auto& p) { return p.pixels >= pixels; });
  double bps = 0;
  if (above == kPresets.begin())
    bps = kPresets.front().bps;
  else if (above == kPresets.end())
    bps = kPresets.back().bps;
  else {
    const Preset& low = *(above - 1);
    const double part = (pixels - low.pixels) / (above->pixels - low.pixels);
    bps = low.bps + part * (above->bps - low.bps);
  }
  // Text has to stay sharp.
  return Bitrate{static_cast<uint64_t>(screen_share ? bps * 1.5 : bps)};
}

void name_encodings(std::vector<VideoEncoding>& encodings) {
  // Of two, the server knows them as low and medium (protocol section 6.6).
  constexpr std::array kQualities = {::livekit::LOW, ::livekit::MEDIUM, ::livekit::HIGH};
  for (size_t i = 0; i < encodings.size(); ++i) {
    const bool several = encodings.size() > 1;
    encodings[i].rid = several ? kRids[i] : "";
    encodings[i].quality = several ? kQualities[i] : ::livekit::HIGH;
  }
}

std::vector<VideoEncoding> plan_encodings(const VideoWishes& wishes) {
  return plan_encodings(wishes, count_encodings(wishes));
}

std::vector<VideoEncoding> plan_encodings(const VideoWishes& wishes, size_t count) {
  std::vector<VideoEncoding> encodings;
  for (size_t i = 0; i < count; ++i) {
    const double scale = static_cast<double>(1 << (count - 1 - i));
    VideoEncoding encoding;
    encoding.width = scale == 1 ? wishes.width : even(wishes.width / scale);
    encoding.height = scale == 1 ? wishes.height : even(wishes.height / scale);
    encoding.max_bitrate = fitting_bitrate(encoding.width, encoding.height, wishes.screen_share);
    encodings.push_back(std::move(encoding));
  }
  name_encodings(encodings);
  if (wishes.max_bitrate.bps == 0) return encodings;
  const double factor = static_cast<double>(wishes.max_bitrate.bps) /
                        static_cast<double>(encodings.back().max_bitrate.bps);
  for (VideoEncoding& encoding : encodings)
    encoding.max_bitrate.bps =
        static_cast<uint64_t>(static_cast<double>(encoding.max_bitrate.bps) *
                              (&encoding == &encodings.back() ? factor : std::min(factor, 1.0)));
  return encodings;
}

}  // namespace gstlk::client
