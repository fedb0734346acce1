// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sdp/media_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sdp/codec_match.h"
#include "sdp/text.h"

namespace gstlk::sdp {
namespace {

// More of these in one m-line than any client sends.
constexpr size_t kMaxExtensions = 64;
constexpr size_t kMaxSsrcs = 64;
constexpr size_t kMaxRids = 16;
constexpr size_t kMaxAlternatives = 4;
constexpr size_t kMaxCandidates = 256;
constexpr size_t kMaxIceOptions = 8;

template <class T>
std::optional<T> parse_id(std::string_view text) {
  const auto number = parse_number<decltype(T::value)>(text);
  if (!number) return std::nullopt;
  return T(*number);
}

Msid parse_msid(std::string_view value) {
  const std::string_view stream = take_token(value, ' ');
  return {std::string(stream), std::string(take_token(value, ' '))};
}

// RFC 3551 table 4: those that a client may list without a=rtpmap.
void name_static_format(Format& format) {
  if (!format.encoding_name.empty()) return;
  switch (format.payload_type.value) {
    case 0:
      format.encoding_name = "PCMU";
      break;
    case 8:
      format.encoding_name = "PCMA";
      break;
    case 9:
      format.encoding_name = "G722";
      break;
    default:
      return;
  }
  format.clock_rate = 8000;
}

// RFC 8122: the hash's name and as many hex pairs as it has bytes.
std::optional<std::string> parse_fingerprint(std::string_view value) {
  std::string algorithm(take_token(value, ' '));
  std::transform(algorithm.begin(), algorithm.end(), algorithm.begin(), to_lower);
  const size_t bytes = algorithm == "sha-256"   ? 32
                       : algorithm == "sha-384" ? 48
                       : algorithm == "sha-512" ? 64
                                                : 0;
  value = trim(value);
  if (bytes == 0 || value.size() != bytes * 3 - 1) return std::nullopt;
  std::string result = algorithm + ' ';
  for (size_t i = 0; i < value.size(); i++) {
    const char c = value[i] >= 'a' && value[i] <= 'f' ? static_cast<char>(value[i] - 32) : value[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    if (i % 3 == 2 ? c != ':' : !hex) return std::nullopt;
    result += c;
  }
  return result;
}

SimulcastList parse_simulcast_list(std::string_view list) {
  SimulcastList result;
  while (!list.empty() && result.size() < kMaxRids) {
    std::string_view alternatives = take_token(list, ';');
    std::vector<Rid> rids;
    while (!alternatives.empty() && rids.size() < kMaxAlternatives) {
      std::string_view rid = take_token(alternatives, ',');
      if (rid.starts_with('~')) rid.remove_prefix(1);
      if (!rid.empty()) rids.emplace_back(std::string(rid));
    }
    if (!rids.empty()) result.push_back(std::move(rids));
  }
  return result;
}

}  // namespace

std::optional<Direction> parse_direction(std::string_view name) {
  if (name == "sendrecv") return Direction::SendRecv;
  if (name == "sendonly") return Direction::SendOnly;
  if (name == "recvonly") return Direction::RecvOnly;
  if (name == "inactive") return Direction::Inactive;
  return std::nullopt;
}

void parse_transport_attribute(std::string_view name, std::string_view value,
                               TransportDescription& transport) {
  if (name == "ice-ufrag") {
    transport.ice_ufrag = trim(value);
  } else if (name == "ice-pwd") {
    transport.ice_pwd = trim(value);
  } else if (name == "ice-options") {
    transport.ice_options.clear();
    while (!value.empty() && transport.ice_options.size() < kMaxIceOptions) {
      const std::string_view option = take_token(value, ' ');
      if (!option.empty()) transport.ice_options.emplace_back(option);
    }
  } else if (name == "fingerprint") {
    const auto fingerprint = parse_fingerprint(value);
    if (fingerprint && !transport.fingerprint.starts_with("sha-256"))
      transport.fingerprint = *fingerprint;
  } else if (name == "setup") {
    if (value == "actpass") transport.setup = Setup::ActPass;
    if (value == "active") transport.setup = Setup::Active;
    if (value == "passive") transport.setup = Setup::Passive;
  }
}

std::optional<MediaKind> MediaDescription::kind() const {
  if (data_channel) return MediaKind::Application;
  if (media == "audio") return MediaKind::Audio;
  if (media == "video") return MediaKind::Video;
  return std::nullopt;
}

MediaParser::MediaParser(Direction default_direction) {
  media_.direction = default_direction;
  format_index_.fill(-1);
}

// m=<media> <port>[/<number of ports>] <proto> <fmt> ...
bool MediaParser::handle_media_line(std::string_view value) {
  media_.media = take_token(value, ' ');
  std::string_view ports = take_token(value, ' ');
  const auto port = parse_number<uint16_t>(take_token(ports, '/'));
  media_.protocol = take_token(value, ' ');
  value = trim(value);
  if (media_.media.empty() || !port || media_.protocol.empty() || value.empty()) return false;
  media_.port = *port;
  if (media_.protocol.find("RTP/") != std::string::npos) {
    handle_formats(value);
  } else if (media_.media == "application" && value == "webrtc-datachannel") {
    media_.data_channel = true;
  }
  if (media_.formats.empty() && !media_.data_channel) media_.other_formats = value;
  return true;
}

void MediaParser::handle_formats(std::string_view list) {
  while (!list.empty()) {
    const auto payload_type = parse_number<uint8_t>(take_token(list, ' '));
    if (!payload_type || *payload_type > 127 || format_index_[*payload_type] >= 0) continue;
    format_index_[*payload_type] = static_cast<int16_t>(media_.formats.size());
    media_.formats.push_back({.payload_type = PayloadType(*payload_type)});
  }
}

Format* MediaParser::find_format(std::string_view payload_type) {
  const auto number = parse_number<uint8_t>(payload_type);
  if (!number || *number > 127 || format_index_[*number] < 0) return nullptr;
  return &media_.formats[static_cast<size_t>(format_index_[*number])];
}

struct MediaParser::Attribute {
  std::string_view name;
  void (*handle)(MediaParser& parser, std::string_view value);
};

const MediaParser::Attribute MediaParser::kAttributes[] = {
    {"bundle-only", [](MediaParser& p, std::string_view) { p.media_.bundle_only = true; }},
    {"candidate", [](MediaParser& p, std::string_view v) { p.handle_candidate(v); }},
    {"end-of-candidates",
     [](MediaParser& p, std::string_view) { p.media_.end_of_candidates = true; }},
    {"extmap", [](MediaParser& p, std::string_view v) { p.handle_extmap(v); }},
    {"extmap-allow-mixed",
     [](MediaParser& p, std::string_view) { p.media_.extmap_allow_mixed = true; }},
    {"fmtp", [](MediaParser& p, std::string_view v) { p.handle_fmtp(v); }},
    {"max-message-size", [](MediaParser& p, std::string_view v) { p.handle_max_message_size(v); }},
    {"mid", [](MediaParser& p, std::string_view v) { p.media_.mid.value = take_token(v, ' '); }},
    {"msid", [](MediaParser& p, std::string_view v) { p.handle_msid(v); }},
    {"rid", [](MediaParser& p, std::string_view v) { p.handle_rid(v); }},
    {"rtcp-fb", [](MediaParser& p, std::string_view v) { p.handle_rtcp_fb(v); }},
    {"rtcp-mux", [](MediaParser& p, std::string_view) { p.media_.rtcp_mux = true; }},
    {"rtcp-rsize", [](MediaParser& p, std::string_view) { p.media_.rtcp_rsize = true; }},
    {"rtpmap", [](MediaParser& p, std::string_view v) { p.handle_rtpmap(v); }},
    {"sctp-port", [](MediaParser& p, std::string_view v) { p.handle_sctp_port(v); }},
    {"simulcast", [](MediaParser& p, std::string_view v) { p.handle_simulcast(v); }},
    {"ssrc", [](MediaParser& p, std::string_view v) { p.handle_ssrc(v); }},
    {"ssrc-group", [](MediaParser& p, std::string_view v) { p.handle_ssrc_group(v); }},
};

void MediaParser::handle_attribute(std::string_view line) {
  std::string_view value = line;
  const std::string_view name = take_token(value, ':');
  if (const auto direction = parse_direction(name)) {
    media_.direction = *direction;
    return;
  }
  const auto* attribute = std::ranges::find(kAttributes, name, &Attribute::name);
  if (attribute != std::end(kAttributes)) {
    attribute->handle(*this, value);
  } else {
    parse_transport_attribute(name, value, media_.transport);
  }
}

// a=rtpmap:<payload type> <encoding name>/<clock rate>[/<channels>]
void MediaParser::handle_rtpmap(std::string_view value) {
  Format* format = find_format(take_token(value, ' '));
  if (!format) return;
  const std::string_view name = take_token(value, '/');
  const auto clock_rate = parse_number<uint32_t>(take_token(value, '/'));
  if (name.empty() || !clock_rate) return;
  format->encoding_name = name;
  format->clock_rate = *clock_rate;
  format->channels = parse_number<uint8_t>(value).value_or(0);
}

void MediaParser::handle_fmtp(std::string_view value) {
  Format* format = find_format(take_token(value, ' '));
  if (format) format->fmtp = trim(value);
}

// a=rtcp-fb:<payload type or *> <type> [<parameter>]
void MediaParser::handle_rtcp_fb(std::string_view value) {
  const std::string_view target = take_token(value, ' ');
  const bool all = target == "*";
  Format* one = all ? nullptr : find_format(target);
  if (!all && !one) return;
  value = trim(value);
  bool Format::*flag = value == "nack"           ? &Format::nack
                       : value == "nack pli"     ? &Format::pli
                       : value == "ccm fir"      ? &Format::fir
                       : value == "transport-cc" ? &Format::transport_cc
                       : value == "goog-remb"    ? &Format::remb
                                                 : nullptr;
  if (!flag) return;
  if (one) one->*flag = true;
  for (Format& format : media_.formats) {
    if (all) format.*flag = true;
  }
}

// a=extmap:<id>["/"<direction>] <URI> [<attributes>]
void MediaParser::handle_extmap(std::string_view value) {
  std::string_view mapping = take_token(value, ' ');
  const auto id = parse_number<uint8_t>(take_token(mapping, '/'));
  const std::string_view uri = take_token(value, ' ');
  const auto direction = mapping.empty() ? Direction::SendRecv : parse_direction(mapping);
  if (!id || *id == 0 || uri.empty() || !direction || media_.extensions.size() == kMaxExtensions)
    return;
  media_.extensions.push_back({*id, *direction, std::string(uri)});
}

void MediaParser::handle_msid(std::string_view value) {
  if (!media_.msid && !value.empty()) media_.msid = parse_msid(value);
}

// a=ssrc:<ssrc> <attribute>[:<value>]
void MediaParser::handle_ssrc(std::string_view value) {
  const auto ssrc = parse_id<Ssrc>(take_token(value, ' '));
  if (!ssrc) return;
  auto entry = std::ranges::find(media_.ssrcs, *ssrc, &SsrcDescription::ssrc);
  if (entry == media_.ssrcs.end()) {
    if (media_.ssrcs.size() == kMaxSsrcs) return;
    entry = media_.ssrcs.insert(entry, {.ssrc = *ssrc});
  }
  const std::string_view name = take_token(value, ':');
  if (name == "cname") entry->cname = value;
  if (name == "msid") entry->msid = parse_msid(value);
}

// a=ssrc-group:<semantics> <ssrc> ...
void MediaParser::handle_ssrc_group(std::string_view value) {
  SsrcGroup group{.semantics = std::string(take_token(value, ' '))};
  while (!value.empty() && group.ssrcs.size() < kMaxRids) {
    if (const auto ssrc = parse_id<Ssrc>(take_token(value, ' '))) group.ssrcs.push_back(*ssrc);
  }
  if (!group.ssrcs.empty() && media_.ssrc_groups.size() < kMaxSsrcs)
    media_.ssrc_groups.push_back(std::move(group));
}

// a=rid:<id> <send|recv> [<restrictions>]
void MediaParser::handle_rid(std::string_view value) {
  const std::string_view rid = take_token(value, ' ');
  const std::string_view direction = take_token(value, ' ');
  if (rid.empty() || (direction != "send" && direction != "recv")) return;
  if (media_.rids.size() < kMaxRids)
    media_.rids.push_back({Rid(std::string(rid)), direction == "send"});
}

// a=simulcast:<send|recv> <list> [<send|recv> <list>]
void MediaParser::handle_simulcast(std::string_view value) {
  value = trim(value);
  for (int i = 0; i < 2 && !value.empty(); i++) {
    const std::string_view direction = take_token(value, ' ');
    const std::string_view list = take_token(value, ' ');
    if (direction == "send") media_.simulcast.send = parse_simulcast_list(list);
    if (direction == "recv") media_.simulcast.receive = parse_simulcast_list(list);
  }
}

void MediaParser::handle_candidate(std::string_view value) {
  if (media_.candidates.size() < kMaxCandidates)
    media_.candidates.push_back("candidate:" + std::string(value));
}

void MediaParser::handle_sctp_port(std::string_view value) {
  media_.sctp_port = parse_number<uint16_t>(value).value_or(media_.sctp_port);
}

void MediaParser::handle_max_message_size(std::string_view value) {
  media_.max_message_size = parse_number<uint32_t>(value).value_or(media_.max_message_size);
}

MediaDescription MediaParser::finish() && {
  for (Format& format : media_.formats) {
    name_static_format(format);
    if (!equals_ignoring_case(format.encoding_name, "rtx")) continue;
    const auto apt = parse_number<uint8_t>(fmtp_parameter(format.fmtp, "apt").value_or(""));
    if (apt && *apt < 128) format.apt = PayloadType(*apt);
  }
  return std::move(media_);
}

}  // namespace gstlk::sdp
