// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sdp/parse.h"

#include <gtest/gtest.h>

#include <string>

namespace gstlk::sdp {
namespace {

const std::string kHead = "v=0\r\no=- 42 7 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const std::string kSha256 =
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:"
    "FF";

// One video m-line with `attributes`, a line each.
MediaDescription video(const std::string& attributes, const std::string& formats = "96 97") {
  auto session = parse(kHead + "m=video 9 UDP/TLS/RTP/SAVPF " + formats + "\r\n" + attributes);
  EXPECT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->media.size(), 1u);
  return session->media[0];
}

std::string error_of(const std::string& text) {
  auto session = parse(text);
  return session ? "" : session.error().message;
}

TEST(Parse, ReadsTheSessionLevel) {
  auto session = parse(kHead +
                       "a=group:BUNDLE 0 audio\r\na=ice-lite\r\na=extmap-allow-mixed\r\n"
                       "a=ice-ufrag:abcd\r\na=setup:active\r\na=fingerprint:SHA-256 " +
                       kSha256 + "\r\n");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->session_id, 42u);
  EXPECT_EQ(session->session_version, 7u);
  EXPECT_TRUE(session->ice_lite);
  EXPECT_TRUE(session->extmap_allow_mixed);
  ASSERT_EQ(session->bundle_groups.size(), 1u);
  EXPECT_EQ(session->bundle_groups[0], (std::vector<Mid>{Mid("0"), Mid("audio")}));
  EXPECT_EQ(session->transport.ice_ufrag, "abcd");
  EXPECT_EQ(session->transport.setup, Setup::Active);
  EXPECT_EQ(session->transport.fingerprint, "sha-256 " + kSha256);
}

TEST(Parse, ReadsFormatsInTheOrderOfTheMLine) {
  const MediaDescription media = video(
      "a=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\na=rtpmap:96 VP8/90000\na=fmtp:96 max-fr=30\n"
      "a=rtpmap:98 VP9/90000\n");
  ASSERT_EQ(media.formats.size(), 2u);
  EXPECT_EQ(media.formats[0].encoding_name, "VP8");
  EXPECT_EQ(media.formats[0].clock_rate, 90000u);
  EXPECT_EQ(media.formats[0].fmtp, "max-fr=30");
  EXPECT_EQ(media.formats[1].apt, PayloadType(96));
}

TEST(Parse, NamesStaticPayloadTypes) {
  const MediaDescription media = video("", "0 8 13");
  EXPECT_EQ(media.formats[0].encoding_name, "PCMU");
  EXPECT_EQ(media.formats[1].encoding_name, "PCMA");
  EXPECT_EQ(media.formats[2].encoding_name, "");
}

TEST(Parse, SpreadsWildcardFeedback) {
  const MediaDescription media = video("a=rtcp-fb:* nack\r\na=rtcp-fb:96 nack pli\r\n");
  EXPECT_TRUE(media.formats[0].nack);
  EXPECT_TRUE(media.formats[1].nack);
  EXPECT_TRUE(media.formats[0].pli);
  EXPECT_FALSE(media.formats[1].pli);
}

TEST(Parse, ReadsHeaderExtensionsWithTheirDirection) {
  const MediaDescription media = video(
      "a=extmap:1 urn:a\r\na=extmap:2/sendonly urn:b attribute\r\na=extmap:0 urn:c\r\n"
      "a=extmap:4/sideways urn:d\r\na=extmap:400 urn:e\r\n");
  ASSERT_EQ(media.extensions.size(), 2u);
  EXPECT_EQ(media.extensions[0], (HeaderExtension{1, Direction::SendRecv, "urn:a"}));
  EXPECT_EQ(media.extensions[1], (HeaderExtension{2, Direction::SendOnly, "urn:b"}));
}

TEST(Parse, ReadsMsidOfOneAndOfTwoTokens) {
  EXPECT_EQ(video("a=msid:s t\r\n").msid, (Msid{"s", "t"}));
  EXPECT_EQ(video("a=msid:- t\r\n").msid, (Msid{"-", "t"}));
  EXPECT_EQ(video("a=msid:t\r\n").msid, (Msid{"t", ""}));
  EXPECT_EQ(video("").msid, std::nullopt);
}

TEST(Parse, JoinsTheLinesOfOneSsrc) {
  const MediaDescription media = video(
      "a=ssrc-group:FID 1 4294967295\r\na=ssrc:1 cname:c\r\na=ssrc:4294967295 cname:c\r\n"
      "a=ssrc:1 msid:s t\r\na=ssrc:4294967296 cname:too-large\r\n");
  ASSERT_EQ(media.ssrcs.size(), 2u);
  EXPECT_EQ(media.ssrcs[0], (SsrcDescription{Ssrc(1), "c", {"s", "t"}}));
  ASSERT_EQ(media.ssrc_groups.size(), 1u);
  EXPECT_EQ(media.ssrc_groups[0].ssrcs, (std::vector<Ssrc>{Ssrc(1), Ssrc(4294967295)}));
}

TEST(Parse, StripsThePauseMarkOfSimulcastAndKeepsAlternatives) {
  const MediaDescription media = video(
      "a=rid:q send\r\na=rid:h send max-width=640\r\na=rid:x sideways\r\n"
      "a=simulcast:send ~q;h,~g recv r\r\n");
  ASSERT_EQ(media.rids.size(), 2u);
  EXPECT_EQ(media.simulcast.send, (SimulcastList{{Rid("q")}, {Rid("h"), Rid("g")}}));
  EXPECT_EQ(media.simulcast.receive, (SimulcastList{{Rid("r")}}));
}

TEST(Parse, ReadsADataChannelSection) {
  auto session = parse(kHead +
                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                       "a=sctp-port:5001\r\na=max-message-size:262144\r\n");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->media[0].kind(), MediaKind::Application);
  EXPECT_EQ(session->media[0].sctp_port, 5001);
  EXPECT_EQ(session->media[0].max_message_size, 262144u);
}

TEST(Parse, KeepsSectionsItHasNoUseFor) {
  auto session = parse(kHead + "m=application 9 UDP/BFCP *\r\nm=video 0 RTP/AVP 31\r\n");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->media[0].kind(), std::nullopt);
  EXPECT_EQ(session->media[0].other_formats, "*");
  EXPECT_TRUE(session->media[1].rejected());
}

TEST(Parse, DoesNotTakeBundleOnlyForARejection) {
  auto session = parse(kHead + "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\n");
  ASSERT_TRUE(session);
  EXPECT_FALSE(session->media[0].rejected());
}

TEST(Parse, InheritsTheDirectionOfTheSession) {
  auto session = parse(kHead +
                       "a=recvonly\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
                       "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendonly\r\n");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->media[0].direction, Direction::RecvOnly);
  EXPECT_EQ(session->media[1].direction, Direction::SendOnly);
}

TEST(Parse, PrefersTheSha256Fingerprint) {
  std::string sha512 = kSha256 + ":" + kSha256;
  const MediaDescription media =
      video("a=fingerprint:sha-256 " + kSha256 + "\r\na=fingerprint:sha-512 " + sha512 + "\r\n");
  EXPECT_EQ(media.transport.fingerprint, "sha-256 " + kSha256);
}

TEST(Parse, SkipsFingerprintsThatAreNone) {
  EXPECT_EQ(video("a=fingerprint:sha-256 00:11\r\n").transport.fingerprint, "");
  EXPECT_EQ(video("a=fingerprint:md5 " + kSha256 + "\r\n").transport.fingerprint, "");
  std::string not_hex = kSha256;
  not_hex[4] = 'G';
  EXPECT_EQ(video("a=fingerprint:sha-256 " + not_hex + "\r\n").transport.fingerprint, "");
}

TEST(Parse, SkipsMalformedAttributes) {
  const MediaDescription media = video(
      "a=rtpmap:96\r\na=rtpmap:999 VP8/90000\r\na=rtpmap:x VP8/90000\r\na=rtpmap:96 VP8/fast\r\n"
      "a=fmtp:\r\na=rtcp-fb:\r\na=extmap:\r\na=ssrc:\r\na=ssrc-group:\r\na=rid:\r\na=simulcast:\r\n"
      "a=msid:\r\na=unknown:thing\r\na=\r\n");
  EXPECT_EQ(media.formats[0].encoding_name, "");
  EXPECT_TRUE(media.extensions.empty());
  EXPECT_TRUE(media.ssrcs.empty());
  EXPECT_TRUE(media.simulcast.empty());
}

TEST(Parse, NamesTheLineThatIsWrong) {
  EXPECT_EQ(error_of(""), "SDP is empty");
  EXPECT_EQ(error_of("hello"), "SDP does not start with v=0");
  EXPECT_EQ(error_of(kHead + "nonsense\r\n"), "SDP line 5: not of the form x=...");
  EXPECT_EQ(error_of(kHead + "m=video\r\n"), "SDP line 5: malformed m-line");
  EXPECT_EQ(error_of(kHead + "m=video 99999 UDP/TLS/RTP/SAVPF 96\r\n"),
            "SDP line 5: malformed m-line");
  EXPECT_EQ(error_of(kHead + "a=mid:a\rb\r\n"), "SDP line 5: control character");
  const std::string section = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n";
  EXPECT_EQ(error_of(kHead + section + section), "SDP line 8: two m-lines with mid 0");
}

TEST(Parse, RefusesWhatIsTooLarge) {
  EXPECT_EQ(error_of(kHead + std::string(kMaxTextSize, 'a')), "SDP is larger than 1 MiB");
  std::string text = kHead;
  for (size_t i = 0; i <= kMaxMediaSections; i++) text += "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n";
  EXPECT_EQ(error_of(text), "SDP line 1005: more than 1000 m-lines");
}

TEST(Parse, CutsListsThatAPeerMakesLong) {
  std::string attributes;
  for (int i = 0; i < 5000; i++) {
    const std::string n = std::to_string(i);
    attributes += "a=ssrc:" + n + " cname:x\r\na=ssrc-group:FID " + n + "\r\na=rid:r" + n +
                  " send\r\na=candidate:" + n + "\r\na=extmap:9 urn:" + n + "\r\n";
  }
  const MediaDescription media = video(attributes);
  EXPECT_LE(media.ssrcs.size(), 64u);
  EXPECT_LE(media.ssrc_groups.size(), 64u);
  EXPECT_LE(media.rids.size(), 16u);
  EXPECT_LE(media.candidates.size(), 256u);
  EXPECT_LE(media.extensions.size(), 64u);
}

}  // namespace
}  // namespace gstlk::sdp
