// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rtp/packet.h"
#include "rtp/receive_media.h"
#include "rtp/receive_stream.h"
#include "rtp/ssrc_table.h"

namespace gstlk::rtp {

// Says which encoding a received packet belongs to, and owns their states. RFC 8843 section 9.2 and
// RFC 8852: by an SSRC that is known, else by (repaired) rid, by mid, and at last by a payload type
// that only one m-line has. A new SSRC for an encoding that has one starts that encoding anew.
// Driven by ReceiveSession. Not thread-safe.
class StreamDemux {
 public:
  void set_media(std::vector<ReceiveMedia> media);
  const std::vector<ReceiveEncoding>& encodings() const { return encodings_; }
  // In the order of encodings().
  const std::vector<std::unique_ptr<ReceiveStream>>& streams() const { return streams_; }
  // Of all m-lines: under BUNDLE an id means one thing (RFC 8843 section 9.1).
  const ExtensionMap& extensions() const { return extensions_; }
  const ReceiveFormat* format(const ReceiveStream& stream, PayloadType type) const {
    return media_[stream.media_index()].format(type);
  }

  // Null when nothing says whose the packet is. Good until the next call.
  const SsrcTable::Entry* find(const PacketView& packet);
  const SsrcTable::Entry* find(Ssrc ssrc) { return ssrcs_.find(ssrc); }
  ReceiveStream* stream(EncodingId id) const;

  // Gives the encoding that has ended, until the SSRC or another one starts it again.
  std::optional<EncodingId> handle_bye(Ssrc source);

 private:
  using Streams = std::vector<std::unique_ptr<ReceiveStream>>;
  struct Whose {
    ReceiveStream* stream = nullptr;
    SsrcTable::Role role = SsrcTable::Role::Primary;
  };

  void take_or_make(Streams& old, const Mid& mid, const Rid& rid, size_t media_index);
  void bind_announced(const ReceiveMedia& media, std::span<const ReceiveSsrc> before);
  void bind_primary(ReceiveStream& stream, Ssrc ssrc);
  void bind_rtx(ReceiveStream& stream, Ssrc ssrc);
  void unbind(ReceiveStream& stream);

  bool bind_by_content(const PacketView& packet);
  Whose whose(const PacketView& packet) const;
  Whose by_mid_or_format(const PacketView& packet, std::string_view mid) const;
  SsrcTable::Role role_of(const ReceiveStream& stream, const PacketView& packet) const;
  ReceiveStream* only_stream_of(size_t media_index) const;
  ReceiveStream* find_stream(std::string_view mid, std::string_view rid) const;

  std::vector<ReceiveMediaTable> media_;
  ExtensionMap extensions_;
  std::vector<ReceiveEncoding> encodings_;
  Streams streams_;
  uint32_t next_id_ = 0;
  SsrcTable ssrcs_;
};

}  // namespace gstlk::rtp
