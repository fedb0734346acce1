// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/client_quirks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <string>

#include "room/track_info.h"

namespace gstlk::room {
namespace {

using Client = ::livekit::ClientInfo;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_safari(const Client& client) { return lower(client.browser()) == "safari"; }
bool is_firefox(const Client& client) { return lower(client.browser()).starts_with("firefox"); }

bool is_firefox_with_one_codec(const Client& client) {
  const std::string os = lower(client.os());
  return is_firefox(client) && (os.starts_with("linux") || os.starts_with("android"));
}

// Its encoder makes H.264 that nobody decodes.
bool is_without_h264(const Client& client) {
  return lower(client.device_model()) == "xiaomi 2201117ti" && lower(client.os()) == "android";
}

// Whether the dotted number `text` is at least `wanted`; what is no number counts as 0.
bool at_least(const std::string& text, std::array<long, 3> wanted) {
  const char* position = text.c_str();
  for (const long part : wanted) {
    char* end = nullptr;
    const long value = std::strtol(position, &end, 10);
    if (value != part) return value > part;
    position = *end == '.' ? end + 1 : "";
  }
  return true;
}

int publish_rank(const EnabledCodec& codec) {
  const std::string mime = mime_type(codec.mime, ::livekit::VIDEO);
  if (mime == "video/vp8") return 0;
  if (mime == "video/h264") return 1;
  return mime.starts_with("video/") ? 2 : 3;
}

}  // namespace

ClientQuirks quirks_of(const Client& client) {
  const int protocol = client.protocol();
  const bool safari = is_safari(client);
  const bool firefox = is_firefox(client);
  ClientQuirks quirks;
  quirks.protocol = protocol;
  quirks.subscriber_primary = protocol > 2;
  quirks.takes_request_response = client.sdk() != Client::RUST || protocol >= 10;
  quirks.takes_ok_response = quirks.takes_request_response && protocol > 14;
  quirks.takes_leave_action = protocol > 12;
  quirks.takes_reconnect_response =
      client.sdk() != Client::JS || at_least(client.version(), {1, 6, 3});
  quirks.replaces_by_identity = protocol > 11;
  quirks.reuses_sections = protocol > 3 && !safari;
  quirks.takes_sync_streams = protocol > 9 && !firefox;
  quirks.knows_lost_quality = protocol > 10;
  quirks.takes_red = !safari && !firefox;
  quirks.dials_tcp = client.sdk() != Client::GO &&
                     (client.sdk() != Client::SWIFT || at_least(client.version(), {1, 0, 5}));
  quirks.ignores_codec_order = is_firefox_with_one_codec(client);
  return quirks;
}

::livekit::ClientConfiguration client_configuration(const Client& client) {
  ::livekit::ClientConfiguration configuration;
  ::livekit::DisabledCodecs disabled;
  if (is_safari(client)) {
    disabled.add_codecs()->set_mime("video/AV1");
    // 18.3 itself is fine.
    if (at_least(client.browser_version(), {18, 3, 1}))
      disabled.add_publish()->set_mime("video/VP9");
  }
  if (is_firefox_with_one_codec(client) || is_without_h264(client))
    disabled.add_publish()->set_mime("video/H264");
  if (disabled.codecs_size() + disabled.publish_size() > 0)
    *configuration.mutable_disabled_codecs() = std::move(disabled);
  return configuration;
}

std::vector<EnabledCodec> publish_codecs(const std::vector<EnabledCodec>& enabled,
                                         const Client& client) {
  const ::livekit::DisabledCodecs disabled = client_configuration(client).disabled_codecs();
  std::vector<EnabledCodec> codecs;
  for (const EnabledCodec& codec : enabled) {
    const auto same = [&](const ::livekit::Codec& weak) {
      return lower(weak.mime()) == lower(codec.mime);
    };
    if (std::ranges::none_of(disabled.codecs(), same) &&
        std::ranges::none_of(disabled.publish(), same))
      codecs.push_back(codec);
  }
  std::ranges::stable_sort(codecs, {}, publish_rank);
  return codecs;
}

}  // namespace gstlk::room
