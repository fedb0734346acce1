// SPDX-License-Identifier: LGPL-2.1-or-later
#include "part_settings.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "net/host_addresses.h"

namespace gstlk {
namespace {

room::Limits room_limits(const config::LimitConfig& limit) {
  room::Limits limits;
  limits.max_metadata_size = limit.max_metadata_size;
  limits.max_attributes_size = limit.max_attributes_size;
  limits.max_room_name_length = limit.max_room_name_length;
  limits.max_participant_identity_length = limit.max_participant_identity_length;
  limits.max_participant_name_length = limit.max_participant_name_length;
  limits.max_data_blob_key_length = limit.max_data_blob_key_length;
  limits.max_data_blobs_size = limit.max_data_blobs_size;
  limits.max_data_track_custom_encoding_length = limit.max_data_track_custom_encoding_length;
  limits.num_tracks = limit.num_tracks;
  limits.bytes_per_sec = limit.bytes_per_sec;
  limits.subscription_limit_video = limit.subscription_limit_video;
  limits.subscription_limit_audio = limit.subscription_limit_audio;
  return limits;
}

}  // namespace

Result<sfu::WorkerPoolConfig> worker_config(const config::Config& config) {
  const config::RtcConfig& rtc = config.rtc;
  sfu::WorkerPoolConfig pool;
  pool.udp_port = rtc.udp_ports.first;
  pool.udp_port_last = rtc.udp_ports.last;
  pool.tcp_port = rtc.tcp_port;
  pool.udp = !rtc.force_tcp;
  pool.node_ip = rtc.node_ip;
  pool.additional_ips = rtc.additional_host_ips;
  pool.loopback = rtc.enable_loopback_candidate || config.development;
  const net::AddressFilter filter{rtc.interface_includes, rtc.interface_excludes, rtc.ip_includes,
                                  rtc.ip_excludes, pool.loopback};
  if (filter.empty()) return pool;
  auto addresses = net::choose_addresses(net::list_host_addresses(), filter);
  if (!addresses) return Unexpected<Error>{addresses.error()};
  pool.addresses = std::move(*addresses);
  return pool;
}

webhook::NotifierSettings webhook_settings(const config::Config& config) {
  const config::WebhookConfig& webhook = config.webhook;
  webhook::NotifierSettings settings;
  settings.urls = webhook.urls;
  settings.api_key = webhook.api_key;
  if (!webhook.urls.empty() && !config.keys.contains(webhook.api_key)) {
    settings.api_key = config.keys.begin()->first;
    settings.secret = webhook.api_key;
  }
  settings.filter = {webhook.include_events, webhook.exclude_events};
  settings.keys = config.keys;
  settings.limits.max_bytes = webhook.spool_max_size;
  settings.limits.max_in_flight = webhook.num_workers;
  // A spool is there to outlast both.
  const bool spooled = !webhook.spool_dir.empty();
  settings.limits.max_depth = spooled ? 0 : webhook.max_depth;
  if (spooled) {
    settings.limits.max_age.reset();
  } else {
    settings.limits.max_age = webhook.max_age;
  }
  return settings;
}

graph::MediaSettings media_settings(const config::Config& config) {
  const config::AudioConfig& audio = config.audio;
  const config::PliThrottleConfig& throttle = config.rtc.pli_throttle;
  return {.publish_bitrate = config.limit.publish_bitrate,
          .data_bytes_per_second = config.limit.data_bytes_per_second,
          .keyframe_intervals = {throttle.low_quality, throttle.mid_quality, throttle.high_quality},
          .audio_level = {.active_level = static_cast<uint8_t>(audio.active_level),
                          .min_percentile = static_cast<uint8_t>(audio.min_percentile),
                          .update_interval = audio.update_interval,
                          .smooth_intervals = static_cast<uint8_t>(audio.smooth_intervals)}};
}

room::Settings room_settings(const config::Config& config) {
  room::Settings settings;
  const config::RoomConfig& room = config.room;
  settings.auto_create = room.auto_create;
  settings.max_participants = room.max_participants;
  settings.empty_timeout = room.empty_timeout;
  settings.departure_timeout = room.departure_timeout;
  settings.enable_remote_unmute = room.enable_remote_unmute;
  settings.list_needs_room = config.api.enable_psrpc_for_get_list_participants;
  settings.enable_data_tracks = config.enable_data_tracks;
  settings.enable_participant_data_blob = config.enable_participant_data_blob;
  settings.sync_streams = room.sync_streams;
  if (room.playout_delay.enabled)
    settings.playout_delay = room::PlayoutDelay{room.playout_delay.min, room.playout_delay.max};
  settings.update_batch_target_size = room.update_batch_target_size;
  if (!room.enabled_codecs.empty()) settings.enabled_codecs.clear();
  for (const config::CodecConfig& codec : room.enabled_codecs) {
    settings.enabled_codecs.push_back({codec.mime, codec.fmtp_line});
  }
  settings.allow_pause = config.rtc.allow_pause;
  settings.reconnect_on_publication_error = config.rtc.reconnect_on_publication_error;
  settings.speaker_interval = config.audio.update_interval;
  settings.speaker_level = static_cast<uint8_t>(config.audio.active_level);
  constexpr std::array<std::string_view, 3> kQualities = {"low", "medium", "high"};
  for (const config::LayerConfig& layer : config.video.simulcast_layers) {
    const auto quality = std::ranges::find(kQualities, layer.quality) - kQualities.begin();
    settings.layer_defaults.at(static_cast<size_t>(quality)) = {layer.bitrate, layer.fps};
  }
  settings.dynacast_pause_delay = config.video.dynacast_pause_delay;
  settings.codec_regression_threshold = config.video.codec_regression_threshold;
  settings.limits = room_limits(config.limit);
  settings.data = {.slow_threshold = config.rtc.datachannel_slow_threshold,
                   .lossy_target_latency = config.rtc.datachannel_lossy_target_latency,
                   .data_track_target_latency = config.rtc.datachannel_data_track_target_latency,
                   .max_buffered_amount = config.rtc.data_channel_max_buffered_amount};
  settings.room_configurations = room.room_configurations;
  settings.region = config.region;
  return settings;
}

}  // namespace gstlk
