// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sdp/session_description.h"

namespace gstlk::sdp {

std::optional<Direction> parse_direction(std::string_view name);

// Takes an attribute that may stand at both levels; ignores all others.
void parse_transport_attribute(std::string_view name, std::string_view value,
                               TransportDescription& transport);

// Reads one m-line and the attributes below it. Driven by parse() line by line; a malformed
// attribute is skipped. Lists that a peer could make long are cut. Not thread-safe.
class MediaParser {
 public:
  explicit MediaParser(Direction default_direction);

  bool handle_media_line(std::string_view value);  // behind "m="
  void handle_attribute(std::string_view line);    // behind "a="
  MediaDescription finish() &&;

 private:
  struct Attribute;
  static const Attribute kAttributes[];

  Format* find_format(std::string_view payload_type);
  void handle_formats(std::string_view list);
  void handle_rtpmap(std::string_view value);
  void handle_fmtp(std::string_view value);
  void handle_rtcp_fb(std::string_view value);
  void handle_extmap(std::string_view value);
  void handle_msid(std::string_view value);
  void handle_ssrc(std::string_view value);
  void handle_ssrc_group(std::string_view value);
  void handle_rid(std::string_view value);
  void handle_simulcast(std::string_view value);
  void handle_candidate(std::string_view value);
  void handle_sctp_port(std::string_view value);
  void handle_max_message_size(std::string_view value);

  MediaDescription media_;
  std::array<int16_t, 128> format_index_;  // by payload type; -1: not in the m-line
};

}  // namespace gstlk::sdp
