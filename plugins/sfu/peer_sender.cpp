// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_sender.h"

#include <gst/video/video.h>

#include <algorithm>
#include <array>
#include <variant>

#include "base/prefetch.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/transport_port.h"
#include "plugins/sfu/worker.h"
#include "plugins/sfu/worker_pool.h"
#include "rtp/packet.h"

namespace gstlk::sfu {

PeerSender::PeerSender(transport::Transport& transport, WorkerPool& pool)
    : transport_(transport), session_(pool.random_ssrc(), pool.random_cname()) {}

void PeerSender::set_route(Worker& worker, const Route& route) {
  worker_ = &worker;
  route_ = route;
}

// --- a packet's way ---

void PeerSender::prefetch_next() const {
  prefetch(this, sizeof *this);
  if (const transport::SrtpSendSession* srtp = transport_.srtp_send()) srtp->prefetch_next();
}

void PeerSender::send_packet(SendStream& stream, const StagedPacket& staged) {
  const forward::ReceivedPacket& packet = staged.packet->received;
  const rtp::Codec codec = packet.descriptor.codec;
  if (codec == rtp::Codec::Red && !stream.payload(codec).known) {
    send_unwrapped(stream, staged);
  } else if (staged.retransmission ? !stream.unwrapper.was_recovered(staged.rewrite.sequence)
                                   : stream.unwrapper.admit(staged.rewrite.sequence)) {
    send_payload(stream, staged, codec, packet.payload);
  }
}

void PeerSender::send_unwrapped(SendStream& stream, const StagedPacket& staged) {
  const ByteView bytes = staged.packet->received.payload;
  const uint16_t sequence = staged.rewrite.sequence;
  if (staged.retransmission) {
    const auto red = rtp::parse_red(bytes);
    if (red && !stream.unwrapper.was_recovered(sequence))
      send_payload(stream, staged, rtp::Codec::Opus, red->primary.data);
    return;
  }
  // What is restored has no header extensions: those are of the packet that it came in.
  static const SharedPacket kBare;
  const auto unwrapped = stream.unwrapper.handle(sequence, staged.rewrite.timestamp, bytes);
  for (const rtp::UnwrappedAudio& audio : unwrapped.list()) {
    StagedPacket plain = staged;
    plain.rewrite.sequence = audio.sequence;
    plain.rewrite.timestamp = audio.timestamp;
    if (audio.recovered) {
      plain.packet = &kBare;
      plain.rewrite.marker = false;
    }
    send_payload(stream, plain, rtp::Codec::Opus, audio.payload);
  }
}

void PeerSender::send_payload(SendStream& stream, const StagedPacket& staged, rtp::Codec codec,
                              ByteView bytes) {
  transport::SrtpSendSession* srtp = transport_.srtp_send();
  const SendStream::Payload& payload = stream.payload(codec);
  if (!srtp || !route_.valid() || !payload.known || !stream.id) {
    ++stream.dropped;
    return;
  }
  const bool rtx = staged.retransmission && payload.rtx.has_value();
  // Sent again under its own index it must be the same to the last bit (RFC 7714 section 8.1), and
  // nobody knows whether the first sending said a playout delay.
  if (staged.retransmission && !rtx && stream.playout_delay_id != 0) {
    ++stream.dropped;
    return;
  }

  std::array<uint8_t, SendStream::kMaxHeader> header;
  const size_t header_size =
      stream.write_header(staged, rtx ? *payload.rtx : payload.type, rtx, worker_->now(), header);
  std::array<uint8_t, 2 + sizeof staged.rewrite.head> head;
  size_t head_size = 0;
  if (rtx) {
    // RFC 4588 section 4: the original sequence number is in front of the payload.
    store_u16(head.data(), staged.rewrite.sequence);
    head_size = 2;
    store_u16(header.data() + 2, stream.progress.rtx_sequence);
  }
  std::copy_n(staged.rewrite.head.begin(), staged.rewrite.head_size, head.begin() + head_size);
  head_size += staged.rewrite.head_size;
  const ByteView rest = bytes.subspan(std::min<size_t>(staged.rewrite.head_replaced, bytes.size()));

  const size_t size = header_size + head_size + rest.size() + srtp->rtp_overhead();
  if (size > SendBatch::kMaxDatagram) {
    ++stream.dropped;
    return;
  }
  uint8_t* out = worker_->send_batch().reserve(route_, size);
  SendProgress& progress = stream.progress;
  const uint32_t roc = rtx ? progress.rtx_srtp.roc_for(progress.rtx_sequence++)
                           : progress.srtp.roc_for(staged.rewrite.sequence);
  srtp->protect_rtp({header.data(), header_size}, {head.data(), head_size}, rest, out, roc);
  ++packets_;
  bytes_ += size;
  if (staged.retransmission) {
    ++stream.retransmitted;
  } else {
    progress.on_sent(staged.rewrite.sequence, staged.rewrite.timestamp, worker_->now());
    session_.on_sent(*stream.id, head_size + rest.size(), worker_->now());
  }
}

void PeerSender::send_rtp(SendStream& stream, ByteView bytes) {
  const auto view = rtp::PacketView::parse(bytes);
  if (!view || !stream.negotiated) return;
  SharedPacket shared;
  shared.received.bytes = bytes;
  shared.received.payload = view->payload();
  StagedPacket staged;
  staged.packet = &shared;
  staged.rewrite.marker = view->marker();
  staged.rewrite.sequence = view->sequence_number();
  staged.rewrite.timestamp = view->timestamp();
  // The payload type is the peer's; which codec it is follows from the section's first format.
  shared.received.descriptor.codec = stream.first_codec;
  send_packet(stream, staged);
}

void PeerSender::send_rtcp(Bytes& compound) {
  transport::SrtpSendSession* srtp = transport_.srtp_send();
  const size_t plain = compound.size();
  compound.resize(plain + transport::SrtpSendSession::kMaxRtcpOverhead);
  const auto size = srtp->protect_rtcp(ByteView(compound.data(), plain), compound);
  if (size) std::copy_n(compound.begin(), *size, worker_->send_batch().reserve(route_, *size));
}

// --- ports ---

void PeerSender::set_media(std::vector<MediaSection> sections) {
  sections_ = std::move(sections);
  for (const auto& port : ports_) configure(*port);
}

void PeerSender::configure(TransportPort& port) {
  SendStream& stream = port.stream();
  stream.configure(find_section(sections_, stream.config.mid));
  if (!stream.id && stream.negotiated) {
    stream.id = session_.add_stream(
        {stream.config.ssrc, stream.config.rtx_ssrc, stream.clock_rate, stream.config.cname});
  }
}

void PeerSender::add(std::shared_ptr<TransportPort> port) {
  SendStream& stream = port->stream();
  const auto before = std::ranges::find(retired_, stream.config.ssrc, &Retired::ssrc);
  if (before != retired_.end()) {
    stream.progress = before->progress;
    retired_.erase(before);
  }
  configure(*port);
  ports_.push_back(std::move(port));
}

void PeerSender::remove(const std::shared_ptr<TransportPort>& port) {
  SendStream& stream = port->stream();
  if (stream.id) session_.remove_stream(*stream.id);
  stream.id.reset();
  if (stream.progress.position) {
    if (retired_.size() == kMaxRetired) retired_.erase(retired_.begin());
    retired_.push_back({stream.config.ssrc, stream.progress});
  }
  port->detach();
  std::erase(ports_, port);
}

// Not before there are keys: what is forwarded earlier is lost, a keyframe with it.
void PeerSender::bind_ports(Worker& worker) {
  // By index: a listener may add ports.
  for (size_t i = 0; i < ports_.size(); ++i) std::shared_ptr(ports_[i])->bind(*this, worker);
}

void PeerSender::clear() {
  for (const auto& port : ports_) port->detach();
  ports_.clear();
  route_ = {};
}

TransportPort* PeerSender::find(rtp::SendStreamId id) const {
  for (const auto& port : ports_) {
    if (port->stream().id == id) return port.get();
  }
  return nullptr;
}

// --- what the peer's RTCP asks for ---

void PeerSender::act_on(std::span<const rtp::SendEvent> events) {
  for (const rtp::SendEvent& event : events) {
    if (const auto* nack = std::get_if<rtp::NackRequest>(&event)) {
      TransportPort* port = find(nack->stream);
      if (!port) continue;
      const Ref<GstPad> pad = port->pad();
      const Ssrc ssrc = port->stream().config.ssrc;
      for (uint16_t sequence : nack->sequence_numbers())
        gst_pad_push_event(pad.get(), new_retransmission_request(ssrc, sequence));
    } else if (const auto* keyframe = std::get_if<rtp::KeyframeRequest>(&event)) {
      const TransportPort* port = find(keyframe->stream);
      if (!port) continue;
      const Ref<GstPad> pad = port->pad();
      gst_pad_push_event(pad.get(),
                         gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
    }
  }
}

void PeerSender::report_playout_delays(Timestamp now) {
  for (const auto& port : ports_) {
    SendStream& stream = port->stream();
    if (!stream.id || stream.playout_delay_id == 0) continue;
    const rtp::SendStats stats = session_.stats(*stream.id);
    // What an earlier message said is still true.
    if (stats.last_report == now) {
      stream.playout_delay->on_report(stats.highest_sequence, stats.jitter, stats.packets,
                                      stats.nacks_received, now);
    }
  }
}

void PeerSender::write_stats(PeerStats& stats, Timestamp now) {
  stats.packets_sent = packets_;
  stats.bytes_sent = bytes_;
  stats.round_trip = session_.round_trip().value_or(0us);
  stats.refused_requests = session_.refused_requests();
  for (const auto& port : ports_) {
    SendStream& stream = port->stream();
    if (!stream.id) continue;
    const rtp::SendStats sent = session_.stats(*stream.id);
    stats.sent.push_back(
        {stream.config.ssrc, sent, stream.retransmitted, stream.growth.update(sent.bytes, now)});
  }
}

}  // namespace gstlk::sfu
