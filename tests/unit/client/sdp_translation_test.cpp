// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/sdp_translation.h"

#include <gtest/gtest.h>

#include <string>

#include "sdp/parse.h"

namespace gstlk::client {
namespace {

constexpr std::string_view kSession =
    "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-options:trickle\r\n"
    "a=group:BUNDLE 0 1 application2\r\n";
constexpr std::string_view kAudio =
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\n"
    "a=ice-ufrag:ABC\r\na=ice-pwd:DEF\r\na=rtcp-mux\r\na=sendonly\r\na=mid:0\r\n"
    "a=rtpmap:111 OPUS/48000/2\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=ssrc:1234 msid:user1@host-1 webrtctransceiver0\r\na=ssrc:1234 cname:user1@host-1\r\n";
// Three encodings: webrtcbin says nothing of streams here.
constexpr std::string_view kVideo =
    "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\na=mid:1\r\n"
    "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 nack pli\r\n"
    "a=fmtp:102 packetization-mode=1;profile-level-id=42c01f;sprop-parameter-sets=Z0LAHw,aM4\r\n"
    "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n";
constexpr std::string_view kData =
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
    "a=mid:application2\r\na=sctp-port:5000\r\n";

std::string offer() {
  return std::string(kSession) + std::string(kAudio) + std::string(kVideo) + std::string(kData);
}

const std::map<std::string, OfferedTrack> kTracks = {{"0", {"PA_x|camera", "cid-a"}},
                                                     {"1", {"PA_x|camera", "cid-v"}}};

sdp::SessionDescription translated() {
  auto description = sdp::parse(translate_offer(offer(), kTracks));
  EXPECT_TRUE(description.has_value());
  return *description;
}

TEST(SdpTranslation, NamesEachTrackByItsCid) {
  const auto description = translated();
  ASSERT_EQ(description.media.size(), 3u);
  EXPECT_EQ(description.media[0].msid, (sdp::Msid{"PA_x|camera", "cid-a"}));
  EXPECT_EQ(description.media[1].msid, (sdp::Msid{"PA_x|camera", "cid-v"}));
  EXPECT_FALSE(description.media[2].msid);
}

TEST(SdpTranslation, LeavesNoOtherTrackNameBehind) {
  EXPECT_EQ(translate_offer(offer(), kTracks).find("webrtctransceiver"), std::string::npos);
}

TEST(SdpTranslation, ReplacesAnMsidLine) {
  std::string text = offer();
  text.insert(text.find("a=rtpmap:111"), "a=msid:user1@host-1 webrtctransceiver0\r\n");
  const std::string out = translate_offer(text, kTracks);
  EXPECT_EQ(out.find("webrtctransceiver"), std::string::npos);
  EXPECT_NE(out.find("a=msid:PA_x|camera cid-a"), std::string::npos);
}

TEST(SdpTranslation, KeepsSsrcAndCname) {
  const auto description = translated();
  ASSERT_EQ(description.media[0].ssrcs.size(), 1u);
  EXPECT_EQ(description.media[0].ssrcs[0].ssrc.value, 1234u);
  EXPECT_EQ(description.media[0].ssrcs[0].cname, "user1@host-1");
}

TEST(SdpTranslation, KeepsRidsAndTheirOrder) {
  const auto description = translated();
  ASSERT_EQ(description.media[1].simulcast.send.size(), 3u);
  EXPECT_EQ(description.media[1].rids.size(), 3u);
  EXPECT_NE(translate_offer(offer(), kTracks).find("a=simulcast:send q;h;f\r\n"),
            std::string::npos);
}

TEST(SdpTranslation, SaysConstrainedBaselineOnce) {
  const std::string out = translate_offer(offer(), kTracks);
  const auto description = translated();
  EXPECT_EQ(description.media[1].formats[0].fmtp,
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
  EXPECT_EQ(out.find("42c01f"), std::string::npos);
  EXPECT_EQ(out.find("a=fmtp:102"), out.rfind("a=fmtp:102"));
}

TEST(SdpTranslation, DoesNotTouchFormatsOfAPayloadTypeThatOnlyBeginsAlike) {
  std::string text = offer();
  text.insert(text.find("a=rid:q"), "a=rtpmap:10 rtx/90000\r\na=fmtp:10 apt=102\r\n");
  EXPECT_NE(translate_offer(text, kTracks).find("a=fmtp:10 apt=102\r\n"), std::string::npos);
}

TEST(SdpTranslation, LeavesASectionThatHasNoTrackAsItWas) {
  const std::string out = translate_offer(offer(), {{"1", {"s", "cid-v"}}});
  EXPECT_NE(out.find(kAudio), std::string::npos);
  EXPECT_NE(out.find(kData), std::string::npos);
  EXPECT_TRUE(out.starts_with(kSession));
}

TEST(SdpTranslation, EndsLinesAsSdpWantsThem) {
  std::string bare;
  for (char c : offer())
    if (c != '\r') bare += c;
  EXPECT_EQ(translate_offer(bare, kTracks), translate_offer(offer(), kTracks));
}

TEST(SdpTranslation, MakesNothingOfNothing) { EXPECT_EQ(translate_offer("", kTracks), ""); }

constexpr std::string_view kTaken =
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:U\r\na=ice-pwd:P\r\n"
    "a=fingerprint:sha-256 AA\r\na=setup:passive\r\na=recvonly\r\n";

// LiveKit's server says no more than this of a section that it does not take.
TEST(TranslateAnswer, MakesARefusedSectionTheOfferedOneInactive) {
  const std::string answer = "v=0\r\na=group:BUNDLE 0\r\n" + std::string(kTaken) +
                             "m=video 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n"
                             "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                             "a=mid:application2\r\n";
  const TranslatedAnswer translated = translate_answer(answer, offer());
  EXPECT_EQ(translated.refused, std::vector<std::string>{"1"});
  EXPECT_EQ(translated.sdp,
            "v=0\r\na=group:BUNDLE 0 1 application2\r\n" + std::string(kTaken) +
                "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n"
                "a=rtpmap:102 H264/90000\r\n"
                "a=fmtp:102 packetization-mode=1;profile-level-id=42c01f;"
                "sprop-parameter-sets=Z0LAHw,aM4\r\n"
                "a=inactive\r\na=rtcp-mux\r\n"
                "a=ice-ufrag:U\r\na=ice-pwd:P\r\na=fingerprint:sha-256 AA\r\n"
                "a=setup:passive\r\n"
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:application2\r\n");
}

TEST(TranslateAnswer, LeavesAnAnswerThatTakesAllAsItIs) {
  const std::string answer = "v=0\r\n" + std::string(kTaken);
  const TranslatedAnswer translated = translate_answer(answer, offer());
  EXPECT_EQ(translated.sdp, answer);
  EXPECT_TRUE(translated.refused.empty());
}

}  // namespace
}  // namespace gstlk::client
