// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "livekit/access_token.h"

// What the administrator decides, with LiveKit's keys and defaults. Sizes of 0 are unlimited.
namespace gstlk::config {

// The key and the secret of development without keys of one's own.
inline constexpr char kDevelopmentKey[] = "devkey";
inline constexpr char kDevelopmentSecret[] = "secret";

// Both ends included.
struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;
};

struct LoggingConfig {
  bool json = false;
  std::string level = "info";
  std::map<std::string, std::string> component_levels;
};

struct TurnServer {
  std::string host;
  uint16_t port = 3478;
  std::string protocol = "udp";  // or "tcp", "tls"
  std::string username;
  std::string credential;
  std::string secret;  // instead of the two above: credentials are made of it
  uint32_t ttl_seconds = 14400;
};

// The TURN server that this one brings along (coturn).
struct TurnConfig {
  bool enabled = false;
  std::string domain;     // what the certificate is for
  std::string cert_file;  // both empty: those of `tls`
  std::string key_file;
  uint16_t tls_port = 0;      // 0: no TLS
  uint16_t udp_port = 0;      // 0: neither UDP nor plain TCP
  bool external_tls = false;  // something in front takes TLS off
  uint16_t relay_range_start = 30000;
  uint16_t relay_range_end = 40000;
  std::vector<std::string> bind_addresses;  // empty: every address of this machine
  uint32_t per_user_relay_allocation_limit = 12;
  uint32_t ttl_seconds = 300;
  std::vector<std::string> allow_restricted_peer_cidrs;
  std::vector<std::string> deny_peer_cidrs;
  // Ours: with whoever knows it, like a backend, credentials can be made as for any coturn. Empty:
  // a new one for each start.
  std::string secret;
  std::string secret_file;
};

// Plain TCP on `udp_port`. 80 and 443 are where a web server may be, for which UDP leaves room and
// TCP does not; and TCP on a port that TLS has is TLS. Where TLS is taken off in front, TCP is what
// comes from there.
inline bool has_plain_tcp(const TurnConfig& turn) {
  const bool plain_tls_port = turn.tls_port != 0 && turn.external_tls;
  return !plain_tls_port && turn.udp_port != 0 && turn.udp_port != 80 && turn.udp_port != 443 &&
         turn.udp_port != turn.tls_port;
}

// Between keyframes that a publisher is asked for; 0: 300 ms, and a second while more are wanted.
struct PliThrottleConfig {
  Duration low_quality{};
  Duration mid_quality{};
  Duration high_quality{};
};

struct RtcConfig {
  PortRange udp_ports{7882, 7882};  // one socket for everybody on each
  uint16_t tcp_port = 7881;         // 0: no ICE over TCP
  bool force_tcp = false;           // no UDP at all
  std::string node_ip;              // the address clients are told; empty: found out
  // STUN servers are asked what addresses clients are told.
  bool use_external_ip = false;
  bool external_ip_only = false;       // no IPv4 address that has no external one
  bool advertise_internal_ip = false;  // the local ones beside the external ones
  std::vector<std::string> additional_host_ips;
  bool enable_loopback_candidate = false;
  std::vector<std::string> interface_includes;
  std::vector<std::string> interface_excludes;
  std::vector<std::string> ip_includes;  // networks, 10.0.0.0/8
  std::vector<std::string> ip_excludes;
  std::vector<std::string> stun_servers;  // also told to clients
  std::vector<TurnServer> turn_servers;
  bool allow_tcp_fallback = true;  // and to TURN over TLS
  bool reconnect_on_publication_error = false;
  bool allow_pause = false;
  // See room::DataLimits.
  uint32_t datachannel_slow_threshold = 0;
  Duration datachannel_lossy_target_latency{};
  Duration datachannel_data_track_target_latency = 100ms;
  uint32_t data_channel_max_buffered_amount = 0;
  PliThrottleConfig pli_throttle;
};

struct AudioConfig {
  uint32_t active_level = 35;    // -dBov
  uint32_t min_percentile = 40;  // of an interval
  Duration update_interval = 400ms;
  uint32_t smooth_intervals = 2;
};

// Ours: what one quality of a video is meant to have.
struct LayerConfig {
  std::string quality;   // "low", "medium", "high"
  uint32_t bitrate = 0;  // bits per second; 0: not said
  uint32_t fps = 0;
};

struct VideoConfig {
  uint32_t codec_regression_threshold = 5;
  Duration dynacast_pause_delay = 5s;
  std::vector<LayerConfig> simulcast_layers;  // `simulcast.video.layers`
};

struct CodecConfig {
  std::string mime;  // "video/VP8"
  std::string fmtp_line;
};

struct PlayoutDelayConfig {
  bool enabled = false;
  Duration min{};
  Duration max{};
};

struct RoomConfig {
  bool auto_create = true;
  uint32_t max_participants = 0;
  Duration empty_timeout = 300s;
  Duration departure_timeout = 20s;
  bool enable_remote_unmute = false;
  bool sync_streams = false;
  PlayoutDelayConfig playout_delay;
  bool enable_full_room_in_webhooks = false;
  uint32_t update_batch_target_size = 131072;
  std::vector<CodecConfig> enabled_codecs;  // empty: all that LiveKit has
  // RoomConfiguration as JSON, by the name of the preset.
  std::map<std::string, std::string> room_configurations;
};

// Where Prometheus reads, beside /metrics of the API port.
struct PrometheusConfig {
  uint16_t port = 0;     // 0: none of its own
  std::string username;  // both or none: with them only for who knows them
  std::string password;
};

// HTTPS and WSS on the API port; both or none.
struct TlsConfig {
  std::string cert_file;
  std::string key_file;
};

// Who is told of what happens.
struct WebhookConfig {
  std::vector<std::string> urls;
  std::string api_key;  // one of `keys`; signs
  std::vector<std::string> include_events;
  std::vector<std::string> exclude_events;
  uint32_t num_workers = 10;  // requests at once to one URL
  // What waits in memory; both do not count with a spool_dir.
  Duration max_age = 30s;
  uint32_t max_depth = 200;
  // Ours: where events are until they are delivered, over restarts. Empty: in memory.
  std::string spool_dir;
  uint32_t spool_max_size = 67108864;  // bytes; without spool_dir those in memory
};

struct LimitConfig {
  // Of the node; nobody new is let in while it has so many tracks, or moves so many bytes.
  uint32_t num_tracks = 0;
  double bytes_per_sec = 0;
  uint32_t subscription_limit_video = 0;
  uint32_t subscription_limit_audio = 0;
  uint32_t max_metadata_size = 524288;
  uint32_t max_attributes_size = 65536;
  uint32_t max_room_name_length = 256;
  uint32_t max_participant_identity_length = 256;
  uint32_t max_participant_name_length = 256;
  uint32_t max_data_blob_key_length = 256;
  uint32_t max_data_blobs_size = 64000;
  uint32_t max_data_track_custom_encoding_length = 32;
  uint32_t signal_message_size_limit = 2097152;
  uint32_t agent_signal_message_size_limit = 2097152;
  uint32_t max_api_request_body_size = 10485760;
  // Ours. See api::GateSettings.
  std::vector<std::string> allowed_origins;
  std::vector<std::string> trusted_proxies;
  uint32_t joins_per_minute = 0;
  uint32_t api_requests_per_second = 0;
  // Of one participant's connection; 0: as much as it likes.
  uint32_t publish_bitrate = 0;  // bits per second of all its tracks
  uint32_t data_bytes_per_second = 0;
  // RemoveParticipant makes tokens invalid that were issued before.
  bool revoke_tokens_of_removed = false;
};

// What workers of agents are told, and which of them get jobs.
struct AgentsConfig {
  bool enable_user_data_recording = false;
  bool enable_user_data_redaction = false;
  // A job needs a worker with less load than this, 0 to 1.
  double target_load = 0.7;
};

struct ApiConfig {
  // LiveKit asks the room itself then: one that is not there is an error of ListParticipants.
  bool enable_psrpc_for_get_list_participants = false;
};

struct Config {
  uint16_t port = 7880;
  std::vector<std::string> bind_addresses;  // empty: every address of this machine
  livekit::ApiKeys keys;
  std::string key_file;
  std::string region;
  bool development = false;
  bool enable_data_tracks = true;
  bool enable_participant_data_blob = false;
  LoggingConfig logging;
  TlsConfig tls;
  PrometheusConfig prometheus;
  RtcConfig rtc;
  TurnConfig turn;
  AudioConfig audio;
  VideoConfig video;
  RoomConfig room;
  WebhookConfig webhook;
  LimitConfig limit;
  AgentsConfig agents;
  ApiConfig api;

  // As written, before they become rtc.udp_ports: LiveKit has two ways to say it.
  PortRange udp_port;
  uint16_t port_range_start = 0;
  uint16_t port_range_end = 0;
};

}  // namespace gstlk::config
