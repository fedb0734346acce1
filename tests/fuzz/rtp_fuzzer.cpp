// SPDX-License-Identifier: LGPL-2.1-or-later
// A series of RTP packets, each behind two bytes of its length, one millisecond apart, to a session
// that knows simulcast video with retransmission, and audio.
#include <algorithm>

#include "rtp/receive_session.h"

namespace {

using namespace gstlk;
using namespace gstlk::rtp;

ReceiveSession make_session() {
  ReceiveMedia video{.mid = Mid("v"), .video = true, .rids = {Rid("q"), Rid("h")}};
  video.extensions.add(1, ExtensionType::Mid);
  video.extensions.add(2, ExtensionType::Rid);
  video.extensions.add(3, ExtensionType::RepairedRid);
  video.extensions.add(4, ExtensionType::TransportCc);
  video.formats = {{.payload_type = PayloadType(96),
                    .codec = Codec::Vp8,
                    .clock_rate = 90000,
                    .nack = true,
                    .pli = true},
                   {.payload_type = PayloadType(97),
                    .codec = Codec::Rtx,
                    .clock_rate = 90000,
                    .apt = PayloadType(96)}};
  ReceiveMedia audio{.mid = Mid("a"), .extensions = video.extensions};
  audio.formats = {{.payload_type = PayloadType(111), .codec = Codec::Opus, .clock_rate = 48000}};
  ReceiveSession session(Ssrc(9));
  session.set_media({video, audio});
  return session;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ReceiveSession session = make_session();
  ByteReader reader(ByteView(data, size));
  Timestamp now(100s);
  Bytes rtcp;
  while (reader.remaining() > 2) {
    const size_t length = reader.u16();
    const ByteView bytes = reader.bytes(std::min(length, reader.remaining()));
    Bytes packet(bytes.begin(), bytes.end());
    const ReceiveResult result = session.handle_rtp(packet, now);
    // What is delivered must parse.
    if (const auto* deliver = std::get_if<Deliver>(&result)) {
      if (!PacketView::parse(deliver->packet)) __builtin_trap();
    }
    now += 1ms;
    if (session.next_timeout().value_or(now) <= now) session.poll_rtcp(now, rtcp);
    rtcp.clear();
  }
  for (int i = 0; i < 1000 && session.poll_rtcp(now + 1s, rtcp); ++i) rtcp.clear();
  // Whatever came, it comes to rest.
  if (session.poll_rtcp(now + 1s, rtcp)) __builtin_trap();
  return 0;
}
