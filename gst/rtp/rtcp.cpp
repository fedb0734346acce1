// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/rtcp.h"

namespace gstlk::rtp {
namespace {

enum PacketType : uint8_t {
  kSenderReport = 200,
  kReceiverReport = 201,
  kSdes = 202,
  kBye = 203,
  kTransportFeedback = 205,  // RTPFB
  kPayloadFeedback = 206,    // PSFB
  kExtendedReport = 207,
};

constexpr uint32_t kRembIdentifier = 0x52454d42;  // "REMB"

// One packet's parse: a message, or nothing because it is malformed, or nothing because nobody here
// understands it.
struct Parsed {
  std::optional<RtcpMessage> message;
  bool malformed = false;
};
constexpr auto malformed() { return Parsed{.message = {}, .malformed = true}; }

//         0                   1                   2                   3
//         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// header |V=2|P|    RC   |   PT=SR=200   |             length            |
//        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//        |                         SSRC of sender                        |
//        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// sender |              NTP timestamp, most significant word             |
// info   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//        |             NTP timestamp, least significant word             |
//        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//        |                         RTP timestamp                         |
//        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//        |                     sender's packet count                     |
//        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//        |                      sender's octet count                     |
//        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// RFC 3550 section 6.4.1; RC report blocks follow.
Parsed parse_sender_report(uint8_t count, ByteReader body) {
  RtcpSenderReport report{.sender = Ssrc(body.u32())};
  report.info.ntp = NtpTime{body.u64()};
  report.info.rtp_timestamp = body.u32();
  report.info.packets = body.u32();
  report.info.octets = body.u32();
  report.blocks = ReportBlocks(body.bytes(24u * count));
  if (!body.ok()) return malformed();
  return {report};
}

// RFC 3550 section 6.4.2.
Parsed parse_receiver_report(uint8_t count, ByteReader body) {
  RtcpReceiverReport report{.sender = Ssrc(body.u32())};
  report.blocks = ReportBlocks(body.bytes(24u * count));
  if (!body.ok()) return malformed();
  return {report};
}

// RFC 3550 section 6.5.
Parsed parse_sdes(uint8_t count, ByteReader body) {
  constexpr uint8_t kCname = 1;
  if (count == 0) return {};
  RtcpSdes sdes{.source = Ssrc(body.u32())};
  while (body.ok()) {
    const uint8_t item = body.u8();
    if (item == 0) break;
    const ByteView text = body.bytes(body.u8());
    if (item == kCname) sdes.cname = as_text(text);
  }
  if (!body.ok()) return malformed();
  return {sdes};
}

// RFC 3550 section 6.6. The reason is not read.
Parsed parse_bye(uint8_t count, ByteReader body) {
  const RtcpBye bye{.sources = SsrcList(body.bytes(4u * count))};
  if (!body.ok()) return malformed();
  return {bye};
}

//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |V=2|P|   FMT   |       PT      |          length               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                  SSRC of packet sender                        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                  SSRC of media source                         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   :            Feedback Control Information (FCI)                 :
// RFC 4585 section 6.1.
Parsed parse_transport_feedback(uint8_t format, ByteReader body) {
  constexpr uint8_t kGenericNack = 1;
  constexpr uint8_t kTransportWide = 15;
  const Ssrc sender(body.u32());
  const Ssrc media(body.u32());
  if (!body.ok()) return malformed();
  if (format == kGenericNack) {
    if (body.remaining() < 4) return malformed();
    return {RtcpNack{sender, media, NackItems(body.rest())}};
  }
  if (format == kTransportWide) return {RtcpTransportFeedback{sender, media, body.rest()}};
  return {};
}

//   |  Unique identifier 'R' 'E' 'M' 'B'                            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Num SSRC     | BR Exp    |  BR Mantissa                      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   SSRC feedback                                               |
// draft-alvestrand-rmcat-remb-03 section 2.2.
Parsed parse_remb(Ssrc sender, ByteReader fci) {
  fci.skip(4);
  const uint8_t sources = fci.u8();
  const uint32_t rate = fci.u24();
  RtcpRemb remb{.sender = sender, .sources = SsrcList(fci.bytes(4u * sources))};
  const uint32_t exponent = rate >> 18;
  const uint64_t mantissa = rate & 0x3ffff;
  if (!fci.ok() || exponent > 63 - 18) return malformed();
  remb.bitrate = Bitrate{mantissa << exponent};
  return {remb};
}

Parsed parse_payload_feedback(uint8_t format, ByteReader body) {
  constexpr uint8_t kPli = 1;  // RFC 4585 section 6.3.1
  constexpr uint8_t kFir = 4;  // RFC 5104 section 4.3.1
  constexpr uint8_t kApplication = 15;
  const Ssrc sender(body.u32());
  const Ssrc media(body.u32());
  if (!body.ok()) return malformed();
  switch (format) {
    case kPli:
      return {RtcpPli{sender, media}};
    case kFir:
      if (body.remaining() < 8) return malformed();
      return {RtcpFir{sender, FirItems(body.rest())}};
    case kApplication:
      if (body.remaining() < 8 || load_u32(body.rest().data()) != kRembIdentifier) return {};
      return parse_remb(sender, ByteReader(body.rest()));
    default:
      return {};
  }
}

// RFC 3611 sections 2, 4.4 and 4.5.
Parsed parse_extended_report(ByteReader body) {
  constexpr uint8_t kReceiverReferenceTime = 4;
  constexpr uint8_t kDlrr = 5;
  RtcpExtendedReport report{.sender = Ssrc(body.u32())};
  while (body.ok() && body.remaining() > 0) {
    const uint8_t type = body.u8();
    body.skip(1);
    const size_t size = 4u * body.u16();
    const ByteView block = body.bytes(size);
    if (!body.ok()) break;
    if (type == kReceiverReferenceTime && size == 8) {
      report.receiver_reference_time = NtpTime{load_u64(block.data())};
    } else if (type == kDlrr) {
      report.dlrr = DlrrItems(block);
    }
  }
  if (!body.ok()) return malformed();
  return {report};
}

Parsed parse_packet(uint8_t count, uint8_t type, ByteView bytes) {
  const ByteReader body(bytes);
  switch (type) {
    case kSenderReport:
      return parse_sender_report(count, body);
    case kReceiverReport:
      return parse_receiver_report(count, body);
    case kSdes:
      return parse_sdes(count, body);
    case kBye:
      return parse_bye(count, body);
    case kTransportFeedback:
      return parse_transport_feedback(count, body);
    case kPayloadFeedback:
      return parse_payload_feedback(count, body);
    case kExtendedReport:
      return parse_extended_report(body);
    default:
      return {};
  }
}

}  // namespace

ReportBlock read_report_block(ByteView record) {
  ByteReader reader(record);
  ReportBlock block{.ssrc = Ssrc(reader.u32())};
  block.fraction_lost = reader.u8();
  const uint32_t lost = reader.u24();
  block.cumulative_lost = static_cast<int32_t>(lost << 8) >> 8;  // sign of 24 bits
  block.highest_sequence = reader.u32();
  block.jitter = reader.u32();
  block.last_sr = reader.u32();
  block.delay_since_last_sr = reader.u32();
  return block;
}

Ssrc read_ssrc(ByteView record) { return Ssrc(load_u32(record.data())); }

NackItem read_nack_item(ByteView record) {
  return {.first = load_u16(record.data()), .bitmap = load_u16(&record[2])};
}

FirItem read_fir_item(ByteView record) {
  return {.ssrc = Ssrc(load_u32(record.data())), .sequence = record[4]};
}

DlrrItem read_dlrr_item(ByteView record) {
  return {.ssrc = Ssrc(load_u32(record.data())),
          .last_rr = load_u32(&record[4]),
          .delay_since_last_rr = load_u32(&record[8])};
}

std::optional<RtcpMessage> RtcpReader::next() {
  while (!rest_.empty()) {
    const size_t size = rest_.size() < 4 ? 0 : 4u + 4u * load_u16(&rest_[2]);
    if (size == 0 || size > rest_.size() || rest_[0] >> 6 != 2) {
      ++malformed_;
      rest_ = {};
      return std::nullopt;
    }
    const ByteView packet = rest_.first(size);
    rest_ = rest_.subspan(size);
    ByteView body = packet.subspan(4);
    if ((packet[0] & 0x20) != 0) {
      const uint8_t padding = packet.back();
      if (padding == 0 || padding > body.size()) {
        ++malformed_;
        continue;
      }
      body = body.first(body.size() - padding);
    }
    Parsed parsed = parse_packet(packet[0] & 0x1f, packet[1], body);
    malformed_ += parsed.malformed;
    if (parsed.message) return parsed.message;
  }
  return std::nullopt;
}

}  // namespace gstlk::rtp
