// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/rtcp_writer.h"

#include <algorithm>
#include <cassert>

namespace gstlk::rtp {

size_t RtcpWriter::begin(uint8_t count, uint8_t type, Ssrc sender) {
  const size_t start = out_.size();
  writer_.u8(static_cast<uint8_t>(0x80 | count));
  writer_.u8(type);
  writer_.u16(0);
  writer_.u32(sender.value);
  return start;
}

void RtcpWriter::end(size_t start) {
  const size_t size = out_.size() - start;
  assert(size % 4 == 0);
  writer_.patch_u16(start + 2, static_cast<uint16_t>(size / 4 - 1));
}

void RtcpWriter::report_block(const ReportBlock& block) {
  const int32_t lost = std::clamp(block.cumulative_lost, -0x800000, 0x7fffff);
  writer_.u32(block.ssrc.value);
  writer_.u8(block.fraction_lost);
  writer_.u24(static_cast<uint32_t>(lost) & 0xffffff);
  writer_.u32(block.highest_sequence);
  writer_.u32(block.jitter);
  writer_.u32(block.last_sr);
  writer_.u32(block.delay_since_last_sr);
}

void RtcpWriter::sender_report(Ssrc sender, const SenderInfo& info,
                               std::span<const ReportBlock> blocks) {
  const auto first = blocks.first(std::min(blocks.size(), kMaxReportBlocks));
  const size_t start = begin(static_cast<uint8_t>(first.size()), 200, sender);
  writer_.u64(info.ntp.value);
  writer_.u32(info.rtp_timestamp);
  writer_.u32(info.packets);
  writer_.u32(info.octets);
  for (const ReportBlock& block : first) report_block(block);
  end(start);
  if (first.size() < blocks.size()) receiver_report(sender, blocks.subspan(first.size()));
}

void RtcpWriter::receiver_report(Ssrc sender, std::span<const ReportBlock> blocks) {
  do {
    const auto some = blocks.first(std::min(blocks.size(), kMaxReportBlocks));
    const size_t start = begin(static_cast<uint8_t>(some.size()), 201, sender);
    for (const ReportBlock& block : some) report_block(block);
    end(start);
    blocks = blocks.subspan(some.size());
  } while (!blocks.empty());
}

void RtcpWriter::sdes_cname(Ssrc source, std::string_view cname) {
  cname = cname.substr(0, 255);
  const size_t start = begin(1, 202, source);
  writer_.u8(1);
  writer_.u8(static_cast<uint8_t>(cname.size()));
  writer_.bytes(as_bytes(cname));
  // "The list of items in each chunk MUST be terminated by one or more null octets", up to the next
  // 32-bit boundary.
  writer_.zeros(4 - (out_.size() - start) % 4);
  end(start);
}

void RtcpWriter::bye(std::span<const Ssrc> sources) {
  sources = sources.first(std::min<size_t>(sources.size(), 31));
  if (sources.empty()) return;
  const size_t start = begin(static_cast<uint8_t>(sources.size()), 203, sources[0]);
  for (Ssrc source : sources.subspan(1)) writer_.u32(source.value);
  end(start);
}

void RtcpWriter::nack(Ssrc sender, Ssrc media, std::span<const uint16_t> sequence_numbers) {
  if (sequence_numbers.empty()) return;
  const size_t start = begin(1, 205, sender);
  writer_.u32(media.value);
  NackItem item{.first = sequence_numbers[0]};
  for (uint16_t number : sequence_numbers.subspan(1)) {
    const uint16_t distance = static_cast<uint16_t>(number - item.first);
    if (distance == 0) continue;
    if (distance <= 16) {
      item.bitmap = static_cast<uint16_t>(item.bitmap | 1u << (distance - 1));
      continue;
    }
    writer_.u16(item.first);
    writer_.u16(item.bitmap);
    item = {.first = number};
  }
  writer_.u16(item.first);
  writer_.u16(item.bitmap);
  end(start);
}

void RtcpWriter::pli(Ssrc sender, Ssrc media) {
  const size_t start = begin(1, 206, sender);
  writer_.u32(media.value);
  end(start);
}

void RtcpWriter::fir(Ssrc sender, std::span<const FirItem> items) {
  const size_t start = begin(4, 206, sender);
  // "SSRC of media source is not used and SHALL be set to 0."
  writer_.u32(0);
  for (const FirItem& item : items) {
    writer_.u32(item.ssrc.value);
    writer_.u8(item.sequence);
    writer_.zeros(3);
  }
  end(start);
}

void RtcpWriter::remb(Ssrc sender, Bitrate bitrate, std::span<const Ssrc> sources) {
  sources = sources.first(std::min<size_t>(sources.size(), 255));
  const size_t start = begin(15, 206, sender);
  writer_.u32(0);
  writer_.bytes(as_bytes("REMB"));
  uint64_t mantissa = bitrate.bps;
  uint32_t exponent = 0;
  for (; mantissa > 0x3ffff; mantissa >>= 1) ++exponent;
  writer_.u8(static_cast<uint8_t>(sources.size()));
  writer_.u24(exponent << 18 | static_cast<uint32_t>(mantissa));
  for (Ssrc source : sources) writer_.u32(source.value);
  end(start);
}

void RtcpWriter::transport_feedback(Ssrc sender, Ssrc media, ByteView fci) {
  const size_t start = begin(15, 205, sender);
  writer_.u32(media.value);
  writer_.bytes(fci);
  const size_t padding = (4 - out_.size() % 4 + start % 4) % 4;
  if (padding > 0) {
    writer_.zeros(padding - 1);
    writer_.u8(static_cast<uint8_t>(padding));
    out_[start] |= 0x20;
  }
  end(start);
}

void RtcpWriter::receiver_reference_time(Ssrc sender, NtpTime ntp) {
  const size_t start = begin(0, 207, sender);
  writer_.u8(4);
  writer_.u8(0);
  writer_.u16(2);
  writer_.u64(ntp.value);
  end(start);
}

void RtcpWriter::dlrr(Ssrc sender, std::span<const DlrrItem> items) {
  const size_t start = begin(0, 207, sender);
  writer_.u8(5);
  writer_.u8(0);
  writer_.u16(static_cast<uint16_t>(3 * items.size()));
  for (const DlrrItem& item : items) {
    writer_.u32(item.ssrc.value);
    writer_.u32(item.last_rr);
    writer_.u32(item.delay_since_last_rr);
  }
  end(start);
}

}  // namespace gstlk::rtp
