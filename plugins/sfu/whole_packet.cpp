// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/whole_packet.h"

#include <algorithm>

#include "base/bytes.h"

namespace gstlk::sfu {

Ref<GstBuffer> new_whole_packet(const StagedPacket& staged, Ssrc ssrc) {
  const forward::ReceivedPacket& packet = staged.packet->received;
  const size_t header = static_cast<size_t>(packet.payload.data() - packet.bytes.data());
  const size_t payload = forward::rewritten_size(staged.rewrite, packet.payload.size());
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, header + payload, nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  std::copy_n(packet.bytes.begin(), header, map.data);
  map.data[0] = static_cast<uint8_t>(map.data[0] & ~0x20);
  map.data[1] = static_cast<uint8_t>((map.data[1] & 0x7f) | (staged.rewrite.marker ? 0x80 : 0));
  store_u16(map.data + 2, staged.rewrite.sequence);
  store_u32(map.data + 4, staged.rewrite.timestamp);
  store_u32(map.data + 8, ssrc.value);
  forward::write_payload(staged.rewrite, packet.payload, {map.data + header, payload});
  gst_buffer_unmap(buffer, &map);
  if (staged.packet->buffer) {
    GST_BUFFER_PTS(buffer) = GST_BUFFER_PTS(staged.packet->buffer);
    GST_BUFFER_DTS(buffer) = GST_BUFFER_DTS(staged.packet->buffer);
  }
  if (staged.rewrite.marker) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_MARKER);
  return Ref<GstBuffer>::adopt(buffer);
}

}  // namespace gstlk::sfu
