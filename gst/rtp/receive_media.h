// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "rtp/codec/payload_descriptor.h"
#include "rtp/header_extension.h"

// What a ReceiveSession is told and what it tells, as values.
namespace gstlk::rtp {

// Counts up in a session and is never given twice.
using EncodingId = Id<uint32_t, struct EncodingIdTag>;

struct ReceiveFormat {
  PayloadType payload_type;
  Codec codec = Codec::Unknown;
  uint32_t clock_rate = 0;
  std::optional<PayloadType> apt;  // of Codec::Rtx: what it retransmits
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool transport_cc = false;
};
struct ReceiveSsrc {
  Ssrc primary;
  std::optional<Ssrc> rtx;
};
// One m-line that the peer sends on.
struct ReceiveMedia {
  Mid mid;
  bool video = false;
  ExtensionMap extensions;
  std::vector<ReceiveFormat> formats;
  std::vector<Rid> rids;           // low to high; empty without simulcast
  std::vector<ReceiveSsrc> ssrcs;  // as announced; in the order of `rids` when there are as many
};

// One RTP stream of an m-line: of each rid, or the only one.
struct ReceiveEncoding {
  EncodingId id;
  Mid mid;
  Rid rid;  // empty without simulcast
  bool video = false;

  bool operator==(const ReceiveEncoding&) const = default;
};

// Where the sender's clocks were, and when that was heard.
struct SenderReport {
  NtpTime ntp;
  uint32_t rtp_timestamp = 0;
  Timestamp arrival;
};

struct ReceiveStats {
  std::optional<Ssrc> ssrc;  // none before the first packet
  uint64_t packets = 0;      // delivered
  uint64_t bytes = 0;        // of those: payload
  uint64_t retransmitted = 0;
  uint64_t duplicates = 0;
  int64_t lost = 0;           // expected - received, RFC 3550
  uint8_t fraction_lost = 0;  // of 256, in the last receiver report
  Duration jitter{};
  uint64_t out_of_order = 0;  // later than a newer one; retransmissions are not counted
  uint64_t nacks_sent = 0;    // sequence numbers asked for
  uint64_t keyframe_requests_sent = 0;
  uint64_t firs_sent = 0;  // of those
  Timestamp last_arrival;  // meaningful when packets > 0
};

}  // namespace gstlk::rtp
