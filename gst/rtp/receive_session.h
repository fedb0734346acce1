// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "rtp/codec/payload_descriptor.h"
#include "rtp/header_extension.h"
#include "rtp/packet.h"
#include "rtp/rtcp.h"

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

// The packet goes on. It is the one handed in, or, of a retransmission, its last part with the
// original header restored (RFC 4588).
struct Deliver {
  EncodingId encoding;
  std::span<uint8_t> packet;
  bool retransmitted = false;
};
enum class DropReason : uint8_t {
  Malformed,
  UnknownStream,       // no SSRC, mid, rid or payload type says whose it is
  UnknownPayloadType,  // not negotiated for that m-line
  Duplicate,
  TooOld,       // behind everything that anybody still waits for, or a first packet after a jump
  PaddingOnly,  // nothing but padding on a retransmission stream: a probe
  StaleStream,  // an SSRC that another one has replaced
};
constexpr size_t kDropReasonCount = 7;
struct Drop {
  DropReason reason;
};
using ReceiveResult = std::variant<Deliver, Drop>;

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
  uint64_t nacks_sent = 0;  // sequence numbers asked for
  uint64_t keyframe_requests_sent = 0;
  Timestamp last_arrival;  // meaningful when packets > 0
};

// Everything an SFU does for the RTP that one peer sends: tells streams apart (RFC 8843
// section 9.2, RFC 8852), undoes retransmission (RFC 4588), drops duplicates, asks for what is
// missing (RFC 4585), for keyframes, and reports (RFC 3550 RR, transport-wide feedback). Packets
// are never held back or reordered.
//
// Driven by the worker that owns the peer: handle_*, then poll_rtcp() until it is false, then sleep
// until next_timeout(). Not thread-safe.
// Left out: REMB, receiver reports of retransmission streams, loss caused elsewhere in audio
// reports.
class ReceiveSession {
 public:
  // `local_ssrc` is the sender of our feedback.
  explicit ReceiveSession(Ssrc local_ssrc);
  ~ReceiveSession();
  ReceiveSession(ReceiveSession&&) noexcept;
  ReceiveSession& operator=(ReceiveSession&&) noexcept;

  // Replaces what was negotiated. An encoding whose mid and rid stay keeps its id and its state.
  void set_media(std::vector<ReceiveMedia> media);
  // In the order of the media, then of the rids.
  const std::vector<ReceiveEncoding>& encodings() const;

  // One RTP packet, which may be rewritten in place. Allocates only when a stream starts.
  ReceiveResult handle_rtp(std::span<uint8_t> packet, Timestamp now);

  // Gives the encoding it was about. (dispatch_rtcp() calls these.)
  std::optional<EncodingId> handle_sender_report(const RtcpSenderReport& report, Timestamp now);
  // The stream may start again with any SSRC.
  std::optional<EncodingId> handle_bye(Ssrc source);
  std::optional<SenderReport> sender_report(EncodingId encoding) const;

  // Somebody needs a keyframe. Requests are merged: 300 ms after the first, then 1 s apart. One
  // that comes before the stream's first packet waits for it.
  void request_keyframe(EncodingId encoding, Timestamp now);
  // One has arrived: a request that still waits is answered by it.
  void on_keyframe(EncodingId encoding);

  // To the peer, for the spacing of NACKs. 70 ms until somebody knows better.
  void set_round_trip(Duration round_trip);

  // Appends one compound of at most about 1200 bytes if anything is due. False: nothing was, and
  // `out` is as it was.
  bool poll_rtcp(Timestamp now, Bytes& out);
  std::optional<Timestamp> next_timeout() const;

  std::optional<ReceiveStats> stats(EncodingId encoding) const;
  uint64_t dropped(DropReason reason) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gstlk::rtp
