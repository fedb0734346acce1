// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <vector>

#include "forward/downtrack.h"
#include "forward/published_track.h"

// A codec, then packets (encoding, length, bytes), some of which change what the subscriber wants.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  constexpr std::array kCodecs{rtp::Codec::Vp8, rtp::Codec::Vp9, rtp::Codec::H264, rtp::Codec::Av1,
                               rtp::Codec::Opus};
  ByteReader reader(ByteView(data, size));
  const uint8_t setup = reader.u8();
  const rtp::Codec codec = kCodecs[(setup & 15) % kCodecs.size()];
  forward::PublishedTrack published(
      {codec, 90000, static_cast<uint8_t>(1 + (setup >> 4 & 3)), false});
  forward::DownTrack down({.codec = codec});
  Timestamp now{1s};
  while (reader.remaining() > 0) {
    const uint8_t control = reader.u8();
    now += std::chrono::milliseconds(control >> 4);
    if (control & 8) down.set_max_layer({static_cast<uint8_t>(control & 3), 1});
    const size_t length = reader.u8();
    const ByteView bytes = reader.bytes(std::min(length, reader.remaining()));
    const auto packet = published.receive(control & 3, bytes, {1}, now);
    if (!packet) continue;
    const auto result = down.handle(*packet, published.state(now), now);
    const auto* forward = std::get_if<forward::Forward>(&result);
    if (!forward) continue;
    std::vector<uint8_t> out(forward::rewritten_size(forward->rewrite, packet->payload.size()));
    forward::write_payload(forward->rewrite, packet->payload, out);
    down.on_nack(forward->rewrite.sequence, now + 1s);
  }
  return 0;
}
