// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/send_stream.h"

#include "base/bytes.h"
#include "plugins/sfu/media_section.h"
#include "rtp/header_extension.h"
#include "rtp/packet.h"

namespace gstlk::sfu {
namespace {

constexpr size_t kMaxDescriptor = 255 + rtp::kMaxDescriptorGrowth;

}  // namespace

void SendStream::configure(const MediaSection* section) {
  payloads = {};
  negotiated = section && !section->formats.empty();
  if (!section) return;
  for (const MediaSection::Format& format : section->formats) {
    Payload& known = payloads[static_cast<size_t>(format.receive.codec)];
    if (known.known) continue;  // the first of a codec is the preferred one
    known = {format.receive.payload_type, {}, true};
    const MediaSection::Format* rtx = section->find_rtx(format.receive.payload_type);
    if (rtx && config.rtx_ssrc) known.rtx = rtx->receive.payload_type;
  }
  if (negotiated) {
    first_codec = section->formats.front().receive.codec;
    clock_rate = section->formats.front().receive.clock_rate;
  }
  descriptor_id = section->extensions.id_of(rtp::ExtensionType::DependencyDescriptor);
  capture_time_id = section->extensions.id_of(rtp::ExtensionType::AbsCaptureTime);
  if (config.playout_delay) {
    playout_delay_id = section->extensions.id_of(rtp::ExtensionType::PlayoutDelay);
    if (playout_delay_id != 0 && !playout_delay)
      playout_delay = std::make_unique<rtp::PlayoutDelay>(*config.playout_delay);
  }
}

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//  |                           timestamp                           |
//  |           synchronization source (SSRC) identifier            |
size_t SendStream::write_header(const StagedPacket& staged, PayloadType payload_type, bool rtx,
                                Timestamp now, std::span<uint8_t, kMaxHeader> header) {
  const forward::Rewrite& rewrite = staged.rewrite;
  uint8_t* out = header.data();
  out[0] = 0x80;
  out[1] = static_cast<uint8_t>((rewrite.marker ? 0x80 : 0) | payload_type.value);
  store_u16(out + 2, rewrite.sequence);
  store_u32(out + 4, rewrite.timestamp);
  store_u32(out + 8, rtx ? config.rtx_ssrc->value : config.ssrc.value);
  const ByteView descriptor = staged.packet->received.descriptor_bytes;
  const ByteView capture_time = staged.packet->capture_time;
  const bool with_descriptor = descriptor_id != 0 && !descriptor.empty();
  const bool with_capture_time = capture_time_id != 0 && !capture_time.empty();
  const bool with_delay =
      playout_delay_id != 0 && !staged.retransmission && playout_delay->is_due();
  if (!with_descriptor && !with_capture_time && !with_delay) return rtp::kFixedHeaderSize;

  std::array<uint8_t, kMaxDescriptor> edited;
  ByteView written = descriptor;
  if (with_descriptor && rewrite.descriptor.present) {
    written = ByteView(edited.data(),
                       rtp::write_dependency_descriptor(descriptor, rewrite.descriptor, edited));
  }
  const bool two_byte =
      (with_descriptor && rtp::ExtensionWriter::needs_two_byte(descriptor_id, written.size())) ||
      (with_capture_time && capture_time_id > 14) || (with_delay && playout_delay_id > 14);
  rtp::ExtensionWriter writer(header.subspan<rtp::kFixedHeaderSize>(), two_byte);
  if (with_descriptor && !written.empty()) writer.add(descriptor_id, written);
  if (with_capture_time) writer.add(capture_time_id, capture_time);
  if (with_delay && writer.add(playout_delay_id, playout_delay->element()))
    playout_delay->on_sent(rewrite.sequence, now);
  const size_t block = writer.finish();
  if (block != 0) out[0] |= 0x10;
  return rtp::kFixedHeaderSize + block;
}

}  // namespace gstlk::sfu
