// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "rtp/nack_generator.h"
#include "rtp/packet.h"
#include "rtp/receive_media.h"
#include "rtp/receive_statistics.h"
#include "rtp/rtcp_writer.h"

namespace gstlk::rtp {

// What was negotiated for an m-line, with its formats findable by payload type.
class ReceiveMediaTable {
 public:
  explicit ReceiveMediaTable(ReceiveMedia media);

  const ReceiveMedia& media() const { return media_; }
  const ReceiveFormat* format(PayloadType type) const {
    const uint8_t index = index_[type.value & 0x7f];
    return index == kNone ? nullptr : &media_.formats[index];
  }

 private:
  static constexpr uint8_t kNone = 0xff;
  ReceiveMedia media_;
  std::array<uint8_t, 128> index_;
};

// The state of one encoding of a ReceiveSession, and what it reports. Not thread-safe.
class ReceiveStream {
 public:
  ReceiveStream(const ReceiveEncoding& encoding, size_t media_index);

  const ReceiveEncoding& encoding() const { return encoding_; }
  size_t media_index() const { return media_index_; }
  void set_media_index(size_t index) { media_index_ = index; }

  std::optional<Ssrc> ssrc() const { return ssrc_; }
  std::optional<Ssrc> rtx_ssrc() const { return rtx_ssrc_; }
  // Another SSRC is another stream: everything but the counters starts anew.
  void start(Ssrc ssrc);
  // Its SSRC said goodbye, and may go on or give way to another.
  void end();
  // It waits for one again.
  void clear_ssrcs();
  void set_rtx_ssrc(std::optional<Ssrc> ssrc) { rtx_ssrc_ = ssrc; }
  bool has_packets() const { return statistics_.started(); }
  // Something may still come late of its SSRC.
  bool was_used() const { return ended_ || has_packets(); }

  // Counts a packet of the primary stream, maybe restored. Anything but `InOrder`, `Late` and
  // `Restarted` is not for delivery.
  Arrival on_packet(const PacketView& packet, const ReceiveFormat& format, bool retransmitted,
                    Timestamp now);

  void on_sender_report(const SenderInfo& info, Timestamp now);
  const std::optional<SenderReport>& sender_report() const { return sender_report_; }

  // Empty when nothing came since the last one.
  std::optional<ReportBlock> report(Timestamp now);

  NackGenerator& nack() { return nack_; }
  const NackGenerator& nack() const { return nack_; }
  void count_nacks(size_t count) { stats_.nacks_sent += count; }
  // Appends the kind of request that was negotiated; nothing when none was.
  void write_keyframe_request(Ssrc local, RtcpWriter& writer);

  // A request came before the first packet did, or one is to be sent with the next RTCP.
  bool keyframe_wanted = false;
  bool keyframe_due = false;

  ReceiveStats stats() const;

 private:
  void reset();

  ReceiveEncoding encoding_;
  size_t media_index_;
  std::optional<Ssrc> ssrc_;
  std::optional<Ssrc> rtx_ssrc_;
  ReceiveStatistics statistics_;
  NackGenerator nack_;
  std::optional<SenderReport> sender_report_;
  bool ended_ = false;   // by BYE
  bool active_ = false;  // since the last receiver report
  bool pli_ = false;     // of the format last received
  bool fir_ = false;
  uint8_t fir_sequence_ = 0;
  ReceiveStats stats_;
};

}  // namespace gstlk::rtp
