// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sdp/print.h"

#include <gtest/gtest.h>

#include "sdp/parse.h"

namespace gstlk::sdp {
namespace {

SessionDescription everything() {
  MediaDescription video;
  video.media = "video";
  video.protocol = "UDP/TLS/RTP/SAVPF";
  video.mid = Mid("v");
  video.direction = Direction::SendOnly;
  video.bundle_only = true;
  video.port = 0;
  video.transport = {"ufrag", "password", {"trickle", "renomination"}, "", Setup::ActPass};
  video.rtcp_mux = video.rtcp_rsize = true;
  video.formats = {{PayloadType(96), "VP8", 90000}, {PayloadType(97), "rtx", 90000}};
  video.formats[0].nack = video.formats[0].pli = video.formats[0].fir = true;
  video.formats[0].transport_cc = video.formats[0].remb = true;
  video.formats[1].fmtp = "apt=96";
  video.formats[1].apt = PayloadType(96);
  video.extensions = {{4, Direction::SendRecv, "urn:mid"}, {5, Direction::RecvOnly, "urn:level"}};
  video.msid = Msid{"PA_a|TR_b", "TR_b"};
  video.ssrcs = {{Ssrc(1), "c", {"s", "t"}}, {Ssrc(2), "c", {}}};
  video.ssrc_groups = {{"FID", {Ssrc(1), Ssrc(2)}}};
  video.rids = {{Rid("q"), true}, {Rid("h"), false}};
  video.simulcast = {{{Rid("q")}, {Rid("h"), Rid("i")}}, {{Rid("r")}}};
  video.candidates = {"candidate:1 1 udp 1 192.0.2.1 7 typ host"};
  video.end_of_candidates = true;

  MediaDescription data;
  data.media = "application";
  data.protocol = "UDP/DTLS/SCTP";
  data.data_channel = true;
  data.mid = Mid("d");
  data.max_message_size = 65535;

  SessionDescription session{.session_id = 1, .session_version = 2, .ice_lite = true};
  session.bundle_groups = {{Mid("v"), Mid("d")}};
  session.media = {video, data};
  return session;
}

TEST(Print, IsReadBackAsItWas) {
  auto read = parse(print(everything()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, everything());
}

TEST(Print, WritesTheMsidAndSimulcastLines) {
  const std::string text = print(everything());
  EXPECT_NE(text.find("\r\na=msid:PA_a|TR_b TR_b\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\na=simulcast:send q;h,i recv r\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\na=group:BUNDLE v d\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"),
            std::string::npos);
}

}  // namespace
}  // namespace gstlk::sdp
