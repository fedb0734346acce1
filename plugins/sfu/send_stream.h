// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "plugins/sfu/peer_stats.h"
#include "plugins/sfu/send_port.h"
#include "rtp/codec/payload_descriptor.h"
#include "rtp/codec/red.h"
#include "rtp/playout_delay.h"
#include "rtp/send_session.h"
#include "transport/srtp.h"

namespace gstlk::sfu {

struct MediaSection;

// What was used up of an SSRC: no packet index of it may come twice under one key, whichever port
// has the SSRC (RFC 3711 section 9.1).
struct SendProgress {
  transport::SrtpStreamState srtp;
  transport::SrtpStreamState rtx_srtp;
  uint16_t rtx_sequence = 0;
  std::optional<StreamPosition> position;

  void on_sent(uint16_t sequence, uint32_t timestamp, Timestamp now) {
    StreamPosition::note(position, sequence, timestamp, now);
  }
};

// One RTP stream towards a peer: what was negotiated for it, and how far it is. PeerSender makes
// packets of it. Session's thread only.
struct SendStream {
  struct Config {
    Mid mid;
    Ssrc ssrc;
    std::optional<Ssrc> rtx_ssrc;
    std::optional<rtp::PlayoutDelayLimits> playout_delay;
    std::string cname = {};  // whose clock its timestamps are on; empty: the session's own
  };
  struct Payload {
    PayloadType type;
    std::optional<PayloadType> rtx;
    bool known = false;
  };
  static constexpr size_t kMaxHeader = 320;

  explicit SendStream(Config settings) : config(std::move(settings)) {}

  // Takes over what was negotiated; null: the m-line is gone, or not there yet.
  void configure(const MediaSection* section);
  const Payload& payload(rtp::Codec codec) const { return payloads[static_cast<size_t>(codec)]; }

  // Writes the RTP header of what `staged` stands for, with those header extensions that the packet
  // has and the peer takes. Gives its size.
  size_t write_header(const StagedPacket& staged, PayloadType payload_type, bool rtx, Timestamp now,
                      std::span<uint8_t, kMaxHeader> out);

  const Config config;
  std::optional<rtp::SendStreamId> id;  // in the peer's SendSession, once formats were negotiated
  std::array<Payload, 11> payloads{};   // by Codec
  bool negotiated = false;              // the m-line is there, with formats
  rtp::Codec first_codec = rtp::Codec::Unknown;
  uint32_t clock_rate = 0;  // of the first format
  uint8_t descriptor_id = 0;
  uint8_t capture_time_id = 0;
  uint8_t playout_delay_id = 0;  // with a playout_delay
  std::unique_ptr<rtp::PlayoutDelay> playout_delay;

  SendProgress progress;
  rtp::RedUnwrapper unwrapper;  // for a peer without RED
  uint64_t dropped = 0;         // without a format, or before the connection was up
  uint64_t retransmitted = 0;
  ByteGrowth growth;
};

}  // namespace gstlk::sfu
