// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/receive_session.h"

#include <algorithm>
#include <utility>

#include "rtp/retransmission.h"

namespace gstlk::rtp {
namespace {

constexpr Duration kReportInterval = 1s;
constexpr size_t kMaxCompound = 1200;
constexpr size_t kMaxNacksAtOnce = 60;       // 240 bytes if none are neighbours
constexpr size_t kKeyframeRequestSize = 20;  // of a FIR
constexpr size_t kFeedbackHeader = 16;       // with padding

}  // namespace

void ReceiveSession::set_media(std::vector<ReceiveMedia> media) {
  demux_.set_media(std::move(media));
  report_cursor_ = 0;
  set_round_trip(round_trip_);
}

// --- RTP ---

ReceiveResult ReceiveSession::handle_rtp(std::span<uint8_t> bytes, Timestamp now) {
  const std::optional<PacketView> packet = PacketView::parse(bytes);
  if (!packet) return drop(DropReason::Malformed);
  const auto transport_sequence = read_transport_sequence(
      find_extension(*packet, demux_.extensions(), ExtensionType::TransportCc));
  if (transport_sequence) {
    feedback_media_ = packet->ssrc();
    twcc_.on_packet(*transport_sequence, now);
  }
  const SsrcTable::Entry* entry = demux_.find(*packet);
  if (!entry) return drop(DropReason::UnknownStream);
  if (entry->role == SsrcTable::Role::Stale) return drop(DropReason::StaleStream);
  ReceiveStream& stream = *entry->stream;
  const ReceiveFormat* format = demux_.format(stream, packet->payload_type());
  const bool rtx = entry->role == SsrcTable::Role::Rtx;
  if (!format || (format->codec == Codec::Rtx) != rtx) return drop(DropReason::UnknownPayloadType);
  return rtx ? handle_rtx(stream, *packet, *format, bytes, now)
             : handle_primary(stream, *packet, *format, bytes, false, now);
}

ReceiveResult ReceiveSession::handle_primary(ReceiveStream& stream, const PacketView& packet,
                                             const ReceiveFormat& format, std::span<uint8_t> bytes,
                                             bool retransmitted, Timestamp now) {
  switch (stream.on_packet(packet, format, retransmitted, now)) {
    case Arrival::Duplicate:
      return drop(DropReason::Duplicate);
    case Arrival::TooOld:
      return drop(DropReason::TooOld);
    case Arrival::InOrder:
    case Arrival::Late:
    case Arrival::Restarted:
      break;
  }
  if (next_report_ == Timestamp::max()) next_report_ = now + kReportInterval;
  if (stream.keyframe_wanted || (stream.nack().take_gave_up() && stream.encoding().video)) {
    stream.keyframe_wanted = false;
    request_keyframe(stream, now);
  }
  return Deliver{stream.encoding().id, bytes, retransmitted};
}

ReceiveResult ReceiveSession::handle_rtx(ReceiveStream& stream, const PacketView& packet,
                                         const ReceiveFormat& format, std::span<uint8_t> bytes,
                                         Timestamp now) {
  // What is repaired must have begun.
  if (!stream.has_packets()) {
    const bool probe = packet.payload_size() <= kRtxOverhead;
    return drop(probe ? DropReason::PaddingOnly : DropReason::TooOld);
  }
  const ReceiveFormat* original = format.apt ? demux_.format(stream, *format.apt) : nullptr;
  if (!original) return drop(DropReason::UnknownPayloadType);
  const auto restored = restore_rtx(bytes, packet, original->payload_type, *stream.ssrc());
  if (!restored) return drop(DropReason::PaddingOnly);
  const std::optional<PacketView> view = PacketView::parse(*restored);
  if (!view) return drop(DropReason::Malformed);
  return handle_primary(stream, *view, *original, *restored, true, now);
}

// --- RTCP from the peer, and what others ask for ---

std::optional<EncodingId> ReceiveSession::handle_sender_report(const RtcpSenderReport& report,
                                                               Timestamp now) {
  const SsrcTable::Entry* entry = demux_.find(report.sender);
  if (!entry || entry->role != SsrcTable::Role::Primary) return std::nullopt;
  entry->stream->on_sender_report(report.info, now);
  return entry->stream->encoding().id;
}

void ReceiveSession::request_keyframe(ReceiveStream& stream, Timestamp now) {
  if (!stream.has_packets()) {
    stream.keyframe_wanted = true;
    return;
  }
  if (throttle_.request(*stream.ssrc(), now, keyframe_interval(stream.encoding())))
    stream.keyframe_due = keyframe_due_ = true;
}

std::optional<Duration> ReceiveSession::keyframe_interval(const ReceiveEncoding& encoding) const {
  size_t layer = 0;
  for (const ReceiveEncoding& other : encodings()) {
    if (other.id == encoding.id) break;
    if (other.mid == encoding.mid) ++layer;
  }
  const Duration interval = keyframe_intervals_[std::min(layer, keyframe_intervals_.size() - 1)];
  return interval > 0us ? std::optional(interval) : std::nullopt;
}

void ReceiveSession::set_round_trip(Duration round_trip) {
  round_trip_ = std::clamp<Duration>(round_trip, 1ms, 2s);
  for (const auto& stream : demux_.streams()) stream->nack().set_round_trip(round_trip_);
}

// --- RTCP to the peer ---

bool ReceiveSession::poll_rtcp(Timestamp now, Bytes& out) {
  const size_t start = out.size();
  const size_t end = start + kMaxCompound;
  RtcpWriter writer(out);
  append_report(now, writer);
  append_keyframe_requests(now, end, writer);
  append_nacks(now, end, writer);
  append_feedback(now, end, writer);
  return out.size() > start;
}

void ReceiveSession::append_report(Timestamp now, RtcpWriter& writer) {
  if (now < next_report_) return;
  std::array<ReportBlock, kMaxReportBlocks> blocks;
  size_t count = 0;
  while (report_cursor_ < demux_.streams().size() && count < blocks.size()) {
    if (const auto block = demux_.streams()[report_cursor_++]->report(now))
      blocks[count++] = *block;
  }
  reported_ = reported_ || count > 0;
  if (count > 0) writer.receiver_report(local_ssrc_, std::span(blocks).first(count));
  if (report_cursor_ < demux_.streams().size()) return;
  report_cursor_ = 0;
  next_report_ = std::exchange(reported_, false) ? now + kReportInterval : Timestamp::max();
}

void ReceiveSession::append_keyframe_requests(Timestamp now, size_t end, RtcpWriter& writer) {
  while (const auto ssrc = throttle_.poll(now)) {
    const SsrcTable::Entry* entry = demux_.find(*ssrc);
    if (entry && entry->stream) entry->stream->keyframe_due = keyframe_due_ = true;
  }
  if (!keyframe_due_) return;
  keyframe_due_ = false;
  for (const auto& stream : demux_.streams()) {
    if (!stream->keyframe_due) continue;
    if (writer.size() + kKeyframeRequestSize > end) {
      keyframe_due_ = true;  // the rest goes into the next compound
      return;
    }
    stream->keyframe_due = false;
    if (stream->has_packets()) stream->write_keyframe_request(local_ssrc_, writer);
  }
}

void ReceiveSession::append_nacks(Timestamp now, size_t end, RtcpWriter& writer) {
  for (const auto& stream : demux_.streams()) {
    if (writer.size() + 12 + 4 * kMaxNacksAtOnce > end) return;
    nack_numbers_.clear();
    stream->nack().poll(now, kMaxNacksAtOnce, nack_numbers_);
    if (stream->nack().take_gave_up() && stream->encoding().video) request_keyframe(*stream, now);
    if (nack_numbers_.empty()) continue;
    writer.nack(local_ssrc_, *stream->ssrc(), nack_numbers_);
    stream->count_nacks(nack_numbers_.size());
  }
}

void ReceiveSession::append_feedback(Timestamp now, size_t end, RtcpWriter& writer) {
  if (feedback_.empty() && !twcc_.poll(now, feedback_)) return;
  // What does not fit goes into a datagram of its own, even if it is a little longer.
  const size_t start = end - kMaxCompound;
  if (writer.size() > start && writer.size() + kFeedbackHeader + feedback_.size() > end) return;
  writer.transport_feedback(local_ssrc_, feedback_media_, feedback_);
  feedback_.clear();
}

std::optional<Timestamp> ReceiveSession::next_timeout() const {
  Timestamp next = next_report_;
  if (keyframe_due_ || !feedback_.empty()) next = Timestamp::min();
  const auto include = [&](std::optional<Timestamp> t) { next = std::min(next, t.value_or(next)); };
  include(throttle_.next_timeout());
  include(twcc_.next_timeout());
  for (const auto& stream : demux_.streams()) include(stream->nack().next_timeout());
  if (next == Timestamp::max()) return std::nullopt;
  return next;
}

// --- What an owner asks ---

std::optional<SenderReport> ReceiveSession::sender_report(EncodingId encoding) const {
  const ReceiveStream* stream = demux_.stream(encoding);
  return stream ? stream->sender_report() : std::nullopt;
}

void ReceiveSession::request_keyframe(EncodingId encoding, Timestamp now) {
  if (ReceiveStream* stream = demux_.stream(encoding)) request_keyframe(*stream, now);
}

void ReceiveSession::on_keyframe(EncodingId encoding) {
  const ReceiveStream* stream = demux_.stream(encoding);
  if (stream && stream->ssrc()) throttle_.on_keyframe(*stream->ssrc());
}

std::optional<ReceiveStats> ReceiveSession::stats(EncodingId encoding) const {
  const ReceiveStream* stream = demux_.stream(encoding);
  return stream ? std::optional(stream->stats()) : std::nullopt;
}

}  // namespace gstlk::rtp
