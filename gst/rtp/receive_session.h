// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "rtp/keyframe_throttle.h"
#include "rtp/receive_media.h"
#include "rtp/rtcp.h"
#include "rtp/rtcp_writer.h"
#include "rtp/stream_demux.h"
#include "rtp/twcc_receiver.h"

namespace gstlk::rtp {

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
  explicit ReceiveSession(Ssrc local_ssrc) : local_ssrc_(local_ssrc) {}

  // Replaces what was negotiated. An encoding whose mid and rid stay keeps its id and its state.
  void set_media(std::vector<ReceiveMedia> media);
  // In the order of the media, then of the rids.
  const std::vector<ReceiveEncoding>& encodings() const { return demux_.encodings(); }

  // One RTP packet, which may be rewritten in place. Allocates only when a stream starts.
  ReceiveResult handle_rtp(std::span<uint8_t> packet, Timestamp now);

  // Gives the encoding it was about. (dispatch_rtcp() calls these.)
  std::optional<EncodingId> handle_sender_report(const RtcpSenderReport& report, Timestamp now);
  // The stream may start again with any SSRC.
  std::optional<EncodingId> handle_bye(Ssrc source) { return demux_.handle_bye(source); }
  std::optional<SenderReport> sender_report(EncodingId encoding) const;

  // Somebody needs a keyframe. Requests are merged: 300 ms after the first, then 1 s apart. One
  // that comes before the stream's first packet waits for it.
  void request_keyframe(EncodingId encoding, Timestamp now);
  // Other intervals, by the encodings of an m-line from the lowest on; 0: as above.
  using KeyframeIntervals = std::array<Duration, 3>;
  void set_keyframe_intervals(const KeyframeIntervals& intervals) {
    keyframe_intervals_ = intervals;
  }
  // One has arrived: a request that still waits is answered by it.
  void on_keyframe(EncodingId encoding);

  // To the peer, for the spacing of NACKs. 70 ms until somebody knows better.
  void set_round_trip(Duration round_trip);

  // Appends one compound of at most about 1200 bytes if anything is due. False: nothing was, and
  // `out` is as it was.
  bool poll_rtcp(Timestamp now, Bytes& out);
  std::optional<Timestamp> next_timeout() const;

  std::optional<ReceiveStats> stats(EncodingId encoding) const;
  Ssrc local_ssrc() const { return local_ssrc_; }
  uint64_t dropped(DropReason reason) const { return dropped_[static_cast<size_t>(reason)]; }

 private:
  Drop drop(DropReason reason) {
    ++dropped_[static_cast<size_t>(reason)];
    return Drop{reason};
  }
  ReceiveResult handle_primary(ReceiveStream& stream, const PacketView& packet,
                               const ReceiveFormat& format, std::span<uint8_t> bytes,
                               bool retransmitted, Timestamp now);
  ReceiveResult handle_rtx(ReceiveStream& stream, const PacketView& packet,
                           const ReceiveFormat& format, std::span<uint8_t> bytes, Timestamp now);
  void request_keyframe(ReceiveStream& stream, Timestamp now);
  std::optional<Duration> keyframe_interval(const ReceiveEncoding& encoding) const;

  void append_report(Timestamp now, RtcpWriter& writer);
  void append_keyframe_requests(Timestamp now, size_t end, RtcpWriter& writer);
  void append_nacks(Timestamp now, size_t end, RtcpWriter& writer);
  void append_feedback(Timestamp now, size_t end, RtcpWriter& writer);

  Ssrc local_ssrc_;
  StreamDemux demux_;
  Duration round_trip_ = 70ms;
  KeyframeThrottle throttle_{300ms, 1s};
  KeyframeIntervals keyframe_intervals_{};
  bool keyframe_due_ = false;  // of any stream
  TwccReceiver twcc_;
  Ssrc feedback_media_;  // where the last transport-wide number came from
  std::array<uint64_t, kDropReasonCount> dropped_{};

  Timestamp next_report_ = Timestamp::max();  // max: nothing to report
  size_t report_cursor_ = 0;                  // streams before it are in this round's reports
  bool reported_ = false;                     // anything in this round
  std::vector<uint16_t> nack_numbers_;        // scratch
  Bytes feedback_;                            // built, not yet sent
};

}  // namespace gstlk::rtp
