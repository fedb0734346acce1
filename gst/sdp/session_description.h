// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "sdp/media_plan.h"

// An SDP session description as WebRTC peers exchange it (RFC 8866, RFC 8829): what parse() reads
// and print() writes. Values only. Kept is what a negotiation decides on; bandwidth, timing, crypto
// and unknown attributes are dropped on the way in.
namespace gstlk::sdp {

enum class Direction : uint8_t { Inactive, SendOnly, RecvOnly, SendRecv };

constexpr bool sends(Direction d) { return d == Direction::SendOnly || d == Direction::SendRecv; }
constexpr bool receives(Direction d) {
  return d == Direction::RecvOnly || d == Direction::SendRecv;
}
constexpr Direction direction(bool send, bool receive) {
  return send ? (receive ? Direction::SendRecv : Direction::SendOnly)
              : (receive ? Direction::RecvOnly : Direction::Inactive);
}

// a=setup, RFC 8842. Holdconn is treated as not said.
enum class Setup : uint8_t { ActPass, Active, Passive };

// a=ice-ufrag, a=ice-pwd, a=fingerprint and a=setup, which may stand in front of the first m-line
// or in any of them.
struct TransportDescription {
  std::string ice_ufrag;
  std::string ice_pwd;
  std::vector<std::string> ice_options;
  std::string fingerprint;  // "sha-256 AB:CD:...", that one where there are several
  std::optional<Setup> setup;
  bool operator==(const TransportDescription&) const = default;
};

// a=extmap, RFC 8285.
struct HeaderExtension {
  uint8_t id = 0;
  Direction direction = Direction::SendRecv;
  std::string uri;
  bool operator==(const HeaderExtension&) const = default;
};

// a=msid, RFC 8830. A stream id of "-" means none; some clients leave the track id out.
struct Msid {
  std::string stream;
  std::string track;
  bool operator==(const Msid&) const = default;
};

// The a=ssrc lines of one source, RFC 5576.
struct SsrcDescription {
  Ssrc ssrc;
  std::string cname;
  Msid msid;
  bool operator==(const SsrcDescription&) const = default;
};

// a=ssrc-group: FID binds a stream to its retransmission, SIM lists simulcast encodings.
struct SsrcGroup {
  std::string semantics;
  std::vector<Ssrc> ssrcs;
  bool operator==(const SsrcGroup&) const = default;
};

// a=rid, RFC 8851, without its restrictions.
struct RidDescription {
  Rid rid;
  bool send = true;
  bool operator==(const RidDescription&) const = default;
};

// a=simulcast, RFC 8853: encodings in order, of each its alternatives. A leading "~" (initially
// paused) is dropped.
using SimulcastList = std::vector<std::vector<Rid>>;
struct Simulcast {
  SimulcastList send;
  SimulcastList receive;
  bool empty() const { return send.empty() && receive.empty(); }
  bool operator==(const Simulcast&) const = default;
};

struct MediaDescription {
  std::string media;     // "audio", "video", "application", or what we have no use for
  uint16_t port = 9;     // 0 without bundle_only: rejected
  std::string protocol;  // "UDP/TLS/RTP/SAVPF"
  bool bundle_only = false;
  Mid mid;
  Direction direction = Direction::SendRecv;
  TransportDescription transport;
  bool rtcp_mux = false;
  bool rtcp_rsize = false;
  std::vector<Format> formats;  // in the order of the m-line; a=rtcp-fb:* is spread over them
  std::string other_formats;    // the m-line's list where it is neither RTP nor a data channel
  std::vector<HeaderExtension> extensions;
  bool extmap_allow_mixed = false;
  std::optional<Msid> msid;
  std::vector<SsrcDescription> ssrcs;
  std::vector<SsrcGroup> ssrc_groups;
  std::vector<RidDescription> rids;
  Simulcast simulcast;
  std::vector<std::string> candidates;  // without "a="
  bool end_of_candidates = false;
  bool data_channel = false;  // the format is webrtc-datachannel
  uint16_t sctp_port = 5000;
  uint32_t max_message_size = 65536;

  // RFC 8829 section 5.2: port 0 refuses the m-line, unless a=bundle-only says why it is 0.
  bool rejected() const { return port == 0 && !bundle_only; }
  std::optional<MediaKind> kind() const;
  bool operator==(const MediaDescription&) const = default;
};

struct SessionDescription {
  uint64_t session_id = 0;
  uint64_t session_version = 0;
  bool ice_lite = false;
  bool extmap_allow_mixed = false;
  std::vector<std::vector<Mid>> bundle_groups;
  TransportDescription transport;
  std::vector<MediaDescription> media;
  bool operator==(const SessionDescription&) const = default;
};

}  // namespace gstlk::sdp
