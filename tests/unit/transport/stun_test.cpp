// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/stun.h"

#include <gtest/gtest.h>

namespace gstlk::transport {
namespace {

constexpr TransactionId kTransaction = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const HmacSha1 kKey(as_bytes("a password of twenty-four"));

// The request of RFC 5769 section 2.1.
constexpr uint8_t kRfcRequest[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
// The IPv4 response of section 2.2.
constexpr uint8_t kRfcResponse[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};

Bytes full_check() {
  Bytes out(256);
  out.resize(StunBuilder(out, StunClass::Request, kTransaction)
                 .username("server:client")
                 .priority(77)
                 .controlling(0x1122334455667788)
                 .use_candidate()
                 .integrity(kKey)
                 .finish());
  return out;
}

TEST(Stun, ReadsTheRequestOfRfc5769) {
  const auto message = StunMessage::parse(kRfcRequest);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::Request);
  EXPECT_EQ(message->username, "evtj:h6vY");
  EXPECT_EQ(message->priority, 0x6e0001ffu);
  EXPECT_EQ(message->controlled, 0x932ff9b151263b36u);
  EXPECT_TRUE(message->has_fingerprint);
  EXPECT_FALSE(message->unknown_attribute);
  EXPECT_TRUE(message->verify(HmacSha1(as_bytes("VOkJxbRl1RmTxUk/WvJxBt"))));
  EXPECT_FALSE(message->verify(HmacSha1(as_bytes("VOkJxbRl1RmTxUk/WvJxBT"))));
}

TEST(Stun, ReadsTheResponseOfRfc5769) {
  const auto message = StunMessage::parse(kRfcResponse);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::Success);
  EXPECT_EQ(message->mapped_address, SocketAddress::from_text("192.0.2.1:32853"));
  EXPECT_TRUE(message->verify(HmacSha1(as_bytes("VOkJxbRl1RmTxUk/WvJxBt"))));
}

TEST(Stun, ReadsWhatItBuilds) {
  const Bytes bytes = full_check();
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->transaction, kTransaction);
  EXPECT_EQ(message->username, "server:client");
  EXPECT_EQ(message->priority, 77u);
  EXPECT_EQ(message->controlling, 0x1122334455667788u);
  EXPECT_TRUE(message->use_candidate);
  EXPECT_TRUE(message->verify(kKey));
}

TEST(Stun, MasksAddressesOfBothFamilies) {
  for (const char* text : {"203.0.113.7:65535", "[2001:db8:1:2::3]:1"}) {
    Bytes bytes(128);
    bytes.resize(StunBuilder(bytes, StunClass::Success, kTransaction)
                     .xor_mapped_address(*SocketAddress::from_text(text))
                     .finish());
    const auto message = StunMessage::parse(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->mapped_address->to_text(), text);
  }
}

TEST(Stun, ReportsTheErrorCode) {
  Bytes bytes(128);
  bytes.resize(
      StunBuilder(bytes, StunClass::Error, kTransaction).error_code(487, "Role Conflict").finish());
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::Error);
  EXPECT_EQ(message->error_code, 487);
}

TEST(Stun, RefusesEveryTruncation) {
  const Bytes bytes = full_check();
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(StunMessage::parse(ByteView(bytes).first(size))) << size;
}

TEST(Stun, RefusesEveryFlippedBit) {
  const Bytes good = full_check();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto message = StunMessage::parse(bad);
    // A flip that hides FINGERPRINT's type leaves the integrity; nothing else parses.
    if (message) {
      EXPECT_FALSE(message->has_fingerprint) << bit;
    }
  }
}

TEST(Stun, IgnoresAttributesBehindTheIntegrity) {
  Bytes bytes(256);
  bytes.resize(StunBuilder(bytes, StunClass::Request, kTransaction)
                   .username("a:b")
                   .integrity(kKey)
                   .use_candidate()
                   .finish());
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->use_candidate);
  EXPECT_TRUE(message->verify(kKey));
}

TEST(Stun, NamesTheFirstUnknownRequiredAttribute) {
  Bytes bytes(64);
  bytes.resize(StunBuilder(bytes, StunClass::Request, kTransaction).priority(1).finish());
  bytes[21] = 0x77;  // PRIORITY becomes 0x0077
  bytes.resize(bytes.size() - 8);
  store_u16(&bytes[2], 8);
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->unknown_attribute, 0x77);
}

TEST(Stun, FindsTheLocalUfragWithoutVerifying) {
  Bytes bytes = full_check();
  EXPECT_EQ(stun_local_ufrag(bytes), "server");
  bytes.back() ^= 1;
  EXPECT_EQ(stun_local_ufrag(bytes), "server");
  bytes.pop_back();
  EXPECT_EQ(stun_local_ufrag(bytes), "");
  EXPECT_EQ(stun_local_ufrag(kRfcResponse), "");
  EXPECT_EQ(stun_local_ufrag({}), "");
}

TEST(Stun, BuildsNothingThatDoesNotFit) {
  for (size_t size = 0; size < full_check().size(); ++size) {
    Bytes bytes(size);
    EXPECT_EQ(StunBuilder(bytes, StunClass::Request, kTransaction)
                  .username("server:client")
                  .priority(77)
                  .controlling(0x1122334455667788)
                  .use_candidate()
                  .integrity(kKey)
                  .finish(),
              0u);
  }
}

TEST(HmacSha1, GivesTheDigestsOfRfc2202) {
  const Bytes ones(20, 0x0b);
  const HmacSha1::Digest first = {0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b,
                                  0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00};
  EXPECT_EQ(HmacSha1(ones).sign(as_bytes("Hi There")), first);
  EXPECT_EQ(HmacSha1(ones).sign(as_bytes("Hi "), as_bytes("There")), first);
  const Bytes longer(80, 0xaa);
  const HmacSha1::Digest sixth = {0xaa, 0x4a, 0xe5, 0xe1, 0x52, 0x72, 0xd0, 0x0e, 0x95, 0x70,
                                  0x56, 0x37, 0xce, 0x8a, 0x3b, 0x55, 0xed, 0x40, 0x21, 0x12};
  EXPECT_EQ(
      HmacSha1(longer).sign(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")),
      sixth);
}

}  // namespace
}  // namespace gstlk::transport
