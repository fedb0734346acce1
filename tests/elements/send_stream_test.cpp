// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/send_stream.h"

#include <gtest/gtest.h>

#include "plugins/sfu/media_section.h"
#include "rtp/packet.h"

namespace gstlk::sfu {
namespace {

constexpr Ssrc kSsrc(0x1111);
constexpr Ssrc kRtxSsrc(0x2222);
constexpr Timestamp kNow(5s);

MediaSection video_section() {
  MediaSection section;
  section.mid = Mid("0");
  section.video = true;
  auto add = [&](uint8_t type, rtp::Codec codec, std::optional<PayloadType> apt) {
    MediaSection::Format format;
    format.receive.payload_type = PayloadType(type);
    format.receive.codec = codec;
    format.receive.clock_rate = 90'000;
    format.receive.apt = apt;
    section.formats.push_back(format);
  };
  add(96, rtp::Codec::Vp8, {});
  add(97, rtp::Codec::Rtx, PayloadType(96));
  add(98, rtp::Codec::Vp8, {});
  return section;
}

class SendStreamTest : public testing::Test {
 protected:
  SendStreamTest() {
    staged_.packet = &shared_;
    staged_.rewrite.sequence = 1007;
    staged_.rewrite.timestamp = 3090;
  }

  // The header, with a byte of payload behind it.
  Bytes write(SendStream& stream, bool rtx = false) {
    std::array<uint8_t, SendStream::kMaxHeader> header{};
    const size_t size = stream.write_header(staged_, PayloadType(96), rtx, kNow, header);
    Bytes packet(header.begin(), header.begin() + static_cast<ptrdiff_t>(size));
    packet.push_back(0xaa);
    return packet;
  }

  static Bytes extension(const Bytes& packet, const MediaSection& section,
                         rtp::ExtensionType type) {
    const auto view = rtp::PacketView::parse(packet);
    EXPECT_TRUE(view);
    const ByteView bytes = view ? rtp::find_extension(*view, section.extensions, type) : ByteView{};
    return Bytes(bytes.begin(), bytes.end());
  }

  MediaSection section_ = video_section();
  SharedPacket shared_;
  StagedPacket staged_;
};

TEST_F(SendStreamTest, TakesTheFirstFormatOfACodecAndItsRetransmission) {
  SendStream stream({Mid("0"), kSsrc, kRtxSsrc, {}});
  EXPECT_FALSE(stream.negotiated);
  stream.configure(&section_);
  EXPECT_TRUE(stream.negotiated);
  EXPECT_EQ(stream.payload(rtp::Codec::Vp8).type, PayloadType(96));
  EXPECT_EQ(stream.payload(rtp::Codec::Vp8).rtx, PayloadType(97));
  EXPECT_FALSE(stream.payload(rtp::Codec::H264).known);
  stream.configure(nullptr);
  EXPECT_FALSE(stream.negotiated);
  EXPECT_FALSE(stream.payload(rtp::Codec::Vp8).known);
}

TEST_F(SendStreamTest, RetransmitsUnderNoOtherSsrcWhenItHasNone) {
  SendStream stream({Mid("0"), kSsrc, {}, {}});
  stream.configure(&section_);
  EXPECT_FALSE(stream.payload(rtp::Codec::Vp8).rtx);
}

TEST_F(SendStreamTest, WritesTheFixedHeaderOfTheRightStream) {
  SendStream stream({Mid("0"), kSsrc, kRtxSsrc, {}});
  stream.configure(&section_);
  staged_.rewrite.marker = true;
  const Bytes packet = write(stream);
  ASSERT_EQ(packet.size(), 13u);
  const auto view = rtp::PacketView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->ssrc(), kSsrc);
  EXPECT_EQ(view->payload_type(), PayloadType(96));
  EXPECT_EQ(view->sequence_number(), 1007);
  EXPECT_EQ(view->timestamp(), 3090u);
  EXPECT_TRUE(view->marker());
  const Bytes again = write(stream, true);
  EXPECT_EQ(rtp::PacketView::parse(again)->ssrc(), kRtxSsrc);
}

TEST_F(SendStreamTest, PassesOnExtensionsThatThePeerTakesUnderItsIds) {
  section_.extensions.add(4, rtp::ExtensionType::DependencyDescriptor);
  const Bytes descriptor{0x80, 1, 2};
  const Bytes capture_time{1, 2, 3, 4, 5, 6, 7, 8};
  shared_.received.descriptor_bytes = descriptor;
  shared_.capture_time = capture_time;
  SendStream stream({Mid("0"), kSsrc, kRtxSsrc, {}});
  stream.configure(&section_);
  EXPECT_EQ(extension(write(stream), section_, rtp::ExtensionType::DependencyDescriptor),
            descriptor);
  EXPECT_TRUE(extension(write(stream), section_, rtp::ExtensionType::AbsCaptureTime).empty());

  section_.extensions.add(20, rtp::ExtensionType::AbsCaptureTime);  // takes the two-byte form
  stream.configure(&section_);
  EXPECT_EQ(extension(write(stream), section_, rtp::ExtensionType::DependencyDescriptor),
            descriptor);
  EXPECT_EQ(extension(write(stream), section_, rtp::ExtensionType::AbsCaptureTime), capture_time);
}

TEST_F(SendStreamTest, SaysThePlayoutDelayUntilItIsReportedAndNeverInARepetition) {
  section_.extensions.add(6, rtp::ExtensionType::PlayoutDelay);
  SendStream stream({Mid("0"), kSsrc, kRtxSsrc, rtp::PlayoutDelayLimits{100ms, 200ms}});
  stream.configure(&section_);
  EXPECT_EQ(extension(write(stream), section_, rtp::ExtensionType::PlayoutDelay).size(), 3u);
  staged_.retransmission = true;
  EXPECT_TRUE(extension(write(stream), section_, rtp::ExtensionType::PlayoutDelay).empty());
  staged_.retransmission = false;
  stream.playout_delay->on_report(1007, 0ms, 1, 0, kNow + 6s);
  EXPECT_TRUE(extension(write(stream), section_, rtp::ExtensionType::PlayoutDelay).empty());
}

TEST_F(SendStreamTest, SaysNoPlayoutDelayThatNobodyAskedFor) {
  section_.extensions.add(6, rtp::ExtensionType::PlayoutDelay);
  SendStream stream({Mid("0"), kSsrc, kRtxSsrc, {}});
  stream.configure(&section_);
  EXPECT_EQ(write(stream).size(), 13u);
}

TEST(SendProgressTest, KeepsTheNewestNumbers) {
  SendProgress progress;
  EXPECT_FALSE(progress.position);
  progress.on_sent(65'534, 1000, kNow);
  progress.on_sent(0, 3000, kNow + 20ms);
  progress.on_sent(65'535, 2000, kNow + 30ms);  // sent again
  ASSERT_TRUE(progress.position);
  EXPECT_EQ(progress.position->next_sequence, 1);
  EXPECT_EQ(progress.position->timestamp, 3000u);
  EXPECT_EQ(progress.position->sent, kNow + 20ms);
}

TEST(StreamPositionTest, TimeGoesOnBesideTheClock) {
  const StreamPosition position{1, 0xffff'fff0, kNow};
  EXPECT_EQ(position.timestamp_at(kNow + 2500ms, 48'000), 120'000u - 16);
  EXPECT_EQ(position.timestamp_at(kNow, 90'000), 90u - 16);  // never the same again
}

}  // namespace
}  // namespace gstlk::sfu
