// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/send_session.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "rtp/rtcp_writer.h"

namespace gstlk::rtp {
namespace {

constexpr Duration kEarlyInterval = 1s;
constexpr uint32_t kEarlyReports = 5;
constexpr Duration kInterval = 3s;
constexpr Duration kBatch = 200ms;  // what is due that soon goes along
constexpr Duration kSilence = 2 * kInterval;
constexpr Duration kMaxRoundTrip = 10s;
constexpr Duration kRoundingError = 1ms;
// A publisher's clock that falls back further than this was set, and is followed.
constexpr Duration kClockStep = 1s;
constexpr size_t kMaxCompound = 1200;
constexpr size_t kMaxCname = 255;
constexpr size_t kReportSize = 28 + 16;  // without the CNAME

}  // namespace

SendSession::SendSession(Ssrc local_ssrc, std::string cname)
    : local_ssrc_(local_ssrc), cname_(std::move(cname)) {}

SendStreamId SendSession::add_stream(const SendStreamConfig& config) {
  uint32_t slot = static_cast<uint32_t>(streams_.size());
  if (free_.empty()) {
    streams_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Stream& stream = streams_[slot] = {};
  stream.used = true;
  stream.ssrc = config.ssrc;
  stream.has_rtx = config.rtx_ssrc.has_value();
  stream.rtx_ssrc = config.rtx_ssrc.value_or(Ssrc(0));
  stream.clock_rate = config.clock_rate;
  stream.cname = config.cname.empty() ? cname_ : config.cname.substr(0, kMaxCname);
  const auto insert = [&](Ssrc ssrc) {
    const std::pair<uint32_t, uint32_t> item{ssrc.value, slot};
    by_ssrc_.insert(std::ranges::lower_bound(by_ssrc_, item), item);
  };
  insert(stream.ssrc);
  if (stream.has_rtx) insert(stream.rtx_ssrc);
  return SendStreamId(slot);
}

void SendSession::remove_stream(SendStreamId id) {
  assert(id.value < streams_.size() && streams_[id.value].used);
  std::erase_if(by_ssrc_, [&](const auto& item) { return item.second == id.value; });
  streams_[id.value] = {};
  free_.push_back(id.value);
}

SendSession::Stream* SendSession::stream_of(Ssrc ssrc, SendStreamId* id) {
  const std::optional<SendStreamId> found = find(ssrc);
  if (!found) return nullptr;
  *id = *found;
  return &streams_[found->value];
}

std::optional<SendStreamId> SendSession::find(Ssrc ssrc) const {
  const auto found =
      std::ranges::lower_bound(by_ssrc_, ssrc.value, {}, &std::pair<uint32_t, uint32_t>::first);
  if (found == by_ssrc_.end() || found->first != ssrc.value) return std::nullopt;
  return SendStreamId(found->second);
}

// --- Sender reports ---

void SendSession::start_reports(Stream& stream, Timestamp now) {
  stream.reporting = true;
  if (!stream.has_mapping) return;
  stream.next_report = now;
  next_report_ = std::min(next_report_, now);
}

void SendSession::set_clock_mapping(SendStreamId id, NtpTime ntp, uint32_t rtp_timestamp,
                                    Timestamp at) {
  Stream& stream = streams_[id.value];
  stream.mapped_ntp = ntp;
  stream.mapped_timestamp = rtp_timestamp;
  stream.mapped_at = at;
  if (std::exchange(stream.has_mapping, true) || !stream.reporting) return;
  start_reports(stream, at);
}

bool SendSession::append_report(Stream& stream, Timestamp now, Bytes& out) {
  const Duration elapsed = std::max<Duration>(now - stream.mapped_at, 0us);
  SenderInfo info;
  info.ntp = NtpTime{stream.mapped_ntp.value + to_ntp_interval(elapsed)};
  info.rtp_timestamp = stream.mapped_timestamp +
                       static_cast<uint32_t>(elapsed.count() * stream.clock_rate / 1'000'000);
  info.packets = static_cast<uint32_t>(stream.packets);
  info.octets = static_cast<uint32_t>(stream.bytes);
  const bool backwards = info.ntp <= stream.last_ntp;
  if (backwards && stream.last_ntp.value - info.ntp.value < to_ntp_interval(kClockStep)) {
    return false;
  }
  stream.last_ntp = info.ntp;
  stream.sent_reports[1] = stream.sent_reports[0];
  stream.sent_reports[0] = {info.ntp.compact(), now};
  RtcpWriter writer(out);
  writer.sender_report(stream.ssrc, info);
  writer.sdes_cname(stream.ssrc, stream.cname);
  return true;
}

bool SendSession::poll_rtcp(Timestamp now, Bytes& out) {
  const size_t start = out.size();
  if (now >= next_report_) {
    next_report_ = Timestamp::max();
    for (Stream& stream : streams_) {
      const bool full = out.size() - start + kReportSize + stream.cname.size() > kMaxCompound;
      if (stream.next_report <= now + kBatch && !full) {
        if (now - stream.last_sent > kSilence) {
          stream.reporting = false;  // until on_sent()
          stream.next_report = Timestamp::max();
        } else {
          append_report(stream, now, out);
          const bool early = ++stream.reports_sent <= kEarlyReports;
          stream.next_report = now + (early ? kEarlyInterval : kInterval);
        }
      }
      next_report_ = std::min(next_report_, stream.next_report);
    }
  }
  if (pending_dlrr_) {
    const DlrrItem item{.ssrc = pending_dlrr_->ssrc,
                        .last_rr = pending_dlrr_->last_rr,
                        .delay_since_last_rr =
                            static_cast<uint32_t>(to_ntp_interval(now - pending_dlrr_->at) >> 16)};
    RtcpWriter(out).dlrr(local_ssrc_, {&item, 1});
    pending_dlrr_.reset();
  }
  return out.size() > start;
}

std::optional<Timestamp> SendSession::next_timeout() const {
  if (pending_dlrr_) return Timestamp::min();
  if (next_report_ == Timestamp::max()) return std::nullopt;
  return next_report_;
}

// --- What the peer answers ---

void SendSession::handle_rtcp(const RtcpMessage& message, Timestamp now,
                              std::vector<SendEvent>& events) {
  if (const auto* report = std::get_if<RtcpReceiverReport>(&message)) {
    handle_blocks(report->blocks, now);
  } else if (const auto* report = std::get_if<RtcpSenderReport>(&message)) {
    handle_blocks(report->blocks, now);
  } else if (const auto* nack = std::get_if<RtcpNack>(&message)) {
    handle(*nack, now, events);
  } else if (const auto* pli = std::get_if<RtcpPli>(&message)) {
    add_keyframe_request(pli->media, now, events);
  } else if (const auto* fir = std::get_if<RtcpFir>(&message)) {
    for (size_t i = 0; i < fir->items.size(); ++i) {
      if (Stream* stream = add_keyframe_request(fir->items[i].ssrc, now, events))
        ++stream->firs_received;
    }
  } else if (const auto* remb = std::get_if<RtcpRemb>(&message)) {
    events.push_back(RembEstimate{remb->bitrate});
  } else if (const auto* feedback = std::get_if<RtcpTransportFeedback>(&message)) {
    if (const auto parsed = TwccFeedback::parse(feedback->fci)) events.push_back(*parsed);
  } else if (const auto* report = std::get_if<RtcpExtendedReport>(&message)) {
    handle(*report, now);
  }
}

void SendSession::start_window(Timestamp now) {
  if (now - window_start_ < kRequestWindow) return;
  window_start_ = now;
  numbers_ = keyframe_requests_ = 0;
}

void SendSession::handle(const RtcpNack& nack, Timestamp now, std::vector<SendEvent>& events) {
  SendStreamId id;
  Stream* stream = stream_of(nack.media, &id);
  if (!stream || stream->ssrc != nack.media) return;
  for (size_t i = 0; i < nack.items.size(); ++i) {
    const NackItem item = nack.items[i];
    NackRequest request{.stream = id, .ssrc = nack.media};
    request.numbers[request.count++] = item.first;
    for (uint16_t bit = 0; bit < 16; ++bit) {
      if ((item.bitmap >> bit & 1) == 0) continue;
      request.numbers[request.count++] = static_cast<uint16_t>(item.first + bit + 1);
    }
    stream->nacks_received += request.count;
    start_window(now);
    if (numbers_ + request.count <= kMaxNumbers) {
      numbers_ += request.count;
      events.push_back(request);
    } else {
      refused_requests_ += request.count;
    }
  }
}

// The stream that it is about; null when there is none.
SendSession::Stream* SendSession::add_keyframe_request(Ssrc ssrc, Timestamp now,
                                                       std::vector<SendEvent>& events) {
  SendStreamId id;
  Stream* stream = stream_of(ssrc, &id);
  if (!stream) return nullptr;
  ++stream->keyframe_requests_received;
  start_window(now);
  if (keyframe_requests_ < kMaxKeyframeRequests) {
    ++keyframe_requests_;
    events.push_back(KeyframeRequest{.stream = id, .ssrc = stream->ssrc});
  } else {
    ++refused_requests_;
  }
  return stream;
}

void SendSession::handle_blocks(const ReportBlocks& blocks, Timestamp now) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    const ReportBlock block = blocks[i];
    SendStreamId id;
    Stream* stream = stream_of(block.ssrc, &id);
    if (!stream || stream->ssrc != block.ssrc) continue;
    stream->fraction_lost = block.fraction_lost;
    stream->cumulative_lost = block.cumulative_lost;
    stream->jitter = block.jitter;
    stream->highest_sequence = static_cast<uint16_t>(block.highest_sequence);
    stream->last_report = now;
    stream->has_report = true;
    // Each stream is on its publisher's clock, so the round trip is measured on ours: by when the
    // report went out that LSR names.
    for (const SentReport& sent : stream->sent_reports) {
      if (block.last_sr == 0 || sent.compact_ntp != block.last_sr) continue;
      const Duration held = from_ntp_interval(uint64_t{block.delay_since_last_sr} << 16);
      const Duration sample = now - sent.at - held;
      if (sample < -kRoundingError || sample > kMaxRoundTrip) break;
      round_trip_.add(std::max<Duration>(sample, 0us), now);
      break;
    }
  }
}

// RFC 3611 section 4.5: a peer that sends no media learns the round trip from our answer.
void SendSession::handle(const RtcpExtendedReport& report, Timestamp now) {
  if (!report.receiver_reference_time) return;
  pending_dlrr_ = {report.sender, report.receiver_reference_time->compact(), now};
}

SendStats SendSession::stats(SendStreamId id) const {
  const Stream& stream = streams_[id.value];
  SendStats stats;
  stats.packets = stream.packets;
  stats.bytes = stream.bytes;
  stats.nacks_received = stream.nacks_received;
  stats.keyframe_requests_received = stream.keyframe_requests_received;
  stats.firs_received = stream.firs_received;
  stats.fraction_lost = stream.fraction_lost;
  stats.cumulative_lost = stream.cumulative_lost;
  stats.highest_sequence = stream.highest_sequence;
  if (stream.clock_rate > 0) {
    stats.jitter = Duration(int64_t{stream.jitter} * 1'000'000 / stream.clock_rate);
  }
  if (stream.has_report) stats.last_report = stream.last_report;
  return stats;
}

}  // namespace gstlk::rtp
