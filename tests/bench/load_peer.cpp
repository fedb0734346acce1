// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load_peer.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "clock.h"
#include "rtp/rtcp.h"
#include "rtp/rtcp_writer.h"
#include "transport/demux.h"

namespace gstlk::bench {
namespace {

// A subscriber that only counts reads the first datagram of a message, which may be STUN or DTLS.
constexpr size_t kCountLimit = 1500;
constexpr Duration kRtcpInterval = 1s;
constexpr Ssrc kReceiverSsrc{0x10ad10ad};
constexpr uint64_t kNtpUnixOffset = 2'208'988'800;

void fill_random(std::span<uint8_t> out) { RAND_bytes(out.data(), static_cast<int>(out.size())); }

NtpTime read_ntp() {
  const int64_t ns = read_nanoseconds(CLOCK_REALTIME);
  return NtpTime{to_ntp_interval(Duration(ns / 1000)) + (kNtpUnixOffset << 32)};
}

}  // namespace

PeerCounters& PeerCounters::operator+=(const PeerCounters& other) {
  sent += other.sent;
  received += other.received;
  received_bytes += other.received_bytes;
  messages += other.messages;
  nacks += other.nacks;
  keyframe_requests += other.keyframe_requests;
  decrypted += other.decrypted;
  unreadable += other.unreadable;
  missing += other.missing;
  return *this;
}

transport::Transport::Config LoadPeer::transport_config(transport::DtlsContext* dtls) {
  transport::Transport::Config config;
  config.dtls = dtls;
  config.random = fill_random;
  config.ice_client = true;
  config.dtls_role = transport::DtlsRole::Client;
  config.sctp_wakeup = {[](void* flag) { *static_cast<std::atomic<bool>*>(flag) = true; },
                        &sctp_wake_};
  return config;
}

LoadPeer::LoadPeer(const Config& config)
    : transport_(transport_config(config.dtls)),
      socket_(config.server, {.gro = config.gro, .timestamps = config.sampling}),
      sampling_(config.sampling),
      kind_(config.kind),
      source_states_(config.publish.size()),
      packet_(2048) {
  for (const MediaSource::Config& source : config.publish) sources_.emplace_back(source);
}

void LoadPeer::start(const Remote& remote, Timestamp now) {
  transport_.set_remote_ice(remote.ice);
  // One that cannot be read shows as a peer that never connects.
  [[maybe_unused]] const bool ok = transport_.set_remote_fingerprint(remote.fingerprint);
  transport_.set_remote_address(socket_.path());
  if (remote.data_channels) transport_.enable_data_channels();
  started_ = true;
  handle_time(now);
}

void LoadPeer::flush() {
  while (const auto datagram = transport_.poll_output()) socket_.send(datagram->bytes);
  while (transport_.poll_event()) {
  }
}

void LoadPeer::handle_time(Timestamp now) {
  if (sctp_wake_.exchange(false)) flush();
  if (!started_ || now < next_time_) return;
  transport_.handle_timeout(now);
  flush();
  if (transport_.connected() && now >= next_rtcp_) {
    next_rtcp_ = now + kRtcpInterval;
    send_rtcp(now);
  }
  next_time_ = std::max(transport_.next_timeout(now).value_or(now + kRtcpInterval), now);
  if (transport_.connected()) next_time_ = std::min(next_time_, next_rtcp_);
}

void LoadPeer::handle_readable(ReceiveArea& area, Timestamp now) {
  const bool everything = sampling_ || publishes() || !transport_.connected();
  const size_t limit = everything ? ReceiveArea::kMessageSize : kCountLimit;
  for (const MediaSocket::Message& message : socket_.receive(area, limit))
    handle_message(message, now);
}

void LoadPeer::handle_message(const MediaSocket::Message& message, Timestamp now) {
  ++counters_.messages;
  const transport::PacketKind kind = transport::classify(message.bytes);
  if (kind == transport::PacketKind::Rtp) return handle_rtp(message, now);
  for (size_t at = 0; at < message.bytes.size(); at += message.segment_size) {
    const size_t size = std::min(message.segment_size, message.bytes.size() - at);
    const ByteView datagram = message.bytes.subspan(at, size);
    if (transport::classify(datagram) == transport::PacketKind::Rtcp) {
      handle_rtcp(datagram);
    } else {
      transport_.handle_datagram(datagram, socket_.path(), now);
    }
  }
  flush();
  next_time_ = std::min(next_time_, transport_.next_timeout(now).value_or(next_time_));
}

void LoadPeer::handle_rtp(const MediaSocket::Message& message, Timestamp now) {
  // Media packets of a frame have one size: a shorter one behind them is something else.
  const size_t count = message.size / message.segment_size;
  counters_.received += count;
  counters_.received_bytes += count * message.segment_size;
  if (message.bytes.size() >= MediaSource::kHeader) heard_ssrc_ = load_u32(&message.bytes[8]);
  if (!sampling_) {
    if (!first_media_) first_media_ = read_clock();
    return;
  }
  for (size_t at = 0; at < message.bytes.size(); at += message.segment_size) {
    const size_t size = std::min(message.segment_size, message.bytes.size() - at);
    const ByteView datagram = message.bytes.subspan(at, size);
    if (transport::classify(datagram) == transport::PacketKind::Rtp)
      sample(datagram, message.arrival_ns, now);
  }
}

void LoadPeer::sample(ByteView datagram, int64_t arrival_ns, Timestamp) {
  transport::SrtpReceiveSession* srtp = transport_.srtp_receive();
  const auto size = srtp ? srtp->unprotect_rtp(datagram, packet_) : std::nullopt;
  if (!size) {
    ++counters_.unreadable;
    return;
  }
  if (!first_media_) first_media_ = read_clock();
  ++counters_.decrypted;
  const ByteView packet(packet_.data(), *size);
  const uint16_t sequence = load_u16(&packet[2]);
  Received& stream = received_[load_u32(&packet[8])];
  if (stream.count++ == 0) {
    stream.first = sequence;
    stream.highest = sequence;
  }
  const int64_t extended =
      stream.highest + static_cast<int16_t>(sequence - static_cast<uint16_t>(stream.highest));
  stream.highest = std::max(stream.highest, extended);
  const auto sent = MediaSource::sent_time(packet, kind_);
  if (sent && arrival_ns > 0) delays_.push_back(static_cast<double>(arrival_ns - *sent) / 1e6);
}

void LoadPeer::handle_rtcp(ByteView datagram) {
  transport::SrtpReceiveSession* srtp = transport_.srtp_receive();
  if (!srtp || sources_.empty()) return;
  const auto size = srtp->unprotect_rtcp(datagram, packet_);
  if (!size) {
    ++counters_.unreadable;
    return;
  }
  rtp::RtcpReader reader(ByteView(packet_.data(), *size));
  while (const auto message = reader.next()) {
    if (std::holds_alternative<rtp::RtcpNack>(*message)) ++counters_.nacks;
    if (!std::holds_alternative<rtp::RtcpPli>(*message) &&
        !std::holds_alternative<rtp::RtcpFir>(*message))
      continue;
    ++counters_.keyframe_requests;
    for (MediaSource& source : sources_) source.request_keyframe();
  }
}

// A publisher's sender reports, a subscriber's receiver reports: what a client sends once a second.
void LoadPeer::send_rtcp(Timestamp) {
  transport::SrtpSendSession* srtp = transport_.srtp_send();
  if (!srtp) return;
  Bytes compound;
  rtp::RtcpWriter writer(compound);
  for (const MediaSource& source : sources_) {
    rtp::SenderInfo info;
    info.ntp = read_ntp();
    info.rtp_timestamp = source.timestamp();
    info.packets = static_cast<uint32_t>(counters_.sent);
    writer.sender_report(source.config().ssrc, info);
    writer.sdes_cname(source.config().ssrc, "load");
  }
  if (sources_.empty() && heard_ssrc_ != 0) {
    const rtp::ReportBlock block{.ssrc = Ssrc(heard_ssrc_)};
    writer.receiver_report(kReceiverSsrc, {&block, 1});
  }
  if (compound.empty()) return;
  const size_t plain = compound.size();
  compound.resize(plain + transport::SrtpSendSession::kMaxRtcpOverhead);
  const auto size = srtp->protect_rtcp(ByteView(compound.data(), plain), compound);
  if (size) socket_.send(ByteView(compound.data(), *size));
}

void LoadPeer::send_frame() {
  transport::SrtpSendSession* srtp = transport_.srtp_send();
  if (!srtp) return;
  for (size_t i = 0; i < sources_.size(); ++i) {
    MediaSource& source = sources_[i];
    const size_t size = source.config().packet_size + srtp->rtp_overhead();
    frame_.resize(size * source.config().burst);
    const int64_t now_ns = read_nanoseconds(CLOCK_REALTIME);
    for (unsigned index = 0; index < source.config().burst; ++index) {
      source.write(index, now_ns, packet_.data());
      const ByteView packet(packet_.data(), source.config().packet_size);
      srtp->protect_rtp(packet.first(MediaSource::kHeader), {},
                        packet.subspan(MediaSource::kHeader), frame_.data() + index * size,
                        source_states_[i].roc_for(load_u16(&packet[2])));
    }
    socket_.send_all(frame_, size);
    counters_.sent += source.config().burst;
  }
}

PeerCounters LoadPeer::counters() const {
  PeerCounters counters = counters_;
  for (const auto& [ssrc, stream] : received_) {
    const uint64_t expected = static_cast<uint64_t>(stream.highest - stream.first + 1);
    counters.missing += expected - std::min(expected, stream.count);
  }
  return counters;
}

void LoadPeer::reset_counters() {
  counters_ = {};
  received_.clear();
  delays_.clear();
  drops_at_reset_ = socket_.kernel_drops();
}

}  // namespace gstlk::bench
