// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "room/media.h"

namespace gstlk::livekit {
struct Claims;
}

namespace gstlk::room {

struct EnabledCodec {
  std::string mime;  // "video/VP8"
  std::string fmtp;  // empty: any
};

struct IceServer {
  std::vector<std::string> urls;
  std::string username;
  std::string credential;
};

// The configuration's `limit` section; 0 is unlimited.
struct Limits {
  size_t max_metadata_size = 524288;
  size_t max_attributes_size = 65536;
  size_t max_room_name_length = 256;
  size_t max_participant_identity_length = 256;
  size_t max_participant_name_length = 256;
  size_t max_data_blob_key_length = 256;
  size_t max_data_blobs_size = 64000;
  size_t max_data_track_custom_encoding_length = 32;
  uint32_t subscription_limit_video = 0;
  uint32_t subscription_limit_audio = 0;
  // Of the node, see NodeLoad.
  uint32_t num_tracks = 0;
  double bytes_per_sec = 0;
};

// How data channels treat subscribers that are slow; `rtc.datachannel_...`. Zero switches each off.
struct DataLimits {
  uint32_t slow_threshold = 0;  // bits per second; below, a subscriber loses reliable messages
  Duration lossy_target_latency{};
  Duration data_track_target_latency = 100ms;
  // Without a threshold: nobody is waited for, and reliable messages behind more than this are
  // dropped. Bytes; LiveKit calls it deprecated.
  uint32_t max_buffered_amount = 0;
};

// Whether a client whose UDP fails is sent to another transport, and which there are.
struct IceFallbacks {
  bool enabled = false;
  bool tcp = false;  // ICE over TCP
  bool tls = false;  // TURN over TLS, while Settings::ice_servers knows one
};

// What a quality of a video has where its publisher does not say so; 0: unknown.
struct LayerDefault {
  uint64_t bitrate = 0;  // bits per second
  uint32_t fps = 0;
};
// By VideoQuality: low, medium, high.
using LayerDefaults = std::array<LayerDefault, 3>;

// What the configuration says about rooms; the defaults are LiveKit's. Copied into the registry.
struct Settings {
  bool auto_create = true;
  uint32_t max_participants = 0;
  Duration empty_timeout = 300s;
  Duration departure_timeout = 20s;
  bool enable_remote_unmute = false;
  // ListParticipants of a room that is not there is an error, not an empty list.
  bool list_needs_room = false;
  bool enable_data_tracks = true;
  bool enable_participant_data_blob = false;
  bool sync_streams = false;
  bool allow_pause = false;  // of video that a subscriber has no bandwidth for
  std::optional<PlayoutDelay> playout_delay;
  size_t update_batch_target_size = 131072;
  // A track that is announced but not offered within 30 s makes its client start over.
  bool reconnect_on_publication_error = false;
  std::vector<EnabledCodec> enabled_codecs = {
      {"audio/PCMU", ""}, {"audio/PCMA", ""}, {"audio/opus", ""}, {"audio/red", ""},
      {"video/VP8", ""},  {"video/H264", ""}, {"video/VP9", ""},  {"video/AV1", ""},
      {"video/H265", ""}, {"video/rtx", ""}};

  Duration speaker_interval = 400ms;
  uint8_t speaker_level = 35;  // -dBov; who is less loud does not speak
  Duration dynacast_pause_delay = 5s;
  // A room with fewer participants prefers one codec that all can decode to two; 0: every room.
  uint32_t codec_regression_threshold = 5;

  LayerDefaults layer_defaults;

  Limits limits;
  DataLimits data;

  // RoomConfiguration as protojson by the name of the preset.
  std::map<std::string, std::string> room_configurations;

  std::string server_version = "1.13.5";  // must be semver for the SDKs
  std::string region;
  std::string node_id;  // "ND_..."

  // The list for one participant, with fresh credentials; only TURN over TLS if that is asked for.
  // May be empty.
  std::function<std::vector<IceServer>(const ParticipantId&, bool tls_only)> ice_servers;
  // Where clients go whose connection fails.
  IceFallbacks ice_fallbacks;
  // What the media plane has sent and received since the start, for limits.bytes_per_sec.
  std::function<uint64_t()> media_bytes;
  // Signs a token with these claims and at least ten minutes to live; without it no refresh_token
  // is sent.
  std::function<std::string(const livekit::Claims&)> sign_token;
};

}  // namespace gstlk::room
