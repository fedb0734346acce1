// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/receive_stream.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

constexpr Duration kVideoDeadline = 1s;
constexpr Duration kAudioDeadline = 400ms;

}  // namespace

ReceiveMediaTable::ReceiveMediaTable(ReceiveMedia media) : media_(std::move(media)) {
  index_.fill(kNone);
  const size_t count = std::min<size_t>(media_.formats.size(), kNone);
  for (size_t i = 0; i < count; ++i) {
    index_[media_.formats[i].payload_type.value & 0x7f] = static_cast<uint8_t>(i);
  }
}

ReceiveStream::ReceiveStream(const ReceiveEncoding& encoding, size_t media_index)
    : encoding_(encoding),
      media_index_(media_index),
      nack_(encoding.video ? kVideoDeadline : kAudioDeadline) {}

void ReceiveStream::start(Ssrc ssrc) {
  reset();
  ssrc_ = ssrc;
}

void ReceiveStream::end() {
  reset();
  ended_ = true;
}

void ReceiveStream::clear_ssrcs() {
  reset();
  ssrc_.reset();
  rtx_ssrc_.reset();
}

void ReceiveStream::reset() {
  statistics_ = {};
  nack_.reset();
  sender_report_.reset();
  ended_ = false;
  active_ = false;
  keyframe_due = false;
}

Arrival ReceiveStream::on_packet(const PacketView& packet, const ReceiveFormat& format,
                                 bool retransmitted, Timestamp now) {
  const ReceiveStatistics::Place place = statistics_.on_packet(
      packet.sequence_number(), packet.timestamp(), format.clock_rate, retransmitted, now);
  switch (place.arrival) {
    case Arrival::Duplicate:
      ++stats_.duplicates;
      return place.arrival;
    case Arrival::TooOld:
      return place.arrival;
    case Arrival::Restarted:
      nack_.reset();
      break;
    case Arrival::Late:
      stats_.out_of_order += !retransmitted;
      break;
    case Arrival::InOrder:
      break;
  }
  if (format.nack) nack_.on_packet(place.sequence, retransmitted, now);
  pli_ = format.pli;
  fir_ = format.fir;
  active_ = true;
  ++stats_.packets;
  stats_.bytes += packet.payload_size();
  stats_.retransmitted += retransmitted;
  stats_.last_arrival = now;
  return place.arrival;
}

void ReceiveStream::on_sender_report(const SenderInfo& info, Timestamp now) {
  sender_report_ = SenderReport{info.ntp, info.rtp_timestamp, now};
}

std::optional<ReportBlock> ReceiveStream::report(Timestamp now) {
  if (!active_) return std::nullopt;
  active_ = false;
  ReportBlock block = statistics_.report();
  block.ssrc = *ssrc_;
  if (sender_report_) {
    block.last_sr = sender_report_->ntp.compact();
    block.delay_since_last_sr =
        static_cast<uint32_t>(to_ntp_interval(now - sender_report_->arrival) >> 16);
  }
  return block;
}

void ReceiveStream::write_keyframe_request(Ssrc local, RtcpWriter& writer) {
  if (pli_) {
    writer.pli(local, *ssrc_);
  } else if (fir_) {
    const FirItem item{.ssrc = *ssrc_, .sequence = fir_sequence_++};
    writer.fir(local, {&item, 1});
    ++stats_.firs_sent;
  } else {
    return;
  }
  ++stats_.keyframe_requests_sent;
}

ReceiveStats ReceiveStream::stats() const {
  ReceiveStats stats = stats_;
  if (statistics_.started()) stats.ssrc = ssrc_;
  stats.lost = statistics_.cumulative_lost();
  stats.fraction_lost = statistics_.fraction_lost();
  stats.jitter = statistics_.jitter();
  return stats;
}

}  // namespace gstlk::rtp
