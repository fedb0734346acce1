// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"

// RTCP packets as values: RFC 3550 section 6 (SR, RR, SDES, BYE), RFC 4585 (NACK, PLI), RFC 5104
// (FIR), RFC 3611 (XR: RRTR and DLRR), draft-alvestrand-rmcat-remb, and transport-wide feedback,
// whose inside is in twcc.h. Those with lists borrow the bytes they were read from.
namespace gstlk::rtp {

constexpr size_t kMaxReportBlocks = 31;

struct ReportBlock {
  Ssrc ssrc;
  uint8_t fraction_lost = 0;         // of 256
  int32_t cumulative_lost = 0;       // 24 bits; negative with duplicates
  uint32_t highest_sequence = 0;     // extended
  uint32_t jitter = 0;               // in timestamp units
  uint32_t last_sr = 0;              // NtpTime::compact()
  uint32_t delay_since_last_sr = 0;  // 1/65536 s
};

// A list of equal records in a packet, each read when it is asked for.
template <class T, size_t record_size, T (*read)(ByteView record)>
class RecordView {
 public:
  RecordView() = default;
  // A rest shorter than a record is left out.
  explicit RecordView(ByteView bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size() / record_size; }
  T operator[](size_t index) const {
    return read(bytes_.subspan(index * record_size, record_size));
  }

 private:
  ByteView bytes_;
};

struct NackItem {
  uint16_t first = 0;   // PID
  uint16_t bitmap = 0;  // BLP: bit i is first + i + 1
};
struct FirItem {
  Ssrc ssrc;
  uint8_t sequence = 0;
};
struct DlrrItem {
  Ssrc ssrc;
  uint32_t last_rr = 0;
  uint32_t delay_since_last_rr = 0;
};

ReportBlock read_report_block(ByteView record);
Ssrc read_ssrc(ByteView record);
NackItem read_nack_item(ByteView record);
FirItem read_fir_item(ByteView record);
DlrrItem read_dlrr_item(ByteView record);

using ReportBlocks = RecordView<ReportBlock, 24, read_report_block>;
using SsrcList = RecordView<Ssrc, 4, read_ssrc>;
using NackItems = RecordView<NackItem, 4, read_nack_item>;
using FirItems = RecordView<FirItem, 8, read_fir_item>;
using DlrrItems = RecordView<DlrrItem, 12, read_dlrr_item>;

struct SenderInfo {
  NtpTime ntp;
  uint32_t rtp_timestamp = 0;
  uint32_t packets = 0;
  uint32_t octets = 0;
};
struct RtcpSenderReport {
  Ssrc sender;
  SenderInfo info;
  ReportBlocks blocks;
};
struct RtcpReceiverReport {
  Ssrc sender;
  ReportBlocks blocks;
};
struct RtcpSdes {  // the first chunk's CNAME
  Ssrc source;
  std::string_view cname;
};
struct RtcpBye {
  SsrcList sources;
};
struct RtcpNack {
  Ssrc sender;
  Ssrc media;
  NackItems items;
};
struct RtcpPli {
  Ssrc sender;
  Ssrc media;
};
struct RtcpFir {
  Ssrc sender;
  FirItems items;
};
struct RtcpRemb {
  Ssrc sender;
  Bitrate bitrate;
  SsrcList sources;
};
struct RtcpTransportFeedback {
  Ssrc sender;
  Ssrc media;
  ByteView fci;  // for TwccFeedback::parse
};
struct RtcpExtendedReport {
  Ssrc sender;
  std::optional<NtpTime> receiver_reference_time;  // RRTR
  DlrrItems dlrr;
};

using RtcpMessage =
    std::variant<RtcpSenderReport, RtcpReceiverReport, RtcpSdes, RtcpBye, RtcpNack, RtcpPli,
                 RtcpFir, RtcpRemb, RtcpTransportFeedback, RtcpExtendedReport>;

// Walks a datagram of RTCP. Reduced-size RTCP (RFC 5506) is taken: any packet may come first. Types
// that nobody here understands are passed over; a malformed packet is counted and passed over as
// long as its length can be believed, otherwise the walk ends.
// Not thread-safe.
class RtcpReader {
 public:
  explicit RtcpReader(ByteView compound) : rest_(compound) {}

  std::optional<RtcpMessage> next();
  uint32_t malformed() const { return malformed_; }

 private:
  ByteView rest_;
  uint32_t malformed_ = 0;
};

}  // namespace gstlk::rtp
