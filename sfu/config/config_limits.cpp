// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gio/gio.h>

#include "base/ref.h"
#include "config/config_loader.h"

namespace gstlk::config {
namespace {

// What a voice needs, with its headers and some repetitions.
constexpr uint32_t kLeastBitrate = 50'000;
// Less than one message of the largest kind in ten seconds.
constexpr uint32_t kLeastDataRate = 6'500;

// "https://app.example.org", ":8443" behind it, "*." in front of the domain.
bool is_origin(const std::string& text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos || scheme == 0) return false;
  std::string host = text.substr(scheme + 3);
  if (host.starts_with("*.")) host.erase(0, 2);
  return !host.empty() && host.find_first_of("/*?# ") == std::string::npos;
}

}  // namespace

Result<void> ConfigLoader::check_media() {
  const AudioConfig& audio = config_.audio;
  const PliThrottleConfig& throttle = config_.rtc.pli_throttle;
  const auto check = [&](const char* key, int64_t value, int64_t least, int64_t most,
                         const char* unit) -> Result<void> {
    if (value >= least && value <= most) return {};
    return fail(place(key) + "expected " + std::to_string(least) + " to " + std::to_string(most) +
                unit + ", not " + std::to_string(value));
  };
  if (auto r = check("audio.active_level", audio.active_level, 0, 127, " -dBov"); !r) return r;
  if (auto r = check("audio.min_percentile", audio.min_percentile, 0, 100, " percent"); !r)
    return r;
  if (auto r = check("audio.smooth_intervals", audio.smooth_intervals, 0, 255, " intervals"); !r)
    return r;
  for (const auto& [key, interval] :
       {std::pair("rtc.pli_throttle.low_quality", throttle.low_quality),
        std::pair("rtc.pli_throttle.mid_quality", throttle.mid_quality),
        std::pair("rtc.pli_throttle.high_quality", throttle.high_quality)}) {
    if (auto r = check(key, interval / 1ms, 0, 60'000, " milliseconds"); !r) return r;
  }
  return check("audio.update_interval", audio.update_interval / 1ms, 20, 60'000, " milliseconds");
}

Result<void> ConfigLoader::check_limits() {
  LimitConfig& limit = config_.limit;
  for (std::string& origin : limit.allowed_origins) {
    if (origin.ends_with('/') && is_origin(origin.substr(0, origin.size() - 1))) {
      origin.pop_back();
      warnings_.push_back(place("limit.allowed_origins") + "an origin has no path: \"" + origin +
                          "/\" is taken for \"" + origin + "\"");
    }
    // Browsers leave the port out that is the scheme's own.
    for (const auto& [scheme, port] :
         {std::pair("http://", ":80"), std::pair("https://", ":443")}) {
      if (origin.starts_with(scheme) && origin.ends_with(port))
        origin.resize(origin.size() - std::string_view(port).size());
    }
    if (!is_origin(origin)) {
      return fail(place("limit.allowed_origins") +
                  "expected origins like \"https://app.example.org\" or \"https://*.example.org\", "
                  "not \"" +
                  origin + "\"; leave the key out for pages of any origin");
    }
  }
  for (const std::string& network : limit.trusted_proxies) {
    GError* error = nullptr;
    const auto mask =
        Ref<GInetAddressMask>::adopt(g_inet_address_mask_new_from_string(network.c_str(), &error));
    g_clear_error(&error);
    if (!mask) {
      return fail(place("limit.trusted_proxies") +
                  "expected addresses or networks like \"10.0.0.0/8\", not \"" + network + "\"");
    }
  }
  if (limit.publish_bitrate != 0 && limit.publish_bitrate < kLeastBitrate) {
    warnings_.push_back(place("limit.publish_bitrate") + std::to_string(limit.publish_bitrate) +
                        " bits per second are less than a voice needs (50000)");
  }
  if (limit.data_bytes_per_second != 0 && limit.data_bytes_per_second < kLeastDataRate) {
    warnings_.push_back(place("limit.data_bytes_per_second") +
                        std::to_string(limit.data_bytes_per_second) +
                        " bytes per second let a large message wait for more than ten seconds");
  }
  return {};
}

}  // namespace gstlk::config
