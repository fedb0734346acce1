// SPDX-License-Identifier: LGPL-2.1-or-later
// OpenSSL is the oracle.
#include "transport/fast_gcm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "transport/provider_cipher.h"

namespace gstlk::transport {
namespace {

using Key = std::array<uint8_t, 16>;
using Tag = std::array<uint8_t, 16>;

Bytes random_bytes(std::mt19937& random, size_t size) {
  Bytes bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<uint8_t>(random()); });
  return bytes;
}

class FastGcmTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!FastGcm::available()) GTEST_SKIP() << "built without intel-ipsec-mb, or not x86 with AVX2";
    std::ranges::generate(key_, [&] { return static_cast<uint8_t>(random_()); });
  }

  std::mt19937 random_{7};
  Key key_{};
};

TEST_F(FastGcmTest, SealsAndOpensAsOpenSslDoesHoweverTheMessageIsSplit) {
  ProviderCipher oracle(ProviderCipher::aes_128_gcm(), key_, true);
  FastGcm sealing(key_, true);
  FastGcm opening(key_, false);
  for (int i = 0; i < 500; ++i) {
    const Bytes iv = random_bytes(random_, 12);
    const Bytes authenticated = random_bytes(random_, 12 + random_() % 40);
    const Bytes plain = random_bytes(random_, random_() % 1300);

    Bytes expected(plain.size());
    Tag expected_tag;
    oracle.begin(iv);
    oracle.authenticate(authenticated);
    EXPECT_TRUE(plain.empty() || oracle.update(plain, expected.data()));
    oracle.finish(expected_tag);

    Bytes sealed(plain.size());
    Tag tag;
    const std::span<const uint8_t, 12> nonce(iv.data(), 12);
    sealing.begin(nonce, authenticated);
    for (size_t at = 0; at < plain.size();) {
      const size_t size = std::min<size_t>(plain.size() - at, 1 + random_() % 700);
      sealing.update(ByteView(plain).subspan(at, size), sealed.data() + at);
      at += size;
    }
    sealing.finish(tag);
    ASSERT_EQ(sealed, expected);
    ASSERT_EQ(tag, expected_tag);

    opening.begin(nonce, authenticated);
    if (!sealed.empty()) opening.update(sealed, sealed.data());
    opening.finish(tag);
    ASSERT_EQ(sealed, plain);
    ASSERT_EQ(tag, expected_tag);
  }
}

TEST_F(FastGcmTest, AnotherKeyMakesAnotherTag) {
  const Bytes iv(12), authenticated(12);
  Key other = key_;
  other[15] ^= 1;
  Tag one, two;
  FastGcm first(key_, true);
  first.begin(std::span<const uint8_t, 12>(iv.data(), 12), authenticated);
  first.finish(one);
  FastGcm second(other, true);
  second.begin(std::span<const uint8_t, 12>(iv.data(), 12), authenticated);
  second.finish(two);
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace gstlk::transport
