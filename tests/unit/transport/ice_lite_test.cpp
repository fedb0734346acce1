// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/ice_lite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "counting_random.h"

namespace gstlk::transport {
namespace {

constexpr TransactionId kTransaction = {9, 9, 9};
constexpr Timestamp kStart{10s};

AddressPair pair_of(uint16_t port, Protocol protocol = Protocol::Udp) {
  return {*SocketAddress::from_host("192.0.2.7", port),
          *SocketAddress::from_host("192.0.2.1", 7882), protocol};
}

struct CheckOptions {
  std::string remote_ufrag = "remote";
  bool nominate = false;
  bool we_control = false;
};

Bytes make_check(const IceCredentials& server, const CheckOptions& options = {}) {
  Bytes out(256);
  StunBuilder builder(out, StunClass::Request, kTransaction);
  builder.username(server.ufrag + ":" + options.remote_ufrag).priority(1);
  if (options.we_control)
    builder.controlled(1);
  else
    builder.controlling(1);
  if (options.nominate) builder.use_candidate();
  out.resize(builder.integrity(HmacSha1(as_bytes(server.pwd))).finish());
  return out;
}

class IceLiteTest : public testing::Test {
 protected:
  IceAction check(const Bytes& datagram, uint16_t port = 1, Timestamp now = kStart) {
    return ice_.handle_check(datagram, pair_of(port), now, out_);
  }
  uint16_t code_of(const Bytes& datagram) {
    const IceAction action = check(datagram);
    const auto* reject = std::get_if<IceReject>(&action);
    if (!reject) return 0;
    const auto response = StunMessage::parse(ByteView(out_).first(reject->size));
    EXPECT_TRUE(response && response->error_code == reject->code);
    return reject->code;
  }

  std::array<uint8_t, IceLite::kMaxResponse> out_{};
  IceLite ice_{counting_random};
};

TEST_F(IceLiteTest, MakesCredentialsOfTheLengthAndLettersOfIce) {
  EXPECT_EQ(ice_.local().ufrag.size(), 16u);
  EXPECT_EQ(ice_.local().pwd.size(), 24u);
  for (const char c : ice_.local().ufrag + ice_.local().pwd)
    EXPECT_TRUE(isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/');
  EXPECT_NE(IceLite(counting_random).local(), ice_.local());
}

TEST_F(IceLiteTest, AnswersACheckWithTheAddressItCameFrom) {
  const IceAction action = check(make_check(ice_.local()), 4711);
  const auto* respond = std::get_if<IceRespond>(&action);
  ASSERT_TRUE(respond);
  const auto response = StunMessage::parse(ByteView(out_).first(respond->size));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->message_class, StunClass::Success);
  EXPECT_EQ(response->transaction, kTransaction);
  EXPECT_EQ(response->mapped_address, pair_of(4711).remote);
  EXPECT_TRUE(response->verify(HmacSha1(as_bytes(ice_.local().pwd))));
}

TEST_F(IceLiteTest, SelectsTheFirstValidPairUntilOneIsNominated) {
  EXPECT_FALSE(ice_.selected());
  check(make_check(ice_.local()), 1);
  check(make_check(ice_.local()), 2);
  EXPECT_EQ(ice_.selected(), pair_of(1));
  EXPECT_FALSE(ice_.nominated());
  const IceAction action = check(make_check(ice_.local(), {.nominate = true}), 2);
  EXPECT_TRUE(std::get<IceRespond>(action).selected_changed);
  EXPECT_EQ(ice_.selected(), pair_of(2));
}

TEST_F(IceLiteTest, FollowsTheLastNomination) {
  check(make_check(ice_.local(), {.nominate = true}), 1);
  check(make_check(ice_.local(), {.nominate = true}), 2);
  EXPECT_EQ(ice_.selected(), pair_of(2));
  // A consent check of the old pair moves nothing.
  check(make_check(ice_.local()), 1);
  EXPECT_EQ(ice_.selected(), pair_of(2));
}

TEST_F(IceLiteTest, RefusesChecksWithoutCredentials) {
  Bytes bare(64);
  bare.resize(StunBuilder(bare, StunClass::Request, kTransaction).priority(1).finish());
  EXPECT_EQ(code_of(bare), 400);
  EXPECT_FALSE(ice_.selected());
}

TEST_F(IceLiteTest, RefusesAWrongPasswordOrUfrag) {
  EXPECT_EQ(code_of(make_check({ice_.local().ufrag, "a wrong password of ours"})), 401);
  EXPECT_EQ(code_of(make_check({"somebodyelse", ice_.local().pwd})), 401);
  ice_.set_remote({"remote", "pwd"});
  EXPECT_EQ(code_of(make_check(ice_.local(), {.remote_ufrag = "stranger"})), 401);
  EXPECT_EQ(code_of(make_check(ice_.local())), 0);
}

TEST_F(IceLiteTest, MakesThePeerControl) {
  EXPECT_EQ(code_of(make_check(ice_.local(), {.we_control = true})), 487);
  EXPECT_FALSE(ice_.selected());
}

TEST_F(IceLiteTest, IgnoresWhatIsNoRequest) {
  Bytes response(64);
  response.resize(StunBuilder(response, StunClass::Success, kTransaction).finish());
  EXPECT_TRUE(std::holds_alternative<IceIgnore>(check(response)));
  EXPECT_TRUE(std::holds_alternative<IceIgnore>(check({1, 2, 3})));
}

TEST_F(IceLiteTest, RestartKeepsTheOldCredentialsUntilTheNewAreUsed) {
  check(make_check(ice_.local(), {.nominate = true}), 1);
  const IceCredentials old = ice_.local();
  ice_.restart();
  EXPECT_NE(ice_.local(), old);
  ASSERT_TRUE(ice_.previous_local());
  EXPECT_EQ(code_of(make_check(old)), 0);
  EXPECT_EQ(ice_.selected(), pair_of(1));

  check(make_check(ice_.local(), {.remote_ufrag = "another", .nominate = true}), 2);
  EXPECT_EQ(ice_.selected(), pair_of(2));
  EXPECT_FALSE(ice_.previous_local());
  EXPECT_EQ(code_of(make_check(old)), 401);
}

TEST_F(IceLiteTest, RemembersABoundedNumberOfPairsAndAlwaysTheSelected) {
  check(make_check(ice_.local(), {.nominate = true}), 1);
  for (uint16_t port = 2; port < 100; ++port) check(make_check(ice_.local()), port);
  EXPECT_EQ(ice_.valid_pairs().size(), IceLite::kMaxRemotes);
  EXPECT_EQ(std::ranges::count(ice_.valid_pairs(), pair_of(1)), 1);
  EXPECT_EQ(ice_.valid_pairs().back(), pair_of(99));
}

TEST_F(IceLiteTest, TellsUdpFromTcp) {
  check(make_check(ice_.local(), {.nominate = true}), 1);
  ice_.handle_check(make_check(ice_.local(), {.nominate = true}), pair_of(1, Protocol::Tcp), kStart,
                    out_);
  EXPECT_EQ(ice_.selected()->protocol, Protocol::Tcp);
}

TEST_F(IceLiteTest, SilenceDisconnectsAfterTenSecondsAndFailsAfterFifteen) {
  EXPECT_EQ(ice_.state(kStart), IceState::New);
  EXPECT_FALSE(ice_.next_timeout(kStart));
  check(make_check(ice_.local()));
  EXPECT_EQ(ice_.state(kStart + 9s), IceState::Connected);
  EXPECT_EQ(ice_.next_timeout(kStart), kStart + 10s);
  EXPECT_EQ(ice_.state(kStart + 10s), IceState::Disconnected);
  EXPECT_EQ(ice_.next_timeout(kStart + 10s), kStart + 15s);
  check(make_check(ice_.local()), 1, kStart + 12s);
  EXPECT_EQ(ice_.state(kStart + 12s), IceState::Connected);
  EXPECT_EQ(ice_.state(kStart + 27s), IceState::Failed);
  EXPECT_FALSE(ice_.next_timeout(kStart + 27s));
}

}  // namespace
}  // namespace gstlk::transport
