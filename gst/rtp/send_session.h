// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "rtp/round_trip.h"
#include "rtp/rtcp.h"
#include "rtp/twcc_feedback.h"

namespace gstlk::rtp {

// A slot of a SendSession; given again after remove_stream().
using SendStreamId = Id<uint32_t, struct SendStreamIdTag>;

struct SendStreamConfig {
  Ssrc ssrc;
  std::optional<Ssrc> rtx_ssrc;
  uint32_t clock_rate = 0;
  std::string cname = {};  // empty: the session's
};

// What the peer wants, one per NACK item.
struct NackRequest {
  SendStreamId stream;
  Ssrc ssrc;
  uint8_t count = 0;
  std::array<uint16_t, 17> numbers{};

  std::span<const uint16_t> sequence_numbers() const { return {numbers.data(), count}; }
};
struct KeyframeRequest {
  SendStreamId stream;
  Ssrc ssrc;
};
struct RembEstimate {
  Bitrate bitrate;
};
using SendEvent = std::variant<NackRequest, KeyframeRequest, RembEstimate, TwccFeedback>;

struct SendStats {
  uint64_t packets = 0;
  uint64_t bytes = 0;           // payload
  uint64_t nacks_received = 0;  // sequence numbers
  uint64_t keyframe_requests_received = 0;
  uint64_t firs_received = 0;  // of those
  // From the peer's last receiver report.
  uint8_t fraction_lost = 0;
  int32_t cumulative_lost = 0;
  Duration jitter{};
  uint16_t highest_sequence = 0;
  std::optional<Timestamp> last_report;
};

// What an SFU does beside sending RTP packets to one peer: sender reports on the publisher's time
// line, and the sense of what the peer answers (RFC 3550, 4585, 5104, 3611, REMB, transport-wide
// feedback). It sees no packet, only on_sent(). A stream takes little more than 200 bytes:
// there are thousands in a process.
//
// Driven by the worker that owns the peer: handle_rtcp(), then poll_rtcp() until it is false, then
// sleep until next_timeout(). Not thread-safe.
// Left out: BYE for a removed stream, because its SSRC may come back; reports of retransmission
// streams; estimating a bandwidth out of the feedback.
class SendSession {
 public:
  static constexpr uint32_t kMaxNumbers = 1024;
  static constexpr uint32_t kMaxKeyframeRequests = 64;
  static constexpr Duration kRequestWindow = 100ms;

  // `local_ssrc` sends what belongs to no stream. `cname` goes with the sender reports of streams
  // that have none of their own. Streams of one name are on one clock (RFC 3550 section 6.5.1): an
  // SFU has as many names as publishers.
  SendSession(Ssrc local_ssrc, std::string cname);

  SendStreamId add_stream(const SendStreamConfig& config);
  void remove_stream(SendStreamId id);
  std::optional<SendStreamId> find(Ssrc ssrc) const;

  // A packet of the stream went out (not a retransmission, not padding). A few nanoseconds.
  void on_sent(SendStreamId id, size_t payload_bytes, Timestamp now) {
    Stream& stream = streams_[id.value];
    if (!stream.reporting) start_reports(stream, now);
    ++stream.packets;
    stream.bytes += payload_bytes;
    stream.last_sent = now;
  }

  // At the local time `at` the publisher's clock stood at `ntp`, and this stream's (the rewritten)
  // timestamp at `rtp_timestamp`. There are no sender reports before the first of these.
  void set_clock_mapping(SendStreamId id, NtpTime ntp, uint32_t rtp_timestamp, Timestamp at);

  // Appends what the caller must do to `events`; they borrow from `message`'s bytes. A peer gets at
  // most kMaxNumbers and kMaxKeyframeRequests in kRequestWindow; what is beyond is counted and
  // left.
  void handle_rtcp(const RtcpMessage& message, Timestamp now, std::vector<SendEvent>& events);

  // Of the whole path; nullopt before the first receiver report that tells it.
  std::optional<Duration> round_trip() const { return round_trip_.smoothed(); }
  std::optional<Duration> min_round_trip(Timestamp now) { return round_trip_.minimum(now); }

  // Appends one compound of at most about 1200 bytes if anything is due. False: nothing was, and
  // `out` is as it was.
  bool poll_rtcp(Timestamp now, Bytes& out);
  std::optional<Timestamp> next_timeout() const;

  SendStats stats(SendStreamId id) const;
  // Sequence numbers and keyframe requests that were beyond the peer's share.
  uint64_t refused_requests() const { return refused_requests_; }

 private:
  struct SentReport {
    uint32_t compact_ntp = 0;
    Timestamp at;
  };
  struct Stream {
    Ssrc ssrc;
    Ssrc rtx_ssrc;
    uint32_t clock_rate = 0;
    bool used = false;
    bool has_rtx = false;
    bool has_mapping = false;
    bool reporting = false;  // sent lately
    uint8_t fraction_lost = 0;
    uint64_t packets = 0;
    uint64_t bytes = 0;
    Timestamp last_sent;
    NtpTime mapped_ntp;
    Timestamp mapped_at;
    uint32_t mapped_timestamp = 0;
    uint32_t reports_sent = 0;
    Timestamp next_report = Timestamp::max();  // max: nothing to report yet
    NtpTime last_ntp;
    std::array<SentReport, 2> sent_reports;  // the last two, for round trips
    int32_t cumulative_lost = 0;
    uint32_t jitter = 0;
    Timestamp last_report;
    uint32_t nacks_received = 0;
    uint32_t keyframe_requests_received = 0;
    uint32_t firs_received = 0;
    uint16_t highest_sequence = 0;
    bool has_report = false;
    std::string cname;
  };
  static_assert(sizeof(Stream) <= 232);

  struct PendingDlrr {
    Ssrc ssrc;
    uint32_t last_rr = 0;
    Timestamp at;
  };

  Stream* stream_of(Ssrc ssrc, SendStreamId* id);
  void start_reports(Stream& stream, Timestamp now);
  void start_window(Timestamp now);
  void handle(const RtcpNack& nack, Timestamp now, std::vector<SendEvent>& events);
  void handle_blocks(const ReportBlocks& blocks, Timestamp now);
  void handle(const RtcpExtendedReport& report, Timestamp now);
  Stream* add_keyframe_request(Ssrc ssrc, Timestamp now, std::vector<SendEvent>& events);
  bool append_report(Stream& stream, Timestamp now, Bytes& out);

  Ssrc local_ssrc_;
  std::string cname_;
  std::vector<Stream> streams_;  // by SendStreamId
  std::vector<uint32_t> free_;
  std::vector<std::pair<uint32_t, uint32_t>> by_ssrc_;  // ssrc, slot; sorted
  Timestamp next_report_ = Timestamp::max();            // the least of the streams'
  std::optional<PendingDlrr> pending_dlrr_;
  RoundTrip round_trip_;
  Timestamp window_start_;
  uint32_t numbers_ = 0;  // since then
  uint32_t keyframe_requests_ = 0;
  uint64_t refused_requests_ = 0;
};

}  // namespace gstlk::rtp
