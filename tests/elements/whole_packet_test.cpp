// SPDX-License-Identifier: LGPL-2.1-or-later
// What the router makes of received buffers for those who do not share them.
#include "plugins/sfu/whole_packet.h"

#include <gtest/gtest.h>

#include "plugins/sfu/flat_buffer.h"
#include "rtp/packet.h"
#include "support/rtp_packet.h"

namespace gstlk::sfu {
namespace {

class WholePacketTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  static Ref<GstBuffer> buffer_of(ByteView bytes) {
    return Ref<GstBuffer>::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
  }
};

TEST_F(WholePacketTest, HasTheSubscribersNumbersAndTheSamePayload) {
  const Bytes received = test::rtp_packet()
                             .ssrc(Ssrc(1))
                             .seq(7)
                             .timestamp(90)
                             .extension(3, "mid")
                             .payload({1, 2, 3, 4})
                             .padding(4)
                             .bytes();
  const auto buffer = buffer_of(received);
  GST_BUFFER_PTS(buffer.get()) = 42;
  const auto view = rtp::PacketView::parse(received);
  ASSERT_TRUE(view);
  SharedPacket shared;
  shared.buffer = buffer.get();
  shared.received.bytes = received;
  shared.received.payload = view->payload();
  StagedPacket staged;
  staged.packet = &shared;
  staged.rewrite.sequence = 1007;
  staged.rewrite.timestamp = 3090;
  staged.rewrite.marker = true;
  staged.rewrite.head_replaced = 1;
  staged.rewrite.head_size = 2;
  staged.rewrite.head = {8, 9};

  const Ref<GstBuffer> copy = new_whole_packet(staged, Ssrc(5));
  const auto sent = rtp::PacketView::parse(stable_bytes(copy.get()));
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->ssrc(), Ssrc(5));
  EXPECT_EQ(sent->sequence_number(), 1007);
  EXPECT_EQ(sent->timestamp(), 3090u);
  EXPECT_TRUE(sent->marker());
  EXPECT_TRUE(sent->has_extension());
  EXPECT_EQ(Bytes(sent->payload().begin(), sent->payload().end()), (Bytes{8, 9, 2, 3, 4}));
  EXPECT_EQ(GST_BUFFER_PTS(copy.get()), 42u);
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(copy.get(), GST_BUFFER_FLAG_MARKER));
}

TEST_F(WholePacketTest, ABufferInPiecesBecomesFlatWithItsBytesAndTime) {
  const Bytes head{1, 2, 3};
  const Bytes tail{4, 5};
  GstBuffer* pieces = gst_buffer_append(buffer_of(head).release(), buffer_of(tail).release());
  GST_BUFFER_PTS(pieces) = 42;
  EXPECT_TRUE(stable_bytes(pieces).empty());
  auto list = Ref<GstBufferList>::adopt(gst_buffer_list_new());
  gst_buffer_list_add(list.get(), pieces);

  const Ref<GstBufferList> flat = flattened(std::move(list));
  GstBuffer* buffer = gst_buffer_list_get(flat.get(), 0);
  const ByteView bytes = stable_bytes(buffer);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.end()), (Bytes{1, 2, 3, 4, 5}));
  EXPECT_EQ(GST_BUFFER_PTS(buffer), 42u);
}

TEST_F(WholePacketTest, AFlatListStaysTheSame) {
  auto list = Ref<GstBufferList>::adopt(gst_buffer_list_new());
  gst_buffer_list_add(list.get(), buffer_of(Bytes{1}).release());
  const GstBufferList* before = list.get();
  EXPECT_EQ(flattened(std::move(list)).get(), before);
}

}  // namespace
}  // namespace gstlk::sfu
