// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/permessage_deflate.h"

#include <gtest/gtest.h>

namespace gstlk::net {
namespace {

constexpr char kAccepted[] =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(PermessageDeflate, TakesWhatBrowsersOffer) {
  EXPECT_EQ(PermessageDeflate::accept("permessage-deflate; client_max_window_bits"), kAccepted);
  EXPECT_EQ(PermessageDeflate::accept("permessage-deflate"), kAccepted);
  EXPECT_EQ(PermessageDeflate::accept(
                "permessage-deflate;server_no_context_takeover;client_no_context_takeover"),
            kAccepted);
  EXPECT_EQ(PermessageDeflate::accept("permessage-deflate; client_max_window_bits=10"), kAccepted);
}

TEST(PermessageDeflate, TakesTheFirstOfferThatItUnderstands) {
  EXPECT_EQ(PermessageDeflate::accept(
                "x-frame, permessage-deflate; server_max_window_bits=9, permessage-deflate"),
            kAccepted);
}

TEST(PermessageDeflate, DeclinesOtherExtensionsAndSmallerWindows) {
  for (const char* offers : {"", ",,", ";", "x-webkit-deflate-frame", "permessage-deflate; new=1",
                             "permessage-deflate; server_max_window_bits=9"}) {
    EXPECT_EQ(PermessageDeflate::accept(offers), "") << offers;
  }
}

TEST(PermessageDeflate, InflatesWhatItCompressed) {
  PermessageDeflate deflate;
  std::string mixed;
  for (uint32_t i = 0; i < 300'000; i++) mixed += static_cast<char>(i * i / 7);
  for (const std::string& message : {std::string(), std::string("x"), std::string(100'000, 'a'),
                                     std::string("\0\0\xff\xff", 4), mixed}) {
    const std::string packed = deflate.compress(message);
    const auto inflated = deflate.inflate(packed, message.size());
    ASSERT_TRUE(inflated) << message.size();
    EXPECT_TRUE(*inflated == message) << message.size();
  }
  EXPECT_LT(deflate.compress(std::string(100'000, 'a')).size(), 1000u);
}

// The examples of RFC 7692, sections 7.2.3.1, 7.2.3.3 and 7.2.3.4.
TEST(PermessageDeflate, InflatesTheExamplesOfTheStandard) {
  PermessageDeflate deflate;
  for (const std::string_view packed :
       {std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7),
        std::string_view("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11),
        std::string_view("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)}) {
    const auto inflated = deflate.inflate(packed, 100);
    ASSERT_TRUE(inflated);
    EXPECT_EQ(*inflated, "Hello");
  }
}

TEST(PermessageDeflate, StopsAtTheLimit) {
  PermessageDeflate deflate;
  const std::string packed = deflate.compress(std::string(50'000'000, 'a'));
  const auto inflated = deflate.inflate(packed, 1'000'000);
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error(), InflateError::TooLarge);
  EXPECT_TRUE(deflate.inflate(deflate.compress("next"), 4));
}

TEST(PermessageDeflate, RefusesWhatIsNotDeflate) {
  PermessageDeflate deflate;
  const auto inflated = deflate.inflate("\xff\xff\xff\xff garbage", 1000);
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error(), InflateError::Malformed);
}

}  // namespace
}  // namespace gstlk::net
