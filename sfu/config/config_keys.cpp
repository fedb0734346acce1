// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config_keys.h"

#include <algorithm>
#include <numeric>

#include "config/config_lists.h"

namespace gstlk::config {
namespace {

// The place of a member of Config.
#define AT(member) [](Config& c) -> Target { return &c.member; }

constexpr ConfigKey kKeys[] = {
    {"agents.enable_user_data_recording", ValueKind::Bool, AT(agents.enable_user_data_recording)},
    {"agents.enable_user_data_redaction", ValueKind::Bool, AT(agents.enable_user_data_redaction)},
    {"agents.target_load", ValueKind::Number, AT(agents.target_load)},
    {"api.check_interval", ValueKind::Duration},
    {"api.enable_psrpc_for_get_list_participants", ValueKind::Bool,
     AT(api.enable_psrpc_for_get_list_participants)},
    {"api.execution_timeout", ValueKind::Duration},
    {"api.max_check_interval", ValueKind::Duration},
    {"audio.active_level", ValueKind::Integer, AT(audio.active_level)},
    {"audio.active_red_encoding", ValueKind::Bool},
    {"audio.enable_loss_proxying", ValueKind::Bool},
    {"audio.min_percentile", ValueKind::Integer, AT(audio.min_percentile)},
    {"audio.smooth_intervals", ValueKind::Integer, AT(audio.smooth_intervals)},
    {"audio.update_interval", ValueKind::Milliseconds, AT(audio.update_interval)},
    {"bind_addresses", ValueKind::TextList, AT(bind_addresses)},
    {"debug_handler.port", ValueKind::Integer},
    {"development", ValueKind::Bool, AT(development)},
    {"enable_data_tracks", ValueKind::Bool, AT(enable_data_tracks)},
    {"enable_participant_data_blob", ValueKind::Bool, AT(enable_participant_data_blob)},
    {"ingress.rtmp_base_url", ValueKind::Text},
    {"ingress.whip_base_url", ValueKind::Text},
    {"key_file", ValueKind::Text, AT(key_file)},
    {"keys", ValueKind::ApiKeys, AT(keys)},
    {"limit.agent_signal_message_size_limit", ValueKind::Integer,
     AT(limit.agent_signal_message_size_limit)},
    {"limit.allowed_origins", ValueKind::TextList, AT(limit.allowed_origins)},
    {"limit.api_requests_per_second", ValueKind::Integer, AT(limit.api_requests_per_second)},
    {"limit.bytes_per_sec", ValueKind::Number, AT(limit.bytes_per_sec)},
    {"limit.data_bytes_per_second", ValueKind::Integer, AT(limit.data_bytes_per_second)},
    {"limit.joins_per_minute", ValueKind::Integer, AT(limit.joins_per_minute)},
    {"limit.max_api_request_body_size", ValueKind::Integer, AT(limit.max_api_request_body_size)},
    {"limit.max_attributes_size", ValueKind::Integer, AT(limit.max_attributes_size)},
    {"limit.max_data_blob_key_length", ValueKind::Integer, AT(limit.max_data_blob_key_length)},
    {"limit.max_data_blobs_size", ValueKind::Integer, AT(limit.max_data_blobs_size)},
    {"limit.max_data_track_custom_encoding_length", ValueKind::Integer,
     AT(limit.max_data_track_custom_encoding_length)},
    {"limit.max_metadata_size", ValueKind::Integer, AT(limit.max_metadata_size)},
    {"limit.max_participant_identity_length", ValueKind::Integer,
     AT(limit.max_participant_identity_length)},
    {"limit.max_participant_name_length", ValueKind::Integer,
     AT(limit.max_participant_name_length)},
    {"limit.max_room_name_length", ValueKind::Integer, AT(limit.max_room_name_length)},
    {"limit.num_tracks", ValueKind::Integer, AT(limit.num_tracks)},
    {"limit.publish_bitrate", ValueKind::Integer, AT(limit.publish_bitrate)},
    {"limit.revoke_tokens_of_removed", ValueKind::Bool, AT(limit.revoke_tokens_of_removed)},
    {"limit.signal_message_size_limit", ValueKind::Integer, AT(limit.signal_message_size_limit)},
    {"limit.subscription_limit_audio", ValueKind::Integer, AT(limit.subscription_limit_audio)},
    {"limit.subscription_limit_video", ValueKind::Integer, AT(limit.subscription_limit_video)},
    {"limit.trusted_proxies", ValueKind::TextList, AT(limit.trusted_proxies)},
    {"log_level", ValueKind::Text, AT(logging.level)},
    {"logging.component_levels", ValueKind::TextMap, AT(logging.component_levels)},
    {"logging.disable_pion_logs", ValueKind::Bool},
    {"logging.item_sample_initial", ValueKind::Integer},
    {"logging.item_sample_interval", ValueKind::Integer},
    {"logging.item_sample_seconds", ValueKind::Integer},
    {"logging.json", ValueKind::Bool, AT(logging.json)},
    {"logging.level", ValueKind::Text, AT(logging.level)},
    {"logging.pion_level", ValueKind::Text},
    {"logging.sample", ValueKind::Bool},
    {"logging.sample_initial", ValueKind::Integer},
    {"logging.sample_interval", ValueKind::Integer},
    {"metric", ValueKind::Subtree},
    {"node_selector.algorithm", ValueKind::Text},
    {"node_selector.cpu_load_limit", ValueKind::Number},
    {"node_selector.kind", ValueKind::Text},
    {"node_selector.regions", ValueKind::Subtree},
    {"node_selector.sort_by", ValueKind::Text},
    {"node_selector.sysload_limit", ValueKind::Number},
    {"node_stats.stats_max_delay", ValueKind::Duration},
    {"node_stats.stats_rate_measurement_intervals", ValueKind::TextList},
    {"node_stats.stats_update_interval", ValueKind::Duration},
    {"port", ValueKind::Integer, AT(port)},
    {"prometheus.password", ValueKind::Text, AT(prometheus.password)},
    {"prometheus.port", ValueKind::Integer, AT(prometheus.port)},
    {"prometheus.username", ValueKind::Text, AT(prometheus.username)},
    {"prometheus_port", ValueKind::Integer, AT(prometheus.port)},
    {"psrpc.backoff", ValueKind::Duration},
    {"psrpc.buffer_size", ValueKind::Integer},
    {"psrpc.max_attempts", ValueKind::Integer},
    {"psrpc.timeout", ValueKind::Duration},
    {"redis.address", ValueKind::Text},
    {"redis.cluster_addresses", ValueKind::TextList},
    {"redis.db", ValueKind::Integer},
    {"redis.dial_timeout", ValueKind::Integer},
    {"redis.max_redirects", ValueKind::Integer},
    {"redis.password", ValueKind::Text},
    {"redis.pool_size", ValueKind::Integer},
    {"redis.pool_timeout", ValueKind::Duration},
    {"redis.read_timeout", ValueKind::Integer},
    {"redis.sentinel_addresses", ValueKind::TextList},
    {"redis.sentinel_master_name", ValueKind::Text},
    {"redis.sentinel_password", ValueKind::Text},
    {"redis.sentinel_username", ValueKind::Text},
    {"redis.tls", ValueKind::Subtree},
    {"redis.use_tls", ValueKind::Bool},
    {"redis.username", ValueKind::Text},
    {"redis.write_timeout", ValueKind::Integer},
    {"region", ValueKind::Text, AT(region)},
    {"room.auto_create", ValueKind::Bool, AT(room.auto_create)},
    {"room.create_room_attempts", ValueKind::Integer},
    {"room.create_room_timeout", ValueKind::Duration},
    {"room.departure_timeout", ValueKind::Seconds, AT(room.departure_timeout)},
    {"room.empty_timeout", ValueKind::Seconds, AT(room.empty_timeout)},
    {"room.enable_full_room_in_webhooks", ValueKind::Bool, AT(room.enable_full_room_in_webhooks)},
    {"room.enable_remote_unmute", ValueKind::Bool, AT(room.enable_remote_unmute)},
    {"room.enabled_codecs", ValueKind::Subtree, nullptr, read_enabled_codecs},
    {"room.max_metadata_size", ValueKind::Integer, AT(limit.max_metadata_size)},
    {"room.max_participant_identity_length", ValueKind::Integer,
     AT(limit.max_participant_identity_length)},
    {"room.max_participants", ValueKind::Integer, AT(room.max_participants)},
    {"room.max_room_name_length", ValueKind::Integer, AT(limit.max_room_name_length)},
    {"room.playout_delay.enabled", ValueKind::Bool, AT(room.playout_delay.enabled)},
    {"room.playout_delay.max", ValueKind::Milliseconds, AT(room.playout_delay.max)},
    {"room.playout_delay.min", ValueKind::Milliseconds, AT(room.playout_delay.min)},
    {"room.room_configurations", ValueKind::Subtree, nullptr, read_room_configurations},
    {"room.sync_streams", ValueKind::Bool, AT(room.sync_streams)},
    {"room.update_batch_target_size", ValueKind::Integer, AT(room.update_batch_target_size)},
    {"rtc.additional_host_ips", ValueKind::TextList, AT(rtc.additional_host_ips)},
    {"rtc.advertise_internal_ip", ValueKind::Bool, AT(rtc.advertise_internal_ip)},
    {"rtc.allow_tcp_fallback", ValueKind::Bool, AT(rtc.allow_tcp_fallback)},
    {"rtc.allow_udp_unstable_fallback", ValueKind::Bool},
    {"rtc.batch_io.batch_size", ValueKind::Integer},
    {"rtc.batch_io.max_flush_interval", ValueKind::Duration},
    {"rtc.congestion_control.allow_pause", ValueKind::Bool, AT(rtc.allow_pause)},
    {"rtc.congestion_control.enabled", ValueKind::Bool},
    {"rtc.congestion_control.remote_bwe", ValueKind::Subtree},
    {"rtc.congestion_control.send_side_bwe", ValueKind::Subtree},
    {"rtc.congestion_control.send_side_bwe_pacer", ValueKind::Text},
    {"rtc.congestion_control.stream_allocator", ValueKind::Subtree},
    {"rtc.congestion_control.use_send_side_bwe", ValueKind::Bool},
    {"rtc.congestion_control.use_send_side_bwe_interceptor", ValueKind::Bool},
    {"rtc.data_channel_max_buffered_amount", ValueKind::Integer,
     AT(rtc.data_channel_max_buffered_amount)},
    {"rtc.datachannel_data_track_target_latency", ValueKind::Duration,
     AT(rtc.datachannel_data_track_target_latency)},
    {"rtc.datachannel_lossy_target_latency", ValueKind::Duration,
     AT(rtc.datachannel_lossy_target_latency)},
    {"rtc.datachannel_slow_threshold", ValueKind::Integer, AT(rtc.datachannel_slow_threshold)},
    {"rtc.enable_loopback_candidate", ValueKind::Bool, AT(rtc.enable_loopback_candidate)},
    {"rtc.enable_rtp_stream_restart_detection", ValueKind::Bool},
    {"rtc.enable_warp", ValueKind::Bool},
    {"rtc.external_ip_only", ValueKind::Bool, AT(rtc.external_ip_only)},
    {"rtc.force_tcp", ValueKind::Bool, AT(rtc.force_tcp)},
    {"rtc.forward_stats.report_interval", ValueKind::Duration},
    {"rtc.forward_stats.report_window", ValueKind::Duration},
    {"rtc.forward_stats.summary_interval", ValueKind::Duration},
    {"rtc.host_acceptance_min_wait", ValueKind::Duration},
    {"rtc.interfaces.excludes", ValueKind::TextList, AT(rtc.interface_excludes)},
    {"rtc.interfaces.includes", ValueKind::TextList, AT(rtc.interface_includes)},
    {"rtc.ips.excludes", ValueKind::TextList, AT(rtc.ip_excludes)},
    {"rtc.ips.includes", ValueKind::TextList, AT(rtc.ip_includes)},
    {"rtc.node_ip", ValueKind::Text, AT(rtc.node_ip)},
    {"rtc.packet_buffer_size", ValueKind::Integer},
    {"rtc.packet_buffer_size_audio", ValueKind::Integer},
    {"rtc.packet_buffer_size_video", ValueKind::Integer},
    {"rtc.pli_throttle.high_quality", ValueKind::Duration, AT(rtc.pli_throttle.high_quality)},
    {"rtc.pli_throttle.low_quality", ValueKind::Duration, AT(rtc.pli_throttle.low_quality)},
    {"rtc.pli_throttle.mid_quality", ValueKind::Duration, AT(rtc.pli_throttle.mid_quality)},
    {"rtc.port_range_end", ValueKind::Integer, AT(port_range_end)},
    {"rtc.port_range_start", ValueKind::Integer, AT(port_range_start)},
    {"rtc.prflx_acceptance_min_wait", ValueKind::Duration},
    {"rtc.reconnect_on_data_channel_error", ValueKind::Bool},
    {"rtc.reconnect_on_publication_error", ValueKind::Bool, AT(rtc.reconnect_on_publication_error)},
    {"rtc.reconnect_on_subscription_error", ValueKind::Bool},
    {"rtc.relay_acceptance_min_wait", ValueKind::Duration},
    {"rtc.require_ipv4", ValueKind::Bool},
    {"rtc.sctp_cwnd_ca_step", ValueKind::Integer},
    {"rtc.sctp_fast_rtx_wnd", ValueKind::Integer},
    {"rtc.sctp_min_cwnd", ValueKind::Integer},
    {"rtc.skip_external_ip_validation", ValueKind::Bool},
    {"rtc.srflx_acceptance_min_wait", ValueKind::Duration},
    {"rtc.strict_acks", ValueKind::Bool},
    {"rtc.stun_servers", ValueKind::TextList, AT(rtc.stun_servers)},
    {"rtc.tcp_fallback_rtt_threshold", ValueKind::Integer},
    {"rtc.tcp_port", ValueKind::Integer, AT(rtc.tcp_port)},
    {"rtc.turn_servers", ValueKind::Subtree, nullptr, read_turn_servers},
    {"rtc.udp_port", ValueKind::Ports, AT(udp_port)},
    {"rtc.use_external_ip", ValueKind::Bool, AT(rtc.use_external_ip)},
    {"rtc.use_ice_lite", ValueKind::Bool},
    {"rtc.use_mdns", ValueKind::Bool},
    {"rtc.use_stun_port_as_ice", ValueKind::Bool},
    {"signal_relay.connect_attempts", ValueKind::Integer},
    {"signal_relay.max_retry_interval", ValueKind::Duration},
    {"signal_relay.min_retry_interval", ValueKind::Duration},
    {"signal_relay.retry_timeout", ValueKind::Duration},
    {"signal_relay.stream_buffer_size", ValueKind::Integer},
    {"simulcast.video.layers", ValueKind::Subtree, nullptr, read_simulcast_layers},
    {"sip", ValueKind::Subtree},
    {"tls.cert_file", ValueKind::Text, AT(tls.cert_file)},
    {"tls.key_file", ValueKind::Text, AT(tls.key_file)},
    {"trace.jaeger_url", ValueKind::Text},
    {"turn.allow_restricted_peer_cidrs", ValueKind::TextList, AT(turn.allow_restricted_peer_cidrs)},
    {"turn.bind_addresses", ValueKind::TextList, AT(turn.bind_addresses)},
    {"turn.cert_file", ValueKind::Text, AT(turn.cert_file)},
    {"turn.deny_peer_cidrs", ValueKind::TextList, AT(turn.deny_peer_cidrs)},
    {"turn.domain", ValueKind::Text, AT(turn.domain)},
    {"turn.enabled", ValueKind::Bool, AT(turn.enabled)},
    {"turn.external_tls", ValueKind::Bool, AT(turn.external_tls)},
    {"turn.key_file", ValueKind::Text, AT(turn.key_file)},
    {"turn.per_user_relay_allocation_limit", ValueKind::Limit,
     AT(turn.per_user_relay_allocation_limit)},
    {"turn.relay_range_end", ValueKind::Integer, AT(turn.relay_range_end)},
    {"turn.relay_range_start", ValueKind::Integer, AT(turn.relay_range_start)},
    {"turn.secret", ValueKind::Text, AT(turn.secret)},
    {"turn.secret_file", ValueKind::Text, AT(turn.secret_file)},
    {"turn.tls_port", ValueKind::Integer, AT(turn.tls_port)},
    {"turn.ttl_seconds", ValueKind::Limit, AT(turn.ttl_seconds)},
    {"turn.udp_port", ValueKind::Integer, AT(turn.udp_port)},
    {"video.codec_regression_threshold", ValueKind::Integer, AT(video.codec_regression_threshold)},
    {"video.dynacast_pause_delay", ValueKind::Duration, AT(video.dynacast_pause_delay)},
    {"video.stream_tracker_manager", ValueKind::Subtree},
    {"webhook.api_key", ValueKind::Text, AT(webhook.api_key)},
    {"webhook.filter_params.exclude_events", ValueKind::TextList, AT(webhook.exclude_events)},
    {"webhook.filter_params.include_events", ValueKind::TextList, AT(webhook.include_events)},
    {"webhook.resource_url_notifier.max_age", ValueKind::Duration, AT(webhook.max_age)},
    {"webhook.resource_url_notifier.max_depth", ValueKind::Integer, AT(webhook.max_depth)},
    {"webhook.spool_dir", ValueKind::Text, AT(webhook.spool_dir)},
    {"webhook.spool_max_size", ValueKind::Integer, AT(webhook.spool_max_size)},
    {"webhook.url_notifier.num_workers", ValueKind::Integer, AT(webhook.num_workers)},
    {"webhook.url_notifier.queue_size", ValueKind::Integer},
    {"webhook.urls", ValueKind::TextList, AT(webhook.urls)},
};

#undef AT

// Levenshtein's.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); j++) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

bool ConfigKey::is_scalar() const {
  return kind != ValueKind::TextMap && kind != ValueKind::ApiKeys && kind != ValueKind::Subtree;
}

std::span<const ConfigKey> config_keys() { return kKeys; }

const ConfigKey* find_config_key(std::string_view path) {
  const auto* key = std::ranges::find(kKeys, path, &ConfigKey::path);
  return key == std::end(kKeys) ? nullptr : key;
}

bool is_config_section(std::string_view path) {
  return std::ranges::any_of(kKeys, [&](const ConfigKey& key) {
    return key.path.size() > path.size() && key.path.starts_with(path) &&
           key.path[path.size()] == '.';
  });
}

std::string_view nearest_config_key(std::string_view path) {
  // The last name alone counts too: a key is often only in the wrong section.
  const std::string_view name = path.substr(path.rfind('.') + 1);
  const auto distance = [&](const ConfigKey& key) {
    const std::string_view other = key.path.substr(key.path.rfind('.') + 1);
    return std::min(edit_distance(path, key.path), 1 + edit_distance(name, other));
  };
  return std::ranges::min_element(kKeys, {}, distance)->path;
}

}  // namespace gstlk::config
