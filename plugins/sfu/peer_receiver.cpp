// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_receiver.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "plugins/sfu/packet_pool.h"
#include "plugins/sfu/receive_limits.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/worker_pool.h"
#include "rtp/rtcp_writer.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

namespace gstlk::sfu {

PeerReceiver::PeerReceiver(transport::Transport& transport, WorkerPool& pool)
    : transport_(transport), pool_(pool), session_(pool.random_ssrc()) {}

// --- a packet's way ---

void PeerReceiver::handle_rtp(ByteView datagram, PacketPool& packets, Timestamp now) {
  transport::SrtpReceiveSession* srtp = transport_.srtp_receive();
  if (!srtp) return;  // before DTLS is done: nothing to open it with
  if (bucket_ && exceeds_limit(datagram.size(), now)) return;
  std::span<uint8_t> bytes;
  Ref<GstBuffer> buffer = packets.take(datagram.size(), &bytes);
  if (!buffer) {
    ++malformed_;
    return;
  }
  const auto size = srtp->unprotect_rtp(datagram, bytes);
  if (!size) {
    ++malformed_;
    return;
  }
  // Not before: anybody can send what looks as if it came from this peer.
  if (bucket_) bucket_->spend(datagram.size(), now);
  ++packets_;
  bytes_ += *size;
  const rtp::ReceiveResult result = session_.handle_rtp(bytes.first(*size), now);
  const auto* deliver = std::get_if<rtp::Deliver>(&result);
  if (!deliver) return;
  Encoding* encoding = find(deliver->encoding);
  if (!encoding) return;
  const PayloadType payload_type(deliver->packet[1] & 0x7f);
  const uint8_t* header = deliver->packet.data();
  const bool late = !encoding->newest.update(Ssrc(load_u32(header + 8)), load_u16(header + 2));
  encoding->heard = true;
  if (encoding->payload_type != payload_type && encoding->red != payload_type) {
    if (!update_caps(*encoding, payload_type, late)) return;
    announce();
    encoding = find(deliver->encoding);
    if (!encoding) return;
  }
  gst_buffer_resize(buffer.get(), deliver->packet.data() - bytes.data(),
                    static_cast<gssize>(deliver->packet.size()));
  stamp(buffer.get(), now);
  if (!encoding->pending)
    encoding->pending = Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(8));
  gst_buffer_list_add(encoding->pending.get(), buffer.release());
  has_pending_ = true;
}

void PeerReceiver::stamp(GstBuffer* buffer, Timestamp now) const {
  const int64_t base = base_time_.load(std::memory_order_relaxed);
  if (base < 0) return;
  const auto running = static_cast<GstClockTime>(now.time_since_epoch().count() * 1000 - base);
  GST_BUFFER_PTS(buffer) = running;
  GST_BUFFER_DTS(buffer) = running;
}

// The caps follow what is really sent, because several formats may have been negotiated. Its pushes
// may reconfigure this session: `encoding` is not to be used afterwards.
bool PeerReceiver::update_caps(Encoding& encoding, PayloadType payload_type, bool late) {
  const MediaSection* media = find_section(sections_, encoding.mid);
  const MediaSection::Format* format = media ? media->find(payload_type) : nullptr;
  if (!format) return false;
  if (format->receive.codec == rtp::Codec::Red) {
    // RED is a wrapping: the stream is what is inside, and its packets say themselves that they
    // are.
    format = media->find(rtp::Codec::Opus);
    if (!format) return false;
    const MediaSection::Format* current =
        encoding.payload_type ? media->find(*encoding.payload_type) : nullptr;
    if (current && current->receive.codec == rtp::Codec::Opus) {
      encoding.red = payload_type;
      return true;
    }
  }
  if (encoding.payload_type == format->receive.payload_type) return true;
  // Of the codec before a change: it would only be changed back and forth.
  if (encoding.payload_type && late) return false;
  push_caps(encoding, *media, *format);
  return true;
}

// What was received before comes first. Nothing of this session is touched after the first push.
void PeerReceiver::push_caps(Encoding& encoding, const MediaSection& media,
                             const MediaSection::Format& format) {
  const Ref<GstPad> pad = encoding.pad;
  Ref<GstBufferList> pending = std::move(encoding.pending);
  const auto caps = Ref<GstCaps>::adopt(media.caps(encoding.rid, format));
  const bool first = !encoding.payload_type;
  encoding.payload_type = format.receive.payload_type;
  encoding.red.reset();
  if (pending) gst_pad_push_list(pad.get(), pending.release());
  gst_pad_push_event(pad.get(), gst_event_new_caps(caps.get()));
  if (!first) return;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(pad.get(), gst_event_new_segment(&segment));
}

void PeerReceiver::announce() {
  // A push may reconfigure this session: look again by index.
  for (size_t i = 0; i < encodings_.size(); ++i) announce(encodings_[i]);
}

void PeerReceiver::announce(const GstPad* pad) {
  const auto found = std::ranges::find_if(
      encodings_, [&](const Encoding& encoding) { return encoding.pad.get() == pad; });
  if (found == encodings_.end()) return;
  if (!found->payload_type) return announce(*found);
  // A codec was changed while this encoding was not sent: what is sent says which it is.
  const bool outdated = std::ranges::any_of(encodings_, [&](const Encoding& other) {
    return other.mid == found->mid && other.payload_type != found->payload_type;
  });
  if (outdated) return;
  const Ref<GstPad> source = found->pad;
  GstEvent* caps = gst_pad_get_sticky_event(source.get(), GST_EVENT_CAPS, 0);
  if (caps) gst_pad_push_event(source.get(), caps);
}

// As what comes in another encoding of its m-line, if something does.
void PeerReceiver::announce(Encoding& encoding) {
  if (encoding.heard) return;
  const MediaSection* media = find_section(sections_, encoding.mid);
  if (!media) return;
  const auto beside = std::ranges::find_if(encodings_, [&](const Encoding& other) {
    return other.mid == encoding.mid && other.heard && other.payload_type;
  });
  const MediaSection::Format* format =
      beside == encodings_.end() ? media->preferred() : media->find(*beside->payload_type);
  if (format && encoding.payload_type != format->receive.payload_type)
    push_caps(encoding, *media, *format);
}

void PeerReceiver::push_pending() {
  if (!std::exchange(has_pending_, false)) return;
  // A push may reconfigure this session through an element's signal: look again by index.
  for (size_t i = 0; i < encodings_.size(); ++i) {
    if (!encodings_[i].pending) continue;
    const Ref<GstPad> pad = encodings_[i].pad;
    gst_pad_push_list(pad.get(), encodings_[i].pending.release());
  }
}

// --- the limit ---

void PeerReceiver::set_bitrate_limit(Bitrate limit) {
  limit_ = limit;
  // Bitrate estimates swing, and headers and retransmissions come on top: a quarter more is no
  // offence, nor is a keyframe.
  bucket_ = receive_bucket(limit.bps / 8 * 5 / 4);
}

bool PeerReceiver::exceeds_limit(size_t size, Timestamp now) {
  if (bucket_->wait_for(size, now) == Duration::zero()) return false;
  if (over_limit_++ == 0) {
    GST_WARNING("a peer sends more than the %" G_GUINT64_FORMAT
                " bit/s that it may and was asked for: what is above is dropped",
                limit_.bps);
  }
  pool_.count_over_limit();
  return true;
}

// draft-alvestrand-rmcat-remb-03: clients take it for the upper end of what they estimate.
bool PeerReceiver::append_bitrate_limit(Bytes& out) const {
  if (!bucket_) return false;
  std::vector<Ssrc> sources;
  for (const Encoding& encoding : encodings_) {
    const auto stats = session_.stats(encoding.id);
    if (stats && stats->ssrc) sources.push_back(*stats->ssrc);
  }
  if (sources.empty()) return false;
  // "All RTCP packets MUST be sent in a compound" (RFC 3550 section 6.1), which begins with a
  // report.
  rtp::RtcpWriter writer(out);
  const Ssrc local = session_.local_ssrc();
  writer.receiver_report(local, {});
  writer.remb(local, limit_, sources);
  return true;
}

// --- encodings ---

void PeerReceiver::set_media(const std::vector<MediaSection>& sections,
                             const std::vector<EncodingPad>& pads) {
  push_pending();
  sections_ = sections;
  std::vector<rtp::ReceiveMedia> media;
  for (const MediaSection& section : sections_) {
    if (section.receive && !section.application) media.push_back(section.to_receive_media());
  }
  session_.set_media(std::move(media));
  std::vector<Encoding> encodings;
  for (const rtp::ReceiveEncoding& received : session_.encodings()) {
    const auto pad = std::ranges::find_if(pads, [&](const EncodingPad& candidate) {
      return candidate.mid == received.mid && candidate.rid == received.rid;
    });
    if (pad == pads.end()) continue;
    Encoding encoding;
    encoding.id = received.id;
    encoding.mid = received.mid;
    encoding.rid = received.rid;
    encoding.pad = pad->pad;
    if (const Encoding* old = find(received.id)) {
      encoding.payload_type = old->payload_type;
      encoding.heard = old->heard;
      encoding.newest = old->newest;
      encoding.growth = old->growth;
    }
    encodings.push_back(std::move(encoding));
  }
  encodings_ = std::move(encodings);
}

void PeerReceiver::clear() {
  for (Encoding& encoding : encodings_) encoding.pending.reset();
  encodings_.clear();
  has_pending_ = false;
}

void PeerReceiver::push_sender_reports(std::span<const rtp::EncodingId> ids) {
  for (const rtp::EncodingId id : ids) {
    const Encoding* encoding = find(id);
    const auto report = session_.sender_report(id);
    if (!encoding || !report) continue;
    const Ref<GstPad> pad = encoding->pad;
    gst_pad_push_event(pad.get(), new_sender_report(report->ntp, report->rtp_timestamp));
  }
}

void PeerReceiver::request_keyframe(const GstPad* pad, Timestamp now) {
  for (const Encoding& encoding : encodings_) {
    if (encoding.pad.get() == pad) session_.request_keyframe(encoding.id, now);
  }
}

void PeerReceiver::on_keyframe(const GstPad* pad) {
  for (const Encoding& encoding : encodings_) {
    if (encoding.pad.get() == pad) session_.on_keyframe(encoding.id);
  }
}

void PeerReceiver::write_stats(PeerStats& stats, Timestamp now) {
  stats.packets_received = packets_;
  stats.bytes_received = bytes_;
  stats.malformed += malformed_;
  stats.over_limit = over_limit_;
  for (Encoding& encoding : encodings_) {
    if (auto received = session_.stats(encoding.id)) {
      stats.received.push_back(
          {encoding.mid, encoding.rid, *received, encoding.growth.update(received->bytes, now)});
    }
  }
}

PeerReceiver::Encoding* PeerReceiver::find(rtp::EncodingId id) {
  for (Encoding& encoding : encodings_) {
    if (encoding.id == id) return &encoding;
  }
  return nullptr;
}

}  // namespace gstlk::sfu
