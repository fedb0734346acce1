// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a client whose connection fails is led from UDP to TCP to TURN over TLS.
#include "scripted_client.h"

namespace gstlk::signal {
namespace {

room::Settings settings(room::IceFallbacks fallbacks, const bool* has_turn = nullptr) {
  room::Settings settings;
  settings.ice_fallbacks = fallbacks;
  settings.ice_servers = [has_turn](const ParticipantId&, bool tls_only) {
    if (tls_only && has_turn && !*has_turn) return std::vector<room::IceServer>{};
    return std::vector<room::IceServer>{{{tls_only ? "turns:a" : "turn:a"}, "user", "word"}};
  };
  return settings;
}

class IceRouteTest : public testing::Test {
 protected:
  void join(ScriptedClient& client) {
    client.v1();
    client.drop();
    client.parameters.reconnect = false;
    client.parameters.publisher_offer = description(first_offer(), 1);
    ASSERT_TRUE(client.open());
  }
  void connect() {
    alice_.publisher()->connect();
    alice_.publisher()->open_channels();
  }
  // It says so with an offer that restarts ICE.
  void come_back(::livekit::ReconnectReason reason = ::livekit::RR_UNKNOWN) {
    alice_.parameters.reconnect_reason = reason;
    ASSERT_TRUE(alice_.open_again());
    alice_.offer(first_offer().ice("client" + std::to_string(++offers_)), 2);
  }
  void switch_to(::livekit::CandidateProtocol protocol) {
    ::livekit::SignalRequest simulate;
    simulate.mutable_simulate()->set_switch_candidate_protocol(protocol);
    alice_.request(simulate);
  }
  // Its WebSocket works.
  void ping() {
    ::livekit::SignalRequest ping;
    ping.mutable_ping_req()->set_rtt(40);
    alice_.request(ping);
  }
  // "udp tcp", as they were told since the last join or resume.
  std::string candidates() {
    std::string text;
    for (const Response& response : alice_.all(Response::kTrickle)) {
      const std::string& init = response.trickle().candidateinit();
      text += init.find(" tcp ") != std::string::npos ? "tcp " : "udp ";
    }
    return text;
  }
  bool relays() {
    const Response reconnect = alice_.last(Response::kReconnect);
    const Response join = alice_.last(Response::kJoin);
    const auto& configuration = reconnect.has_reconnect()
                                    ? reconnect.reconnect().client_configuration()
                                    : join.join().client_configuration();
    const auto& servers =
        reconnect.has_reconnect() ? reconnect.reconnect().ice_servers() : join.join().ice_servers();
    EXPECT_EQ(servers.at(0).urls(0) == "turns:a",
              configuration.force_relay() == ::livekit::ENABLED);
    return configuration.force_relay() == ::livekit::ENABLED;
  }

  bool has_turn_ = true;
  Server server_{settings({.enabled = true, .tcp = true, .tls = true}, &has_turn_)};
  ScriptedClient alice_{server_, "alice"};
  int offers_ = 1;
};

TEST_F(IceRouteTest, AtFirstEveryWayIsOffered) {
  join(alice_);
  EXPECT_EQ(candidates(), "udp tcp ");
  EXPECT_FALSE(relays());
  EXPECT_TRUE(alice_.last(Response::kJoin).join().fast_publish());
}

TEST_F(IceRouteTest, AConnectionThatFailsEarlyComesBackOverTcpThenTls) {
  join(alice_);
  connect();
  server_.timers.advance(20s);
  ping();
  alice_.publisher()->fail();
  come_back();
  EXPECT_EQ(candidates(), "tcp ");
  EXPECT_FALSE(relays());

  // Nothing comes over TCP.
  server_.timers.advance(5s);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().action(), ::livekit::LeaveRequest::RESUME);
  come_back();
  EXPECT_TRUE(relays());
  // The relay reaches us over UDP.
  EXPECT_EQ(candidates(), "udp tcp ");
  alice_.publisher()->connect();
  server_.timers.advance(60s);
  EXPECT_EQ(alice_.count(Response::kLeave), 0u);
}

TEST_F(IceRouteTest, OverTcpThatWorksItStays) {
  join(alice_);
  connect();
  ping();
  alice_.publisher()->fail();
  come_back();
  alice_.publisher()->connect();
  server_.timers.advance(60s);
  EXPECT_EQ(alice_.count(Response::kLeave), 0u);
}

// The primary connection was never away, and says nothing.
TEST_F(IceRouteTest, OverTcpThatCarriesMediaItStays) {
  join(alice_);
  connect();
  ping();
  alice_.publisher()->fail();
  come_back();
  alice_.publisher()->bytes_received += 1000;
  server_.timers.advance(15s);
  EXPECT_EQ(alice_.count(Response::kLeave), 0u);
}

TEST_F(IceRouteTest, AConnectionThatLastedMayFailOnce) {
  join(alice_);
  connect();
  server_.timers.advance(100s);
  ping();
  alice_.publisher()->fail();
  come_back();
  EXPECT_EQ(candidates(), "udp tcp ");
}

TEST_F(IceRouteTest, WithoutSignallingItIsTheNetworkThatIsAway) {
  join(alice_);
  connect();
  ping();
  server_.timers.advance(15s);
  alice_.publisher()->fail();
  come_back();
  EXPECT_EQ(candidates(), "udp tcp ");
}

TEST_F(IceRouteTest, AClientThatSaysItFailedIsBelieved) {
  join(alice_);
  connect();
  server_.timers.advance(10s);
  alice_.drop();
  come_back(::livekit::RR_PUBLISHER_FAILED);
  EXPECT_EQ(candidates(), "tcp ");
  // The server may have heard it all the time: its silence says nothing about TCP.
  server_.timers.advance(20s);
  EXPECT_EQ(alice_.count(Response::kLeave), 0u);
}

TEST_F(IceRouteTest, ALostWebSocketIsNoReason) {
  join(alice_);
  connect();
  alice_.drop();
  come_back(::livekit::RR_SIGNAL_DISCONNECTED);
  EXPECT_EQ(candidates(), "udp tcp ");
}

TEST_F(IceRouteTest, WhoJoinsAgainIsRememberedForFiveMinutes) {
  ScriptedClient bob(server_, "bob");
  join(bob);
  bob.publisher()->connect();
  join(alice_);
  switch_to(::livekit::TLS);
  join(alice_);
  EXPECT_TRUE(relays());
  EXPECT_FALSE(alice_.last(Response::kJoin).join().fast_publish());
  alice_.drop();
  server_.timers.advance(301s);
  alice_.received.clear();
  join(alice_);
  EXPECT_FALSE(relays());
}

TEST_F(IceRouteTest, NobodyIsHeldToATurnServerThatIsGone) {
  join(alice_);
  switch_to(::livekit::TLS);
  has_turn_ = false;
  join(alice_);
  EXPECT_FALSE(relays());
  connect();
  ping();
  alice_.publisher()->fail();
  come_back();
  EXPECT_EQ(candidates(), "tcp ");
  EXPECT_FALSE(relays());
  has_turn_ = true;
  ping();
  server_.timers.advance(5s);
  come_back();
  EXPECT_TRUE(relays());
  // It goes while somebody is held to it.
  has_turn_ = false;
  alice_.drop();
  come_back();
  EXPECT_FALSE(relays());
}

TEST_F(IceRouteTest, AScenarioMayTakeItBack) {
  join(alice_);
  switch_to(::livekit::TCP);
  alice_.received.clear();
  join(alice_);
  EXPECT_EQ(candidates(), "tcp ");
  switch_to(::livekit::UDP);
  alice_.received.clear();
  join(alice_);
  EXPECT_EQ(candidates(), "udp tcp ");
}

TEST_F(IceRouteTest, AJoinOverTcpThatDoesNotConnectGoesOnToTls) {
  join(alice_);
  switch_to(::livekit::TCP);
  join(alice_);
  ping();
  server_.timers.advance(5s);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().action(), ::livekit::LeaveRequest::RESUME);
  come_back();
  EXPECT_TRUE(relays());
}

// Both were the one way that does not work.
TEST_F(IceRouteTest, TwoConnectionsThatFailTogetherAreOneFailure) {
  ScriptedClient bob(server_, "bob");
  ASSERT_TRUE(bob.open());
  bob.answer();
  bob.offer(first_offer());
  bob.subscriber()->connect();
  bob.publisher()->connect();
  const room::Participant& participant = *server_.room().find(ParticipantIdentity("bob"));
  bob.subscriber()->fail();
  EXPECT_EQ(participant.ice().preference(), room::IcePreference::Tcp);
  // It comes back at once, or not yet.
  ASSERT_TRUE(bob.open_again());
  server_.timers.advance(2s);
  bob.publisher()->fail();
  EXPECT_EQ(participant.ice().preference(), room::IcePreference::Tcp);
  bob.publisher()->fail();
  EXPECT_EQ(participant.ice().preference(), room::IcePreference::Tcp);
}

TEST(IceRoute, WithoutTurnOverTlsNobodyIsSentThere) {
  Server server(settings({.enabled = true, .tcp = true, .tls = false}));
  ScriptedClient alice(server, "alice");
  alice.v1();
  ASSERT_TRUE(alice.open());
  ::livekit::SignalRequest simulate;
  simulate.mutable_simulate()->set_switch_candidate_protocol(::livekit::TLS);
  alice.request(simulate);
  alice.drop();
  ASSERT_TRUE(alice.open());
  EXPECT_EQ(alice.last(Response::kJoin).join().client_configuration().force_relay(),
            ::livekit::UNSET);
}

TEST(IceRoute, GoClientsCannotDialTcp) {
  Server server(settings({.enabled = true, .tcp = true, .tls = true}));
  ScriptedClient alice(server, "alice");
  alice.v1().parameters.client.set_sdk(::livekit::ClientInfo::GO);
  ASSERT_TRUE(alice.open());
  room::Participant& participant = *server.room().find(ParticipantIdentity("alice"));
  participant.ice().on_failed();
  EXPECT_EQ(participant.ice().preference(), room::IcePreference::Tls);
}

}  // namespace
}  // namespace gstlk::signal
