// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/rtcp.h"

#include <gtest/gtest.h>

#include <string>

#include "rtp/rtcp_writer.h"

namespace gstlk::rtp {
namespace {

constexpr Ssrc kSender{0x01020304};
constexpr Ssrc kMedia{0x0a0b0c0d};

// The only message of a datagram.
template <class T>
T read_one(const Bytes& bytes) {
  RtcpReader reader(bytes);
  const auto message = reader.next();
  EXPECT_TRUE(message && std::holds_alternative<T>(*message));
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.malformed(), 0u);
  const T* value = message ? std::get_if<T>(&*message) : nullptr;
  return value ? *value : T{};
}

TEST(Rtcp, SenderReportSurvivesTheRoundTrip) {
  Bytes bytes;
  const ReportBlock block{.ssrc = kMedia,
                          .fraction_lost = 12,
                          .cumulative_lost = -3,
                          .highest_sequence = 0x10005,
                          .jitter = 99,
                          .last_sr = 0xaabbccdd,
                          .delay_since_last_sr = 65536};
  RtcpWriter(bytes).sender_report(kSender, {NtpTime{0x1122334455667788}, 90000, 10, 1000},
                                  {&block, 1});
  const auto report = read_one<RtcpSenderReport>(bytes);
  EXPECT_EQ(report.sender, kSender);
  EXPECT_EQ(report.info.ntp.value, 0x1122334455667788u);
  EXPECT_EQ(report.info.rtp_timestamp, 90000u);
  EXPECT_EQ(report.info.packets, 10u);
  EXPECT_EQ(report.info.octets, 1000u);
  ASSERT_EQ(report.blocks.size(), 1u);
  const ReportBlock read = report.blocks[0];
  EXPECT_EQ(read.ssrc, kMedia);
  EXPECT_EQ(read.fraction_lost, 12);
  EXPECT_EQ(read.cumulative_lost, -3);
  EXPECT_EQ(read.highest_sequence, 0x10005u);
  EXPECT_EQ(read.jitter, 99u);
  EXPECT_EQ(read.last_sr, 0xaabbccddu);
  EXPECT_EQ(read.delay_since_last_sr, 65536u);
}

TEST(Rtcp, MoreThan31BlocksContinueInAnotherReport) {
  Bytes bytes;
  const std::vector<ReportBlock> blocks(40, ReportBlock{.ssrc = kMedia});
  RtcpWriter(bytes).sender_report(kSender, {}, blocks);
  RtcpReader reader(bytes);
  const auto first = reader.next();
  const auto second = reader.next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(std::get_if<RtcpSenderReport>(&*first)->blocks.size(), 31u);
  EXPECT_EQ(std::get_if<RtcpReceiverReport>(&*second)->blocks.size(), 9u);
  EXPECT_FALSE(reader.next());
}

TEST(Rtcp, CumulativeLossIsHeldWithin24Bits) {
  Bytes bytes;
  const ReportBlock block{.cumulative_lost = 0x1000000};
  RtcpWriter(bytes).receiver_report(kSender, {&block, 1});
  EXPECT_EQ(read_one<RtcpReceiverReport>(bytes).blocks[0].cumulative_lost, 0x7fffff);
}

TEST(Rtcp, CnameOfAnyLengthSurvivesTheRoundTrip) {
  for (size_t size : {0u, 1u, 2u, 3u, 4u, 255u}) {
    Bytes bytes;
    const std::string cname(size, 'c');
    RtcpWriter(bytes).sdes_cname(kSender, cname);
    const auto sdes = read_one<RtcpSdes>(bytes);
    EXPECT_EQ(sdes.source, kSender);
    EXPECT_EQ(sdes.cname, cname);
  }
}

TEST(Rtcp, ByeNamesItsSources) {
  Bytes bytes;
  const Ssrc sources[] = {kSender, kMedia};
  RtcpWriter(bytes).bye(sources);
  const auto bye = read_one<RtcpBye>(bytes);
  ASSERT_EQ(bye.sources.size(), 2u);
  EXPECT_EQ(bye.sources[1], kMedia);
}

TEST(Rtcp, NackPacksSeventeenNeighboursIntoOneItem) {
  Bytes bytes;
  const std::vector<uint16_t> numbers = {65530, 65531, 5, 10, 11};  // 10 is 16 behind the first
  RtcpWriter(bytes).nack(kSender, kMedia, numbers);
  const auto nack = read_one<RtcpNack>(bytes);
  EXPECT_EQ(nack.sender, kSender);
  EXPECT_EQ(nack.media, kMedia);
  ASSERT_EQ(nack.items.size(), 2u);
  EXPECT_EQ(nack.items[0].first, 65530);
  EXPECT_EQ(nack.items[0].bitmap, 1 << 0 | 1 << 10 | 1 << 15);
  EXPECT_EQ(nack.items[1].first, 11);
  EXPECT_EQ(nack.items[1].bitmap, 0);
}

TEST(Rtcp, PliAndFirNameTheMedia) {
  Bytes bytes;
  RtcpWriter(bytes).pli(kSender, kMedia);
  EXPECT_EQ(read_one<RtcpPli>(bytes).media, kMedia);
  bytes.clear();
  const FirItem item{.ssrc = kMedia, .sequence = 7};
  RtcpWriter(bytes).fir(kSender, {&item, 1});
  const auto fir = read_one<RtcpFir>(bytes);
  ASSERT_EQ(fir.items.size(), 1u);
  EXPECT_EQ(fir.items[0].ssrc, kMedia);
  EXPECT_EQ(fir.items[0].sequence, 7);
}

TEST(Rtcp, RembKeepsEighteenBitsOfTheRate) {
  for (uint64_t bps : {uint64_t{0}, uint64_t{300'000}, uint64_t{5'000'000'000}}) {
    Bytes bytes;
    RtcpWriter(bytes).remb(kSender, Bitrate{bps}, {&kMedia, 1});
    const auto remb = read_one<RtcpRemb>(bytes);
    EXPECT_LE(remb.bitrate.bps, bps);
    EXPECT_GE(remb.bitrate.bps, bps - bps / 100'000);
    EXPECT_EQ(remb.sources[0], kMedia);
  }
}

TEST(Rtcp, ExtendedReportsCarryReferenceTimeAndItsAnswer) {
  Bytes bytes;
  RtcpWriter(bytes).receiver_reference_time(kSender, NtpTime{77});
  const auto rrtr = read_one<RtcpExtendedReport>(bytes);
  ASSERT_TRUE(rrtr.receiver_reference_time);
  EXPECT_EQ(rrtr.receiver_reference_time->value, 77u);
  EXPECT_EQ(rrtr.dlrr.size(), 0u);

  bytes.clear();
  const DlrrItem item{.ssrc = kMedia, .last_rr = 5, .delay_since_last_rr = 6};
  RtcpWriter(bytes).dlrr(kSender, {&item, 1});
  const auto dlrr = read_one<RtcpExtendedReport>(bytes);
  EXPECT_FALSE(dlrr.receiver_reference_time);
  ASSERT_EQ(dlrr.dlrr.size(), 1u);
  EXPECT_EQ(dlrr.dlrr[0].delay_since_last_rr, 6u);
}

TEST(Rtcp, FeedbackIsPaddedToWholeWords) {
  for (size_t size = 8; size < 12; ++size) {
    Bytes bytes;
    const Bytes fci(size, 9);
    RtcpWriter(bytes).transport_feedback(kSender, kMedia, fci);
    EXPECT_EQ(bytes.size() % 4, 0u);
    EXPECT_EQ(read_one<RtcpTransportFeedback>(bytes).fci.size(), size);
  }
}

TEST(RtcpReader, PassesOverWhatItDoesNotKnow) {
  Bytes bytes = {0x80, 204, 0, 1, 1, 2, 3, 4};  // APP
  RtcpWriter(bytes).pli(kSender, kMedia);
  EXPECT_EQ(read_one<RtcpPli>(bytes).media, kMedia);
}

TEST(RtcpReader, CountsAndPassesOverAMalformedPacketOfBelievableLength) {
  Bytes bytes = {0x81, 201, 0, 1, 1, 2, 3, 4};  // says one block and has none
  RtcpWriter(bytes).pli(kSender, kMedia);
  RtcpReader reader(bytes);
  const auto message = reader.next();
  ASSERT_TRUE(message);
  EXPECT_TRUE(std::holds_alternative<RtcpPli>(*message));
  EXPECT_EQ(reader.malformed(), 1u);
}

TEST(RtcpReader, EndsWhereALengthRunsPastTheEnd) {
  Bytes bytes;
  RtcpWriter(bytes).pli(kSender, kMedia);
  for (size_t size = 1; size < bytes.size(); ++size) {
    RtcpReader reader(ByteView(bytes).first(size));
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.malformed(), 1u);
  }
}

TEST(RtcpReader, CountsPaddingThatCannotBe) {
  Bytes bytes = {0xa0, 201, 0, 1, 0, 0, 0, 9};
  RtcpReader reader(bytes);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.malformed(), 1u);
}

}  // namespace
}  // namespace gstlk::rtp
