// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/web_socket_frames.h"

#include <gtest/gtest.h>

#include <vector>

#include "client_frames.h"
#include "net/permessage_deflate.h"

namespace gstlk::net {
namespace {

constexpr size_t kLimit = 100'000;

class WebSocketReaderTest : public testing::Test {
 protected:
  // What comes out of `bytes`, read in pieces of `piece`; ends at the first error.
  void read(std::string_view bytes, size_t piece = 1'000'000) {
    while (!bytes.empty() && !error_) {
      reader_.handle_bytes(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      poll();
    }
  }

  void poll() {
    while (true) {
      auto message = reader_.next();
      if (!message) error_ = message.error();
      if (!message || !*message) return;
      messages_.push_back(std::move(**message));
    }
  }

  PermessageDeflate deflate_;
  WebSocketReader reader_{kLimit, &deflate_};
  std::vector<WebSocketMessage> messages_;
  std::optional<CloseCode> error_;
};

TEST_F(WebSocketReaderTest, ReadsMessagesOfEverySizeHoweverTheyArrive) {
  const std::vector<size_t> sizes{0, 1, 125, 126, 65535, 65536, kLimit};
  std::string bytes;
  for (const size_t size : sizes) bytes += client_frame(Opcode::Binary, std::string(size, 'b'));
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{16384}, bytes.size()}) {
    messages_.clear();
    read(bytes, piece);
    ASSERT_EQ(messages_.size(), sizes.size());
    for (size_t i = 0; i < sizes.size(); i++) {
      EXPECT_EQ(messages_[i].opcode, Opcode::Binary);
      EXPECT_TRUE(messages_[i].payload == std::string(sizes[i], 'b')) << sizes[i];
    }
  }
  EXPECT_FALSE(error_);
}

TEST_F(WebSocketReaderTest, JoinsFragmentsAndReadsAPingBetweenThem) {
  read(client_frame(Opcode::Text, "one ", 0) + client_frame(Opcode::Ping, "?") +
       client_frame(Opcode::Continuation, "", 0) + client_frame(Opcode::Continuation, "two"));
  ASSERT_EQ(messages_.size(), 2u);
  EXPECT_EQ(messages_[0].opcode, Opcode::Ping);
  EXPECT_EQ(messages_[0].payload, "?");
  EXPECT_EQ(messages_[1].opcode, Opcode::Text);
  EXPECT_EQ(messages_[1].payload, "one two");
}

TEST_F(WebSocketReaderTest, AFrameOverTheLimitIsRefusedByItsHeader) {
  read(client_frame(Opcode::Binary, std::string(kLimit + 1, 'b')).substr(0, 14));
  EXPECT_EQ(error_, CloseCode::TooBig);
}

TEST_F(WebSocketReaderTest, FragmentsOverTheLimitTogetherAreRefused) {
  read(client_frame(Opcode::Binary, std::string(60'000, 'b'), 0));
  EXPECT_FALSE(error_);
  read(client_frame(Opcode::Continuation, std::string(40'001, 'b'), 0).substr(0, 8));
  EXPECT_EQ(error_, CloseCode::TooBig);
}

TEST_F(WebSocketReaderTest, InflatesOneMessageInFragments) {
  const std::string packed = deflate_.compress(std::string(50'000, 'd'));
  read(client_frame(Opcode::Text, packed.substr(0, 10), kDeflated) +
       client_frame(Opcode::Continuation, packed.substr(10)));
  read(client_frame(Opcode::Text, "plain"));
  ASSERT_EQ(messages_.size(), 2u);
  EXPECT_EQ(messages_[0].payload, std::string(50'000, 'd'));
  EXPECT_EQ(messages_[1].payload, "plain");
}

TEST_F(WebSocketReaderTest, AMessageThatInflatesOverTheLimitIsRefused) {
  const std::string packed = deflate_.compress(std::string(100'000'000, 'd'));
  ASSERT_LT(packed.size(), 500'000u);
  WebSocketReader reader(500'000, &deflate_);
  reader.handle_bytes(client_frame(Opcode::Binary, packed, kLast | kDeflated));
  const auto message = reader.next();
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), CloseCode::PolicyViolation);
}

TEST_F(WebSocketReaderTest, WithoutALimitAMessageMayBeOfAnySize) {
  WebSocketReader reader(0, &deflate_);
  const std::string packed = deflate_.compress(std::string(5'000'000, 'd'));
  reader.handle_bytes(client_frame(Opcode::Binary, packed, kLast | kDeflated));
  const auto message = reader.next();
  ASSERT_TRUE(message);
  ASSERT_TRUE(message.value());
  EXPECT_EQ(message.value()->payload.size(), 5'000'000u);
}

TEST_F(WebSocketReaderTest, CompressionThatWasNotAgreedOnIsRefused) {
  WebSocketReader plain(kLimit, nullptr);
  plain.handle_bytes(client_frame(Opcode::Text, "x", kLast | kDeflated));
  const auto message = plain.next();
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), CloseCode::ProtocolError);
}

TEST_F(WebSocketReaderTest, WhatIsNotDeflateIsRefused) {
  read(client_frame(Opcode::Binary, "\xff\xff\xff\xff", kLast | kDeflated));
  EXPECT_EQ(error_, CloseCode::ProtocolError);
}

TEST_F(WebSocketReaderTest, TextHasToBeUtf8) {
  read(client_frame(Opcode::Text, std::string_view("Gr\xc3\xbc\0\xc3\x9f", 7)));
  EXPECT_EQ(messages_.size(), 1u);
  read(client_frame(Opcode::Text, "\xc3"));
  EXPECT_EQ(error_, CloseCode::BadData);
}

TEST(WebSocketReader, RefusesWhatBreaksTheFraming) {
  std::string unmasked = client_frame(Opcode::Text, "x");
  unmasked[1] = 1;
  const std::string long_size_16("\x82\xfe\x00\x7d", 4);
  const std::string long_size_64("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", 10);
  const std::string mask(4, '\0');
  const std::vector<std::string> broken{
      unmasked,
      long_size_16 + mask,
      long_size_64 + mask,
      client_frame(Opcode::Continuation, "x"),
      client_frame(Opcode::Text, "x", 0) + client_frame(Opcode::Text, "y"),
      client_frame(Opcode::Text, "x", kLast | 0x20),
      client_frame(Opcode::Text, "x", kLast | 0x10),
      client_frame(Opcode::Text, "x", kDeflated) +
          client_frame(Opcode::Continuation, "y", kLast | kDeflated),
      client_frame(static_cast<Opcode>(3), "x"),
      client_frame(static_cast<Opcode>(11), "x"),
      client_frame(Opcode::Ping, "x", 0),
      client_frame(Opcode::Ping, std::string(126, 'x')),
      client_frame(Opcode::Ping, "x", kLast | kDeflated),
  };
  PermessageDeflate deflate;
  for (size_t i = 0; i < broken.size(); i++) {
    WebSocketReader reader(kLimit, &deflate);
    reader.handle_bytes(broken[i]);
    const auto message = reader.next();
    ASSERT_FALSE(message) << i;
    EXPECT_EQ(message.error(), CloseCode::ProtocolError) << i;
  }
}

TEST(ReadClose, KnowsWhatMayBeSent) {
  EXPECT_EQ(*read_close(""), 1000);
  EXPECT_EQ(*read_close(close_payload(1001) + "bye"), 1001);
  EXPECT_EQ(*read_close(close_payload(4000)), 4000);
  for (const uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 2000, 5000}) {
    EXPECT_FALSE(read_close(close_payload(code))) << code;
  }
  EXPECT_FALSE(read_close("x"));
  EXPECT_FALSE(read_close(close_payload(1000) + "\xff"));
}

}  // namespace
}  // namespace gstlk::net
