// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/external_addresses.h"

#include <gtest/gtest.h>

#include <array>

#include "base/ref.h"
#include "run_until.h"
#include "transport/stun.h"

namespace gstlk::net {
namespace {

using Texts = std::vector<std::string>;
using Told = std::map<std::string, Texts>;
using transport::SocketAddress;

const Texts kLocal = {"10.0.0.2", "172.17.0.1"};

TEST(ExternalAddresses, AreToldInsteadOfLocalOnes) {
  EXPECT_EQ(choose_advertised(kLocal, {{"10.0.0.2", "203.0.113.1"}}, {}),
            (Told{{"10.0.0.2", {"203.0.113.1"}}, {"172.17.0.1", {"172.17.0.1"}}}));
}

TEST(ExternalAddresses, WithoutAnyEverythingStaysAsItIs) {
  EXPECT_EQ(choose_advertised(kLocal, {}, {.only = true, .advertise_internal = true}), Told{});
}

TEST(ExternalAddresses, OfTwoThatLookTheSameTheFirstHasIt) {
  EXPECT_EQ(
      choose_advertised(kLocal, {{"10.0.0.2", "203.0.113.1"}, {"172.17.0.1", "203.0.113.1"}}, {}),
      (Told{{"10.0.0.2", {"203.0.113.1"}}, {"172.17.0.1", {"172.17.0.1"}}}));
}

TEST(ExternalAddresses, LocalOnesFollowThemWhereTheyAreAdvertised) {
  EXPECT_EQ(choose_advertised(kLocal, {{"10.0.0.2", "203.0.113.1"}}, {.advertise_internal = true}),
            (Told{{"10.0.0.2", {"203.0.113.1", "10.0.0.2"}}, {"172.17.0.1", {"172.17.0.1"}}}));
  const Texts direct{"203.0.113.1"};
  EXPECT_EQ(
      choose_advertised(direct, {{"203.0.113.1", "203.0.113.1"}}, {.advertise_internal = true}),
      (Told{{"203.0.113.1", {"203.0.113.1"}}}));
}

TEST(ExternalAddresses, WithExternalIpOnlyTheOthersAreNotTold) {
  EXPECT_EQ(choose_advertised(kLocal, {{"10.0.0.2", "203.0.113.1"}}, {.only = true}),
            (Told{{"10.0.0.2", {"203.0.113.1"}}, {"172.17.0.1", {}}}));
}

TEST(ExternalAddresses, AreAskedForFromIpv4AddressesThatAreNotLoopback) {
  EXPECT_EQ(askable(Texts{"127.0.0.1", "10.0.0.2", "::1", "2001:db8::1", "172.17.0.1"}), kLocal);
}

// A STUN server on loopback that says everybody is at one address.
class FakeServer {
 public:
  explicit FakeServer(std::string says) : says_(std::move(says)) {
    socket_ = Ref<GSocket>::adopt(
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, nullptr));
    const auto any =
        Ref<GSocketAddress>::adopt(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    g_socket_bind(socket_.get(), any.get(), FALSE, nullptr);
    source_ = g_socket_create_source(socket_.get(), G_IO_IN, nullptr);
    const GSocketSourceFunc on_readable = [](GSocket*, GIOCondition, gpointer self) -> gboolean {
      static_cast<FakeServer*>(self)->answer();
      return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(source_, G_SOURCE_FUNC(on_readable), this, nullptr);
    g_source_attach(source_, nullptr);
  }
  ~FakeServer() {
    g_source_destroy(source_);
    g_source_unref(source_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::string name() const {
    const auto address =
        Ref<GSocketAddress>::adopt(g_socket_get_local_address(socket_.get(), nullptr));
    return "127.0.0.1:" +
           std::to_string(g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address.get())));
  }
  void say(std::string address) { says_ = std::move(address); }
  void ignore(int requests) { ignored_ = requests; }
  void forge(bool on) { forges_ = on; }
  int asked() const { return asked_; }

 private:
  void answer() {
    std::array<uint8_t, 256> bytes;
    GSocketAddress* raw = nullptr;
    const gssize size =
        g_socket_receive_from(socket_.get(), &raw, reinterpret_cast<gchar*>(bytes.data()),
                              bytes.size(), nullptr, nullptr);
    const auto from = Ref<GSocketAddress>::adopt(raw);
    const auto request =
        transport::StunMessage::parse(ByteView(bytes).first(static_cast<size_t>(size)));
    ASSERT_TRUE(request);
    ++asked_;
    if (ignored_-- > 0) return;
    transport::TransactionId transaction = request->transaction;
    if (forges_) transaction[0] ^= 1;
    std::array<uint8_t, 256> out;
    const size_t length = transport::StunBuilder(out, transport::StunClass::Success, transaction)
                              .xor_mapped_address(*SocketAddress::from_host(says_, 40000))
                              .finish();
    g_socket_send_to(socket_.get(), from.get(), reinterpret_cast<const gchar*>(out.data()), length,
                     nullptr, nullptr);
  }

  std::string says_;
  Ref<GSocket> socket_;
  GSource* source_ = nullptr;
  int ignored_ = 0;
  bool forges_ = false;
  int asked_ = 0;
};

// What a query from 127.0.0.1 gives.
std::string query(const Texts& servers, Duration limit = 3s) {
  std::string answer;
  const StunQuery asked("127.0.0.1", servers, limit, [&](const Result<std::string>& result) {
    answer = result ? *result : "error: " + result.error().message;
  });
  EXPECT_EQ(answer, "");  // never from inside
  EXPECT_TRUE(run_until([&] { return !answer.empty(); }));
  return answer;
}

TEST(StunQuery, GivesTheAddressThatTheServerSees) {
  const FakeServer server("203.0.113.1");
  EXPECT_EQ(query({"stun:" + server.name()}), "203.0.113.1");
}

TEST(StunQuery, AsksAgainWhenARequestIsLost) {
  FakeServer server("203.0.113.1");
  server.ignore(1);
  EXPECT_EQ(query({server.name()}), "203.0.113.1");
  EXPECT_EQ(server.asked(), 2);
}

TEST(StunQuery, AnyOfTheServersWillDo) {
  FakeServer silent("198.51.100.1");
  silent.ignore(1000);
  const FakeServer server("203.0.113.1");
  EXPECT_EQ(query({silent.name(), "no such name:1:2", server.name()}), "203.0.113.1");
}

TEST(StunQuery, SaysWhatIsWrongWithEachServer) {
  FakeServer silent("198.51.100.1");
  silent.ignore(1000);
  EXPECT_EQ(query({silent.name()}, 100ms), "error: " + silent.name() + ": no answer");
  EXPECT_EQ(query({}, 100ms), "error: no STUN server is named");
  const StunQuery ended("127.0.0.1", {silent.name()}, 100ms,
                        [](const Result<std::string>&) { FAIL() << "it was destroyed"; });
}

TEST(StunQuery, AnAnswerToAnotherRequestIsNone) {
  FakeServer server("203.0.113.1");
  server.forge(true);
  EXPECT_EQ(query({server.name()}, 200ms), "error: " + server.name() + ": no answer");
}

TEST(StunQuery, ASecondFamilyIsNotAskedFrom) {
  std::string answer;
  const StunQuery asked("::1", {"127.0.0.1"}, 1s, [&](const Result<std::string>& result) {
    answer = result.error().message;
  });
  EXPECT_TRUE(run_until([&] { return !answer.empty(); }));
  EXPECT_EQ(answer, "::1 is no IPv4 address");
}

class ExternalAddressFinderTest : public testing::Test {
 protected:
  // From loopback, which askable() would leave out: a test has nothing else.
  ExternalAddressFinder::Settings settings() {
    return {.local = {"127.0.0.1", "127.0.0.2"},
            .servers = {server_.name()},
            .limit = 100ms,
            .grace = 50ms,
            .first_retry = 20ms,
            .refresh = 30ms};
  }
  void start() {
    finder_ = std::make_unique<ExternalAddressFinder>(
        settings(), [this](const ExternalAddresses& found) { found_.push_back(found); },
        [this](const std::string& why) { failures_.push_back(why); });
  }

  FakeServer server_{"203.0.113.1"};
  std::vector<ExternalAddresses> found_;
  Texts failures_;
  std::unique_ptr<ExternalAddressFinder> finder_;
};

TEST_F(ExternalAddressFinderTest, TellsWhatItFindsOnceAndWhenItChanges) {
  start();
  EXPECT_TRUE(run_until([&] { return server_.asked() > 6; }));
  EXPECT_EQ(found_, (std::vector<ExternalAddresses>{
                        {{"127.0.0.1", "203.0.113.1"}, {"127.0.0.2", "203.0.113.1"}}}));
  server_.say("203.0.113.9");
  const ExternalAddresses changed{{"127.0.0.1", "203.0.113.9"}, {"127.0.0.2", "203.0.113.9"}};
  EXPECT_TRUE(run_until([&] { return found_.back() == changed; }));
  EXPECT_EQ(failures_, Texts{});
}

TEST_F(ExternalAddressFinderTest, SaysOnceThatNobodyAnswersAndGoesOnAsking) {
  server_.ignore(12);
  start();
  EXPECT_TRUE(run_until([&] { return !found_.empty(); }));
  EXPECT_EQ(failures_, Texts{server_.name() + ": no answer"});
  // What is known stays.
  server_.ignore(12);
  EXPECT_TRUE(run_until([&] { return failures_.size() == 2; }));
  EXPECT_EQ(found_.size(), 1u);
}

}  // namespace
}  // namespace gstlk::net
