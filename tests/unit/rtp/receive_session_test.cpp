// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/receive_session.h"

#include <gtest/gtest.h>

#include "rtp/retransmission.h"
#include "rtp/twcc_feedback.h"
#include "support/rtp_packet.h"

namespace gstlk::rtp {
namespace {

using test::rtp_packet;
using test::RtpPacketBuilder;

constexpr Timestamp kStart{100s};
constexpr Ssrc kLocal{1};
constexpr uint8_t kMidId = 1, kRidId = 2, kRepairedRidId = 3, kTransportCcId = 4;
constexpr uint8_t kVp8 = 96, kRtx = 97, kOpus = 111;

ExtensionMap extensions() {
  ExtensionMap map;
  map.add(kMidId, ExtensionType::Mid);
  map.add(kRidId, ExtensionType::Rid);
  map.add(kRepairedRidId, ExtensionType::RepairedRid);
  map.add(kTransportCcId, ExtensionType::TransportCc);
  return map;
}

ReceiveMedia audio_media(const char* mid) {
  ReceiveMedia media{.mid = Mid(mid), .extensions = extensions()};
  media.formats = {{.payload_type = PayloadType(kOpus), .codec = Codec::Opus, .clock_rate = 48000}};
  return media;
}

ReceiveMedia video_media(const char* mid, std::vector<Rid> rids = {}) {
  ReceiveMedia media{
      .mid = Mid(mid), .video = true, .extensions = extensions(), .rids = std::move(rids)};
  media.formats = {{.payload_type = PayloadType(kVp8),
                    .codec = Codec::Vp8,
                    .clock_rate = 90000,
                    .nack = true,
                    .pli = true,
                    .fir = true,
                    .transport_cc = true},
                   {.payload_type = PayloadType(kRtx),
                    .codec = Codec::Rtx,
                    .clock_rate = 90000,
                    .apt = PayloadType(kVp8)}};
  return media;
}

class ReceiveSessionTest : public testing::Test {
 protected:
  // The last packet stays in bytes_.
  ReceiveResult receive(const RtpPacketBuilder& packet, Timestamp now = kStart) {
    bytes_ = packet.bytes();
    return session_.handle_rtp(bytes_, now);
  }
  // The mid's or rid's encoding that got the packet, or what became of it.
  static std::string name(const ReceiveResult& result, const ReceiveSession& session) {
    if (const auto* drop = std::get_if<Drop>(&result)) {
      return "drop " + std::to_string(static_cast<int>(drop->reason));
    }
    for (const ReceiveEncoding& e : session.encodings()) {
      if (e.id == std::get_if<Deliver>(&result)->encoding) return e.mid.value + e.rid.value;
    }
    return "nobody";
  }
  std::string receiver_of(const RtpPacketBuilder& packet, Timestamp now = kStart) {
    return name(receive(packet, now), session_);
  }
  std::optional<DropReason> drop_of(const RtpPacketBuilder& packet, Timestamp now = kStart) {
    const ReceiveResult result = receive(packet, now);
    const auto* drop = std::get_if<Drop>(&result);
    return drop ? std::optional(drop->reason) : std::nullopt;
  }
  // All RTCP of one moment.
  template <class T>
  std::vector<T> poll(Timestamp now) {
    std::vector<T> found;
    rtcp_.clear();
    while (true) {
      const size_t before = rtcp_.size();
      if (!session_.poll_rtcp(now, rtcp_)) break;
      EXPECT_LE(rtcp_.size() - before, 1300u);
    }
    RtcpReader reader(rtcp_);
    while (const auto message = reader.next()) {
      if (const auto* value = std::get_if<T>(&*message)) found.push_back(*value);
    }
    EXPECT_EQ(reader.malformed(), 0u);
    return found;
  }
  EncodingId first_encoding() const { return session_.encodings().front().id; }

  static RtpPacketBuilder vp8(uint32_t ssrc, uint16_t seq) {
    return rtp_packet().ssrc(Ssrc(ssrc)).payload_type(kVp8).seq(seq).payload({9, 9, 9});
  }
  static RtpPacketBuilder rtx(uint32_t ssrc, uint16_t seq, uint16_t original) {
    return rtp_packet()
        .ssrc(Ssrc(ssrc))
        .payload_type(kRtx)
        .seq(seq)
        .payload({static_cast<uint8_t>(original >> 8), static_cast<uint8_t>(original), 9, 9, 9});
  }

  ReceiveSession session_{kLocal};
  Bytes bytes_;
  Bytes rtcp_;
};

// --- Whose is it? ---

TEST_F(ReceiveSessionTest, TheMidTellsAStreamWhichItsSsrcTellsFromThenOn) {
  session_.set_media({audio_media("a"), video_media("v")});
  EXPECT_EQ(receiver_of(vp8(10, 1).extension(kMidId, "v")), "v");
  EXPECT_EQ(receiver_of(vp8(10, 2)), "v");
}

TEST_F(ReceiveSessionTest, TheRidTellsSimulcastEncodingsAndTheRepairedRidTheirRepair) {
  session_.set_media({video_media("v", {Rid("q"), Rid("h"), Rid("f")})});
  ASSERT_EQ(session_.encodings().size(), 3u);
  EXPECT_EQ(receiver_of(vp8(12, 7).extension(kMidId, "v").extension(kRidId, "h")), "vh");
  EXPECT_EQ(receiver_of(vp8(11, 7).extension(kMidId, "v").extension(kRidId, "q")), "vq");
  EXPECT_EQ(receiver_of(rtx(22, 1, 6).extension(kMidId, "v").extension(kRepairedRidId, "h")), "vh");
  EXPECT_EQ(receiver_of(rtx(22, 2, 5)), "vh");
  EXPECT_EQ(receiver_of(vp8(13, 1).extension(kMidId, "v").extension(kRidId, "z")),
            "drop " + std::to_string(static_cast<int>(DropReason::UnknownStream)));
}

TEST_F(ReceiveSessionTest, AnAnnouncedSsrcNeedsNoExtension) {
  ReceiveMedia one = video_media("1"), two = video_media("2");
  one.ssrcs = {{Ssrc(10), Ssrc(20)}};
  two.ssrcs = {{Ssrc(11), Ssrc(21)}};
  session_.set_media({one, two});
  EXPECT_EQ(receiver_of(vp8(11, 9)), "2");
  EXPECT_EQ(receiver_of(rtx(21, 1, 8)), "2");
  EXPECT_EQ(receiver_of(vp8(10, 9)), "1");
}

TEST_F(ReceiveSessionTest, APayloadTypeOfOneMediaOnlyIsEnough) {
  session_.set_media({audio_media("a"), video_media("v")});
  EXPECT_EQ(receiver_of(vp8(10, 1)), "v");
  session_.set_media({audio_media("a"), video_media("v"), video_media("w")});
  EXPECT_EQ(drop_of(vp8(11, 1)), DropReason::UnknownStream);
}

TEST_F(ReceiveSessionTest, APayloadTypeThatWasNotNegotiatedIsDropped) {
  session_.set_media({video_media("v")});
  EXPECT_EQ(drop_of(rtp_packet().payload_type(50).extension(kMidId, "v")),
            DropReason::UnknownStream);
  receive(vp8(10, 1));
  EXPECT_EQ(drop_of(rtp_packet().ssrc(Ssrc(10)).payload_type(50)), DropReason::UnknownPayloadType);
  EXPECT_EQ(session_.dropped(DropReason::UnknownPayloadType), 1u);
}

TEST_F(ReceiveSessionTest, ANewSsrcStartsTheEncodingAnewAndStragglersDoNotTakeItBack) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 500).extension(kMidId, "v"));
  EXPECT_EQ(receiver_of(vp8(99, 1).extension(kMidId, "v")), "v");
  EXPECT_EQ(drop_of(vp8(10, 501).extension(kMidId, "v")), DropReason::StaleStream);
  EXPECT_EQ(receiver_of(vp8(99, 2)), "v");
  EXPECT_EQ(session_.stats(first_encoding())->ssrc, Ssrc(99));
}

TEST_F(ReceiveSessionTest, AStreamThatSaidByeMayComeBack) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 500).extension(kMidId, "v"));
  EXPECT_EQ(session_.handle_bye(Ssrc(10)), first_encoding());
  EXPECT_FALSE(session_.stats(first_encoding())->ssrc);
  EXPECT_EQ(receiver_of(vp8(10, 3)), "v");
  EXPECT_EQ(session_.handle_bye(Ssrc(10)), first_encoding());
  EXPECT_EQ(receiver_of(vp8(11, 3).extension(kMidId, "v")), "v");
}

TEST_F(ReceiveSessionTest, WhatComesLateOfAStreamThatSaidByeDoesNotTakeTheEncodingBack) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 500).extension(kMidId, "v"));
  ASSERT_TRUE(session_.handle_bye(Ssrc(10)));
  EXPECT_EQ(receiver_of(vp8(11, 3).extension(kMidId, "v")), "v");
  EXPECT_EQ(drop_of(vp8(10, 499).extension(kMidId, "v")), DropReason::StaleStream);
  EXPECT_EQ(receiver_of(vp8(11, 4)), "v");
}

TEST_F(ReceiveSessionTest, AnEncodingThatIsPausedWithByeGoesOnWithoutItsRid) {
  ReceiveMedia media = video_media("v");
  media.rids = {Rid("q"), Rid("h"), Rid("f")};
  session_.set_media({media});
  receive(vp8(10, 500).extension(kMidId, "v").extension(kRidId, "f"));
  receive(vp8(11, 500).extension(kMidId, "v").extension(kRidId, "q"));
  ASSERT_TRUE(session_.handle_bye(Ssrc(10)));
  EXPECT_EQ(receiver_of(vp8(10, 501)), "vf");
}

TEST_F(ReceiveSessionTest, RenegotiationKeepsWhatStays) {
  ReceiveMedia video = video_media("v");
  video.ssrcs = {{Ssrc(10), std::nullopt}};
  session_.set_media({audio_media("a"), video});
  const ReceiveEncoding before = session_.encodings()[1];
  receive(vp8(10, 1));
  session_.set_media({video, audio_media("b")});
  ASSERT_EQ(session_.encodings().size(), 2u);
  EXPECT_EQ(session_.encodings()[0], before);
  EXPECT_EQ(drop_of(vp8(10, 1)), DropReason::Duplicate);
  EXPECT_EQ(session_.encodings()[1].id, EncodingId(2));
  session_.set_media({});
  EXPECT_EQ(drop_of(vp8(10, 2)), DropReason::UnknownStream);
  EXPECT_FALSE(session_.stats(before.id));
}

TEST_F(ReceiveSessionTest, AnnouncingAnotherSsrcMovesTheEncoding) {
  ReceiveMedia video = video_media("v");
  video.ssrcs = {{Ssrc(10), std::nullopt}};
  session_.set_media({video, video_media("w")});
  receive(vp8(10, 1));
  video.ssrcs = {{Ssrc(11), std::nullopt}};
  session_.set_media({video, video_media("w")});
  EXPECT_EQ(drop_of(vp8(10, 2)), DropReason::StaleStream);
  EXPECT_EQ(receiver_of(vp8(11, 2)), "v");
}

TEST_F(ReceiveSessionTest, AMidThatIsNamedTwiceDoesNoHarm) {
  ReceiveMedia video = video_media("v", {Rid("q"), Rid("q")});
  video.ssrcs = {{Ssrc(10), Ssrc(20)}, {Ssrc(11), Ssrc(21)}};
  session_.set_media({video, video});
  EXPECT_EQ(drop_of(vp8(10, 2)), DropReason::UnknownStream);
}

TEST_F(ReceiveSessionTest, ManySsrcsLeaveNothingBehind) {
  session_.set_media({video_media("v")});
  for (uint32_t ssrc = 1000; ssrc < 3000; ++ssrc) {
    EXPECT_EQ(receiver_of(vp8(ssrc, 1).extension(kMidId, "v")), "v");
  }
  // Far more than are remembered as stale.
  EXPECT_EQ(receiver_of(vp8(1000, 1).extension(kMidId, "v")), "v");
  EXPECT_EQ(drop_of(vp8(2990, 1).extension(kMidId, "v")), DropReason::StaleStream);
}

// --- Retransmission and duplicates ---

TEST_F(ReceiveSessionTest, ARetransmissionIsRestoredInPlaceOnce) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 1).extension(kMidId, "v"));
  receive(vp8(10, 3));
  const auto result = receive(rtx(20, 77, 2).timestamp(5).marker().extension(kMidId, "v"));
  const auto* deliver = std::get_if<Deliver>(&result);
  ASSERT_TRUE(deliver);
  EXPECT_TRUE(deliver->retransmitted);
  EXPECT_EQ(deliver->packet.data(), bytes_.data() + 2);
  const auto packet = PacketView::parse(deliver->packet);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->ssrc(), Ssrc(10));
  EXPECT_EQ(packet->payload_type(), PayloadType(kVp8));
  EXPECT_EQ(packet->sequence_number(), 2);
  EXPECT_EQ(packet->timestamp(), 5u);
  EXPECT_TRUE(packet->marker());
  EXPECT_EQ(packet->payload_size(), 3u);
  EXPECT_EQ(drop_of(rtx(20, 78, 2)), DropReason::Duplicate);
  EXPECT_EQ(drop_of(vp8(10, 2)), DropReason::Duplicate);
  const auto stats = session_.stats(first_encoding());
  EXPECT_EQ(stats->packets, 3u);
  EXPECT_EQ(stats->retransmitted, 1u);
  EXPECT_EQ(stats->duplicates, 2u);
  EXPECT_EQ(stats->lost, 1);
}

TEST_F(ReceiveSessionTest, WhatIsOvertakenIsOutOfOrderAndWhatIsRepeatedIsNot) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 1).extension(kMidId, "v"));
  for (const uint16_t seq : {4, 3, 6, 5}) receive(vp8(10, seq));
  receive(rtx(20, 1, 2).extension(kMidId, "v"));
  EXPECT_EQ(session_.stats(first_encoding())->packets, 6u);
  EXPECT_EQ(session_.stats(first_encoding())->out_of_order, 2u);
}

TEST_F(ReceiveSessionTest, ProbesOfPaddingAreDropped) {
  session_.set_media({video_media("v")});
  const auto probe = rtp_packet().ssrc(Ssrc(20)).payload_type(kRtx).padding(200);
  EXPECT_EQ(drop_of(RtpPacketBuilder(probe).extension(kMidId, "v")), DropReason::PaddingOnly);
  EXPECT_EQ(receiver_of(vp8(10, 1).extension(kMidId, "v")), "v");
  EXPECT_EQ(drop_of(probe), DropReason::PaddingOnly);
  EXPECT_EQ(receiver_of(rtx(20, 3, 0)), "v");
}

TEST_F(ReceiveSessionTest, MalformedPacketsAreCounted) {
  EXPECT_TRUE(std::holds_alternative<Drop>(session_.handle_rtp({}, kStart)));
  EXPECT_EQ(session_.dropped(DropReason::Malformed), 1u);
}

// --- Feedback ---

TEST_F(ReceiveSessionTest, AsksForWhatIsMissingUntilItComes) {
  session_.set_media({video_media("v")});
  session_.set_round_trip(50ms);
  receive(vp8(10, 1).extension(kMidId, "v"));
  receive(vp8(10, 4));
  EXPECT_EQ(session_.next_timeout(), kStart + 10ms);
  EXPECT_TRUE(poll<RtcpNack>(kStart + 9ms).empty());
  const auto nacks = poll<RtcpNack>(kStart + 10ms);
  ASSERT_EQ(nacks.size(), 1u);
  EXPECT_EQ(nacks[0].sender, kLocal);
  EXPECT_EQ(nacks[0].media, Ssrc(10));
  EXPECT_EQ(nacks[0].items[0].first, 2);
  EXPECT_EQ(nacks[0].items[0].bitmap, 1);
  receive(rtx(20, 1, 2).extension(kMidId, "v"), kStart + 20ms);
  const auto again = poll<RtcpNack>(kStart + 60ms);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].items[0].first, 3);
  EXPECT_EQ(session_.stats(first_encoding())->nacks_sent, 3u);
}

TEST_F(ReceiveSessionTest, WithoutNackNegotiatedNothingIsAskedFor) {
  session_.set_media({audio_media("a")});
  const auto opus = [](uint16_t seq) { return rtp_packet().payload_type(kOpus).seq(seq); };
  receive(opus(1));
  receive(opus(9));
  EXPECT_TRUE(poll<RtcpNack>(kStart + 100ms).empty());
}

TEST_F(ReceiveSessionTest, ALossBeyondRepairAsksForAKeyframe) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 1));
  receive(vp8(10, 1000));
  EXPECT_EQ(session_.next_timeout(), Timestamp::min());
  const auto plis = poll<RtcpPli>(kStart);
  ASSERT_EQ(plis.size(), 1u);
  EXPECT_EQ(plis[0].media, Ssrc(10));
}

TEST_F(ReceiveSessionTest, KeyframeRequestsAreMerged) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 1));
  const EncodingId id = first_encoding();
  session_.request_keyframe(id, kStart);
  session_.request_keyframe(id, kStart + 1ms);
  EXPECT_EQ(poll<RtcpPli>(kStart + 1ms).size(), 1u);
  EXPECT_EQ(session_.next_timeout(), kStart + 300ms);
  EXPECT_EQ(poll<RtcpPli>(kStart + 300ms).size(), 1u);
  session_.request_keyframe(id, kStart + 400ms);
  session_.on_keyframe(id);
  EXPECT_TRUE(poll<RtcpPli>(kStart + 5s).empty());
  EXPECT_EQ(session_.stats(id)->keyframe_requests_sent, 2u);
}

// As GStreamer's rtprtxsend, which copies what the packet has.
TEST_F(ReceiveSessionTest, ARetransmissionThatHasTheRidIsNoNewStream) {
  session_.set_media({video_media("v", {Rid("q"), Rid("h"), Rid("f")})});
  EXPECT_EQ(receiver_of(vp8(12, 5).extension(kMidId, "v").extension(kRidId, "h")), "vh");
  EXPECT_EQ(receiver_of(vp8(12, 7)), "vh");
  EXPECT_EQ(receiver_of(rtx(22, 1, 6).extension(kMidId, "v").extension(kRidId, "h")), "vh");
  EXPECT_EQ(receiver_of(vp8(12, 8)), "vh");
}

TEST_F(ReceiveSessionTest, TheIntervalOfKeyframesIsOfTheEncoding) {
  ReceiveMedia media = video_media("v");
  media.rids = {Rid("q"), Rid("h"), Rid("f")};
  media.ssrcs = {{Ssrc(10), {}}, {Ssrc(11), {}}, {Ssrc(12), {}}};
  session_.set_media({video_media("other"), media});
  session_.set_keyframe_intervals({100ms, 200ms, 0ms});
  for (uint32_t ssrc : {10u, 11u, 12u}) receive(vp8(ssrc, 1));
  const auto ask_all = [&](Timestamp now) {
    for (size_t i = 1; i < 4; ++i) session_.request_keyframe(session_.encodings()[i].id, now);
    return poll<RtcpPli>(now).size();
  };
  EXPECT_EQ(ask_all(kStart), 3u);
  EXPECT_EQ(ask_all(kStart + 99ms), 0u);
  EXPECT_EQ(ask_all(kStart + 100ms), 1u);
  EXPECT_EQ(ask_all(kStart + 200ms), 2u);
  EXPECT_EQ(ask_all(kStart + 300ms), 2u);
}

TEST_F(ReceiveSessionTest, ARequestBeforeTheFirstPacketWaitsForIt) {
  session_.set_media({video_media("v")});
  session_.request_keyframe(first_encoding(), kStart);
  EXPECT_TRUE(poll<RtcpPli>(kStart).empty());
  receive(vp8(10, 1), kStart + 1s);
  EXPECT_EQ(poll<RtcpPli>(kStart + 1s).size(), 1u);
}

TEST_F(ReceiveSessionTest, FirIsSentWherePliWasNotNegotiated) {
  ReceiveMedia media = video_media("v");
  media.formats[0].pli = false;
  session_.set_media({media});
  receive(vp8(10, 1));
  for (uint8_t i = 0; i < 2; ++i) {
    session_.request_keyframe(first_encoding(), kStart + i * 10s);
    const auto firs = poll<RtcpFir>(kStart + i * 10s);
    ASSERT_EQ(firs.size(), 1u);
    EXPECT_EQ(firs[0].items[0].ssrc, Ssrc(10));
    EXPECT_EQ(firs[0].items[0].sequence, i);
  }
  EXPECT_EQ(session_.stats(first_encoding())->keyframe_requests_sent, 2u);
  EXPECT_EQ(session_.stats(first_encoding())->firs_sent, 2u);
}

TEST_F(ReceiveSessionTest, ReportsEverySecondOnWhatWasReceived) {
  session_.set_media({video_media("v")});
  receive(vp8(10, 1));
  receive(vp8(10, 2));
  RtcpSenderReport sr{.sender = Ssrc(10)};
  sr.info = {.ntp = NtpTime{0x0001'2345'6789'0000}, .rtp_timestamp = 90};
  EXPECT_EQ(session_.handle_sender_report(sr, kStart + 500ms), first_encoding());
  EXPECT_TRUE(poll<RtcpReceiverReport>(kStart + 999ms).empty());
  const auto reports = poll<RtcpReceiverReport>(kStart + 1s);
  ASSERT_EQ(reports.size(), 1u);
  ASSERT_EQ(reports[0].blocks.size(), 1u);
  const ReportBlock block = reports[0].blocks[0];
  EXPECT_EQ(block.ssrc, Ssrc(10));
  EXPECT_EQ(block.highest_sequence, 2u);
  EXPECT_EQ(block.last_sr, 0x23456789u);
  EXPECT_EQ(block.delay_since_last_sr, 32768u);
  EXPECT_EQ(session_.sender_report(first_encoding())->arrival, kStart + 500ms);
  // Nothing more came: an empty round ends the reports, a packet starts them again.
  EXPECT_TRUE(poll<RtcpReceiverReport>(kStart + 2s).empty());
  EXPECT_FALSE(session_.next_timeout());
  receive(vp8(10, 3), kStart + 5s);
  EXPECT_EQ(session_.next_timeout(), kStart + 6s);
}

TEST_F(ReceiveSessionTest, ManyStreamsShareSeveralDatagrams) {
  std::vector<ReceiveMedia> media;
  for (int i = 0; i < 70; ++i) media.push_back(video_media(std::to_string(i).c_str()));
  session_.set_media(media);
  for (uint32_t i = 0; i < 70; ++i) {
    receive(vp8(1000 + i, 1).extension(kMidId, std::string_view(std::to_string(i))));
  }
  size_t blocks = 0;
  for (const auto& report : poll<RtcpReceiverReport>(kStart + 1s)) blocks += report.blocks.size();
  EXPECT_EQ(blocks, 70u);
  for (const ReceiveEncoding& e : session_.encodings()) session_.request_keyframe(e.id, kStart);
  EXPECT_EQ(poll<RtcpPli>(kStart + 1s).size(), 70u);
  EXPECT_EQ(session_.next_timeout(), kStart + 2s);
}

TEST_F(ReceiveSessionTest, FeedsBackTransportWideNumbersOfAllStreams) {
  session_.set_media({audio_media("a"), video_media("v")});
  receive(vp8(10, 1).extension(kTransportCcId, uint16_t{7}));
  receive(rtp_packet().ssrc(Ssrc(5)).payload_type(kOpus).extension(kTransportCcId, uint16_t{9}),
          kStart + 1ms);
  EXPECT_EQ(session_.next_timeout(), kStart + 25ms);
  const auto feedback = poll<RtcpTransportFeedback>(kStart + 25ms);
  ASSERT_EQ(feedback.size(), 1u);
  const auto parsed = TwccFeedback::parse(feedback[0].fci);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->base_sequence(), 7);
  EXPECT_EQ(parsed->status_count(), 3);
}

}  // namespace
}  // namespace gstlk::rtp
