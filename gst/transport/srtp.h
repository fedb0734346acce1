// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/ids.h"
#include "transport/srtp_cipher.h"
#include "transport/srtp_keys.h"
#include "transport/srtp_streams.h"

namespace gstlk::transport {

// The roll-over counter of one outgoing SSRC, kept by whoever numbers its packets, so that a packet
// costs no look-up. RFC 3711 section 3.3.1. Retransmissions of older packets are fine: they get the
// counter of their time. Not thread-safe.
class SrtpStreamState {
 public:
  // The roll-over counter for a packet with sequence number `sequence`.
  uint32_t roc_for(uint16_t sequence);

 private:
  uint64_t highest_ = 0;  // packet index: counter << 16 | sequence number
  bool started_ = false;
};

// Protects what goes to one peer: SRTP and SRTCP (RFC 3711) with AES_CM_128_HMAC_SHA1_80 or
// AEAD_AES_128_GCM (RFC 7714). Works out of place, straight from a shared payload into the send
// arena, without allocation. Not thread-safe: one worker.
// Left out: MKI, key derivation rates, header encryption (RFC 6904); WebRTC uses none of them.
class SrtpSendSession {
 public:
  // What protect_rtcp() adds at most.
  static constexpr size_t kMaxRtcpOverhead = 20;

  explicit SrtpSendSession(const SrtpMasterKey& master);

  // protect_rtp() comes soon: fetches what it will touch into the cache.
  void prefetch_next() const { rtp_.prefetch_context(); }
  // What protect_rtp() adds: 16 or 10.
  size_t rtp_overhead() const { return rtp_.tag_size(); }

  // The hot path. Writes `header` (a whole RTP header with CSRCs and extension, which stays in
  // clear; it may already be at `out`), the encryption of `payload_head` followed by
  // `payload_rest`, and the tag. `payload_head` are the few rewritten bytes in front of a payload
  // that is shared (a VP8 descriptor, the original sequence number of RTX). `out` has room for all
  // of it and rtp_overhead(), and does not overlap the payload. Returns the size of the packet.
  size_t protect_rtp(ByteView header, ByteView payload_head, ByteView payload_rest, uint8_t* out,
                     uint32_t roc);

  // A compound RTCP packet; `out` needs its size and kMaxRtcpOverhead, may start where `packet`
  // does. nullopt when `packet` is shorter than a header or `out` too small.
  std::optional<size_t> protect_rtcp(ByteView packet, std::span<uint8_t> out);

 private:
  void encrypt_payload(ByteView head, ByteView rest, uint8_t* out);

  SrtpCipher rtp_;
  SrtpCipher rtcp_;
  uint32_t rtcp_index_ = 0;
};

// Opens what one peer sends: counterpart of SrtpSendSession. Keeps the packet index of up to 256
// SSRCs, which are made known only by packets that authenticate. Network bytes: anything may come.
// Not thread-safe: one worker.
class SrtpReceiveSession {
 public:
  enum class Replay : uint8_t {
    Reject,
    Accept,  // LiveKit's servers accept: Firefox sends old packets again as bandwidth probes
  };
  struct Stats {
    uint64_t malformed = 0;
    uint64_t unauthentic = 0;
    uint64_t replayed = 0;
  };

  explicit SrtpReceiveSession(const SrtpMasterKey& master, Replay replay = Replay::Reject);

  // Writes the opened packet to `out`, which may start where `packet` does and needs the size of
  // `packet`. Returns its size, nullopt when it was dropped (and counted). On failure `out` holds
  // garbage.
  std::optional<size_t> unprotect_rtp(ByteView packet, std::span<uint8_t> out);
  std::optional<size_t> unprotect_rtcp(ByteView packet, std::span<uint8_t> out);

  const Stats& stats() const { return stats_; }

 private:
  bool open_rtp(ByteView packet, size_t header_size, uint32_t ssrc, uint64_t index, uint8_t* out);
  bool open_rtcp(ByteView packet, uint32_t ssrc, uint32_t trailer, uint8_t* out);
  std::nullopt_t drop(uint64_t& counter) {
    ++counter;
    return std::nullopt;
  }

  SrtpCipher rtp_;
  SrtpCipher rtcp_;
  SrtpStreamTable rtp_streams_;
  SrtpStreamTable rtcp_streams_;
  Replay replay_;
  Stats stats_;
};

}  // namespace gstlk::transport
