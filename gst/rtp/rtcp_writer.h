// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "rtp/rtcp.h"

namespace gstlk::rtp {

// Appends RTCP packets to a caller's bytes, which make one compound. Does not look at the size of
// the datagram: the sessions do, by size().
// Not thread-safe.
class RtcpWriter {
 public:
  explicit RtcpWriter(Bytes& out) : out_(out), writer_(out) {}

  size_t size() const { return out_.size(); }

  // More than 31 blocks continue in receiver reports of the same sender.
  void sender_report(Ssrc sender, const SenderInfo& info, std::span<const ReportBlock> blocks = {});
  void receiver_report(Ssrc sender, std::span<const ReportBlock> blocks);
  // `cname` of at most 255 bytes.
  void sdes_cname(Ssrc source, std::string_view cname);
  // At most 31 sources.
  void bye(std::span<const Ssrc> sources);
  // Ascending sequence numbers pack best: 17 neighbours take four bytes.
  void nack(Ssrc sender, Ssrc media, std::span<const uint16_t> sequence_numbers);
  void pli(Ssrc sender, Ssrc media);
  void fir(Ssrc sender, std::span<const FirItem> items);
  void remb(Ssrc sender, Bitrate bitrate, std::span<const Ssrc> sources);
  // `fci` as TwccReceiver builds it; it is padded to four bytes here.
  void transport_feedback(Ssrc sender, Ssrc media, ByteView fci);
  void receiver_reference_time(Ssrc sender, NtpTime ntp);
  void dlrr(Ssrc sender, std::span<const DlrrItem> items);

 private:
  size_t begin(uint8_t count, uint8_t type, Ssrc sender);
  void end(size_t start);
  void report_block(const ReportBlock& block);

  Bytes& out_;
  ByteWriter writer_;
};

}  // namespace gstlk::rtp
