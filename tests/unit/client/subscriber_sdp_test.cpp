// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/subscriber_sdp.h"

#include <glib.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

namespace gstlk::client {
namespace {

constexpr std::string_view kData =
    "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=sendrecv\r\n";
// As LiveKit's server offers a video track: all that it knows, whatever the track is made of.
constexpr std::string_view kVideo =
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 108 109\r\na=mid:1\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=rtpmap:108 H264/90000\r\na=fmtp:108 packetization-mode=1;profile-level-id=42e01f\r\n"
    "a=rtcp-fb:108 nack\r\na=rtpmap:109 rtx/90000\r\na=fmtp:109 apt=108\r\na=sendrecv\r\n";
constexpr std::string_view kAudio =
    "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:2\r\na=rtpmap:63 red/48000/2\r\n"
    "a=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\na=sendrecv\r\n";

std::string offer() { return std::string(kData) + std::string(kVideo) + std::string(kAudio); }

bool can_be_received(std::string_view encoding) {
  const std::string text(encoding);
  for (const char* known : {"VP8", "H264", "opus"})
    if (g_ascii_strcasecmp(known, text.c_str()) == 0) return true;
  return false;
}

std::string translated(std::string_view sdp, const std::map<std::string, std::string>& mime_types) {
  return translate_server_offer(sdp, mime_types, can_be_received);
}

TEST(ServerOffer, KeepsTheCodecOfTheTrackAndItsRetransmission) {
  const std::string out = translated(offer(), {{"1", "video/H264"}});
  EXPECT_NE(out.find("m=video 9 UDP/TLS/RTP/SAVPF 108 109\r\na=mid:1\r\n"
                     "a=rtpmap:108 H264/90000\r\n"
                     "a=fmtp:108 packetization-mode=1;profile-level-id=42e01f\r\n"
                     "a=rtcp-fb:108 nack\r\na=rtpmap:109 rtx/90000\r\na=fmtp:109 apt=108\r\n"),
            std::string::npos)
      << out;
}

TEST(ServerOffer, GoesByTheNameInAnyCase) {
  const std::string out = translated(offer(), {{"1", "video/vp8"}});
  EXPECT_NE(out.find("m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"), std::string::npos) << out;
}

// The server sends what it gets, and webrtcbin drops what it did not answer with.
TEST(ServerOffer, KeepsTheH264ThatPublishersMake) {
  std::string two = offer();
  two.replace(two.find("108 109"), 7, "125 126 108 109");
  two.insert(two.find("a=rtpmap:108"),
             "a=rtpmap:125 H264/90000\r\na=fmtp:125 packetization-mode=0\r\n"
             "a=rtpmap:126 rtx/90000\r\na=fmtp:126 apt=125\r\n");
  const std::string out = translated(two, {{"1", "video/H264"}});
  EXPECT_NE(out.find("SAVPF 108 109\r\na=mid:1\r\na=rtpmap:108 H264/90000\r\n"), std::string::npos)
      << out;
}

TEST(ServerOffer, LeavesAllCodecsWhereTheTrackIsUnknownOrOfNoneOfThem) {
  for (const char* mime_type : {"", "video/AV1"}) {
    const std::string out = translated(offer(), {{"1", mime_type}});
    EXPECT_NE(out.find("SAVPF 96 97 108 109\r\n"), std::string::npos) << out;
  }
}

// Of a track with a second codec the server sends that, to who does not take the first.
TEST(ServerOffer, HasNoCodecThatCannotBeReceived) {
  std::string all = offer();
  all.replace(all.find("96 97"), 5, "45 46 96 97");
  all.insert(all.find("a=rtpmap:96"),
             "a=rtpmap:45 AV1/90000\r\na=rtcp-fb:45 nack\r\na=rtpmap:46 rtx/90000\r\n"
             "a=fmtp:46 apt=45\r\n");
  for (const char* mime_type : {"", "video/AV1"})
    EXPECT_EQ(translated(all, {{"1", mime_type}}), translated(offer(), {})) << mime_type;
  EXPECT_EQ(translated(all, {{"1", "video/VP8"}}), translated(offer(), {{"1", "video/VP8"}}));
}

TEST(ServerOffer, ASectionOfWhatCannotBeReceivedStaysASection) {
  const std::string only =
      "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 45\r\na=mid:1\r\na=rtpmap:45 AV1/90000\r\n";
  EXPECT_EQ(translated(only, {{"1", "video/AV1"}}), only);
}

TEST(ServerOffer, HasNoRed) {
  for (const char* mime_type : {"", "audio/opus", "audio/red"}) {
    const std::string out = translated(offer(), {{"2", mime_type}});
    EXPECT_NE(out.find("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\n"
                       "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n"),
              std::string::npos)
        << mime_type << ": " << out;
  }
}

TEST(ServerOffer, NeverAsksUsToSend) {
  std::string gone = offer();
  gone.replace(gone.rfind("a=sendrecv"), 10, "a=recvonly");
  const std::string out = translated(gone, {});
  EXPECT_TRUE(out.starts_with(kData)) << "data goes both ways";
  EXPECT_NE(out.find("a=fmtp:109 apt=108\r\na=sendonly\r\n"), std::string::npos) << out;
  EXPECT_TRUE(out.ends_with("a=inactive\r\n")) << out;
}

// LiveKit's server says the one, ours the other.
TEST(ServerOffer, ASectionWhoseTrackIsGoneGoesOnReceiving) {
  for (const char* direction : {"a=recvonly", "a=inactive"}) {
    std::string gone = offer();
    gone.replace(gone.rfind("a=sendrecv"), 10, direction);
    EXPECT_TRUE(translated(gone, {{"2", "audio/opus"}}).ends_with("a=sendonly\r\n")) << direction;
    EXPECT_TRUE(translated(gone, {}).ends_with("a=inactive\r\n")) << direction;
    const std::string answer =
        "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=recvonly\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 OPUS/48000/2\r\na=recvonly\r\n";
    const std::string out =
        translate_subscriber_answer(answer, gone, [](std::string_view) { return false; });
    EXPECT_NE(out.find("a=rtpmap:96 VP8/90000\r\na=recvonly\r\n"), std::string::npos) << out;
    EXPECT_TRUE(out.ends_with("a=inactive\r\n")) << out;
  }
}

TEST(ServerOffer, ChangesNothingElse) {
  const std::string plain =
      "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=rtpmap:111 opus/48000/2\r\n"
      "a=sendonly\r\na=ssrc:1 cname:x\r\n";
  EXPECT_EQ(translated(plain, {{"1", "audio/opus"}}), plain);
}

TEST(SubscriberAnswer, RepeatsTheOfferedFormat) {
  const std::string answer =
      "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
      "m=video 9 UDP/TLS/RTP/SAVPF 108\r\na=rtpmap:108 H264/90000\r\n"
      "a=fmtp:108 packetization-mode=1\r\n";
  const std::string out =
      translate_subscriber_answer(answer, offer(), [](std::string_view) { return false; });
  EXPECT_TRUE(out.ends_with("a=fmtp:108 packetization-mode=1;profile-level-id=42e01f\r\n")) << out;
}

// LiveKit's server gives the section to another track later, which may be made of another codec.
TEST(SubscriberAnswer, NamesEveryCodecThatCanBeReceived) {
  const std::string answer =
      "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
      "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
      "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=inactive\r\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\na=rtpmap:111 OPUS/48000/2\r\na=recvonly\r\n";
  EXPECT_EQ(translate_subscriber_answer(answer, offer(), can_be_received),
            "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97 108 109\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
            "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=inactive\r\n"
            "a=rtpmap:108 H264/90000\r\na=fmtp:108 packetization-mode=1;profile-level-id=42e01f\r\n"
            "a=rtcp-fb:108 nack\r\na=rtpmap:109 rtx/90000\r\na=fmtp:109 apt=108\r\n"
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\na=rtpmap:111 OPUS/48000/2\r\n"
            "a=recvonly\r\n");
  EXPECT_EQ(translate_subscriber_answer(answer, offer(), [](std::string_view) { return false; }),
            answer);
}

}  // namespace
}  // namespace gstlk::client
