// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/bytes.h"
#include "base/ref.h"
#include "rtp/codec/payload_parser.h"
#include "rtp/header_extension.h"
#include "rtp/packet.h"

namespace gstlk::testing {

// What came out of a track's chain, by SSRC. Watches a pad. Thread-safe.
class RtpCapture {
 public:
  struct Stream {
    std::string mid;
    std::string rid;
    std::set<uint32_t> timestamps;
    uint8_t payload_type = 0;
    int packets = 0;
    int numbered = 0;  // for transport-wide feedback
    int keyframes = 0;
    bool begins_with_keyframe = false;
    int width = 0;  // of the last keyframe
    int height = 0;
    size_t largest = 0;
    uint8_t loudest = 127;  // -dBov
  };
  using Parser = std::optional<rtp::PayloadDescriptor> (*)(ByteView payload, bool marker);

  explicit RtpCapture(GstPad* pad, Parser parser = nullptr)
      : pad_(Ref<GstPad>::share(pad)), parser_(parser) {
    probe_ = gst_pad_add_probe(
        pad,
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
        handle, this, nullptr);
  }
  ~RtpCapture() { gst_pad_remove_probe(pad_.get(), probe_); }

  std::map<uint32_t, Stream> streams() const {
    const std::lock_guard lock(mutex_);
    return streams_;
  }
  // The stream with the rid; an empty one where there is none.
  Stream by_rid(const std::string& rid) const {
    for (const auto& [ssrc, stream] : streams())
      if (stream.rid == rid) return stream;
    return {};
  }
  uint32_t ssrc_of(const std::string& rid) const {
    for (const auto& [ssrc, stream] : streams())
      if (stream.rid == rid) return ssrc;
    return 0;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    streams_.clear();
  }

 private:
  static GstPadProbeReturn handle(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<RtpCapture*>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      self->handle_buffer(GST_PAD_PROBE_INFO_BUFFER(info));
      return GST_PAD_PROBE_OK;
    }
    GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
    for (guint i = 0; i < gst_buffer_list_length(list); ++i)
      self->handle_buffer(gst_buffer_list_get(list, i));
    return GST_PAD_PROBE_OK;
  }

  void handle_buffer(GstBuffer* buffer) {
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
    if (const auto packet = rtp::PacketView::parse({map.data, map.size})) handle_packet(*packet);
    gst_buffer_unmap(buffer, &map);
  }

  void handle_packet(const rtp::PacketView& packet) {
    const std::lock_guard lock(mutex_);
    Stream& stream = streams_[packet.ssrc().value];
    stream.mid = rtp::read_sdes_text(rtp::find_extension(packet, 1));
    stream.rid = rtp::read_sdes_text(rtp::find_extension(packet, 2));
    if (const auto level = rtp::read_audio_level(rtp::find_extension(packet, 3)))
      stream.loudest = std::min(stream.loudest, level->level);
    stream.payload_type = packet.payload_type().value;
    stream.largest = std::max(stream.largest, packet.bytes().size());
    stream.timestamps.insert(packet.timestamp());
    ++stream.packets;
    if (rtp::find_extension(packet, 4).size() == 2) ++stream.numbered;
    const auto payload = parser_ ? parser_(packet.payload(), packet.marker()) : std::nullopt;
    if (!payload || !payload->keyframe) return;
    stream.width = payload->width;
    stream.height = payload->height;
    ++stream.keyframes;
    if (stream.packets == 1) stream.begins_with_keyframe = true;
  }

  const Ref<GstPad> pad_;
  const Parser parser_;
  gulong probe_ = 0;
  mutable std::mutex mutex_;
  std::map<uint32_t, Stream> streams_;
};

}  // namespace gstlk::testing
