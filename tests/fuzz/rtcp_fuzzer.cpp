// SPDX-License-Identifier: LGPL-2.1-or-later
// A datagram of RTCP to both halves of a peer connection that send and receive the SSRCs 1 to 4.
#include "rtp/dispatch_rtcp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  using namespace gstlk::rtp;
  const Timestamp now(100s);
  ReceiveMedia media{.mid = Mid("0"), .video = true, .rids = {Rid("q"), Rid("h")}};
  media.formats = {{.payload_type = PayloadType(96), .clock_rate = 90000, .nack = true}};
  media.ssrcs = {{Ssrc(3), std::nullopt}, {Ssrc(4), std::nullopt}};
  ReceiveSession receive(Ssrc(9));
  receive.set_media({media});
  SendSession send(Ssrc(9), "cname");
  const SendStreamId stream = send.add_stream({Ssrc(1), Ssrc(2), 90000});
  send.set_clock_mapping(stream, NtpTime{uint64_t{1} << 40}, 0, now);
  send.on_sent(stream, 100, now);
  Bytes out;
  send.poll_rtcp(now, out);

  RtcpResults results;
  dispatch_rtcp(ByteView(data, size), receive, send, now + 1s, results);
  for (const SendEvent& event : results.send_events) {
    if (const auto* feedback = std::get_if<TwccFeedback>(&event)) {
      for (TwccFeedback walk = *feedback; walk.next();) {
      }
    }
  }
  for (int i = 0; i < 100 && receive.poll_rtcp(now + 2s, out); ++i) out.clear();
  for (int i = 0; i < 100 && send.poll_rtcp(now + 2s, out); ++i) out.clear();
  return 0;
}
