// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/client_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gstlk::livekit {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Timestamp kStart{1000s};

std::string word(const ClientSession::Event& event) {
  struct Namer {
    std::string operator()(const ClientSession::OpenSocket&) { return "open"; }
    std::string operator()(const ClientSession::CloseSocket&) { return "close"; }
    std::string operator()(const ClientSession::Send& send) {
      ::livekit::SignalRequest request;
      EXPECT_TRUE(from_protobuf(send.message, request));
      if (request.has_leave()) return "send leave";
      if (request.has_ping_req()) return "send ping_req";
      if (request.has_mute()) return "send mute";
      return request.message_case() == ::livekit::SignalRequest::kPing ? "send ping" : "send";
    }
    std::string operator()(const ClientSession::StartPeers&) { return "start"; }
    std::string operator()(const ClientSession::StopPeers&) { return "stop"; }
    std::string operator()(const ClientSession::StateChange& change) {
      return to_string(change.state);
    }
    std::string operator()(const ClientSession::Received&) { return "received"; }
    std::string operator()(const ClientSession::Ended& ended) {
      return "ended: " + ended.end.message;
    }
  };
  return std::visit(Namer{}, event);
}

class ClientSessionTest : public ::testing::Test {
 protected:
  std::vector<std::string> events() {
    std::vector<std::string> words;
    while (auto event = session.poll_event()) words.push_back(word(*event));
    return words;
  }
  void receive(const ::livekit::SignalResponse& message) {
    session.handle_message(to_protobuf(message), now);
  }
  void receive_join(bool subscriber_primary = true) {
    ::livekit::SignalResponse message;
    message.mutable_join()->set_subscriber_primary(subscriber_primary);
    message.mutable_join()->set_ping_interval(5);
    message.mutable_join()->set_ping_timeout(15);
    receive(message);
  }
  void receive_leave(::livekit::DisconnectReason reason, ::livekit::LeaveRequest::Action action) {
    ::livekit::SignalResponse message;
    message.mutable_leave()->set_reason(reason);
    message.mutable_leave()->set_action(action);
    receive(message);
  }
  void connect() {
    session.open(now);
    receive_join();
    session.handle_peer_connected(::livekit::SUBSCRIBER, now);
    events();
  }
  // Comes back after a loss and is answered so.
  void session_refused(ClientSession& other, unsigned status) {
    other.open(now);
    ::livekit::SignalResponse message;
    message.mutable_join()->set_subscriber_primary(true);
    other.handle_message(to_protobuf(message), now);
    other.handle_peer_connected(::livekit::SUBSCRIBER, now);
    other.handle_socket_closed({0, "reset"}, now);
    other.handle_timeout(now);
    other.handle_socket_closed({status, "no"}, now);
  }
  // Lets time pass, stopping at every timeout on the way.
  void advance(Duration by) {
    const Timestamp end = now + by;
    while (session.next_timeout() && *session.next_timeout() <= end) {
      now = std::max(now, *session.next_timeout());
      session.handle_timeout(now);
    }
    now = end;
  }

  ClientSession session{ClientSession::Options{}};
  Timestamp now = kStart;
};

TEST_F(ClientSessionTest, JoinsAndIsConnectedWhenThePrimaryPeerIs) {
  session.open(now);
  EXPECT_THAT(events(), ElementsAre("connecting", "open"));
  receive_join();
  EXPECT_THAT(events(), ElementsAre("start"));
  session.handle_peer_connected(::livekit::PUBLISHER, now);
  EXPECT_THAT(events(), IsEmpty());
  session.handle_peer_connected(::livekit::SUBSCRIBER, now);
  EXPECT_THAT(events(), ElementsAre("connected"));
}

TEST_F(ClientSessionTest, TakesThePublisherAsPrimaryWhereTheServerSaysSo) {
  session.open(now);
  receive_join(false);
  session.handle_peer_connected(::livekit::PUBLISHER, now);
  EXPECT_EQ(session.state(), SessionState::Connected);
}

TEST_F(ClientSessionTest, EndsWithTheServersWordsWhenItIsRefused) {
  session.open(now);
  events();
  session.handle_socket_closed({401, "invalid API key"}, now);
  EXPECT_THAT(events(), ElementsAre("ended", "ended: invalid API key"));
  EXPECT_EQ(session.next_timeout(), std::nullopt);
}

TEST_F(ClientSessionTest, TriesTheFirstJoinAgainUntilItsTimeIsOver) {
  session.open(now);
  int attempts = 0;
  std::string last;
  const Timestamp begin = now;
  while (session.state() != SessionState::Ended && now < begin + 60s) {
    for (const std::string& event : events()) attempts += event == "open";
    session.handle_socket_closed({0, "connection refused"}, now);
    advance(100ms);
  }
  for (const std::string& event : events()) last = event;
  EXPECT_EQ(session.state(), SessionState::Ended);
  EXPECT_GE(attempts, 4);
  EXPECT_LE(attempts, 8);
  EXPECT_GE(now - begin, 15s);
  EXPECT_LE(now - begin, 25s);
  EXPECT_EQ(last, "ended: connection refused");
}

TEST_F(ClientSessionTest, SaysThatNobodyIsLetInWhenItsTimeIsOver) {
  session.open(now);
  const Timestamp begin = now;
  std::optional<SessionEnd> end;
  while (session.state() != SessionState::Ended && now < begin + 60s) {
    receive_leave(::livekit::JOIN_FAILURE, ::livekit::LeaveRequest::DISCONNECT);
    advance(100ms);
  }
  while (const auto event = session.poll_event())
    if (const auto* ended = std::get_if<ClientSession::Ended>(&*event)) end = ended->end;
  ASSERT_TRUE(end);
  EXPECT_EQ(end->cause, EndCause::Unreachable);
  EXPECT_EQ(end->reason, ::livekit::JOIN_FAILURE);
  EXPECT_GE(now - begin, 15s);
}

TEST_F(ClientSessionTest, JoinsAnewAtOnceAndKeepsThePeersUntilThen) {
  connect();
  session.handle_socket_closed({0, "reset"}, now);
  EXPECT_THAT(events(), ElementsAre("reconnecting"));
  advance(1ms);
  EXPECT_THAT(events(), ElementsAre("open"));
  receive_join();
  EXPECT_THAT(events(), ElementsAre("stop", "start"));
}

TEST_F(ClientSessionTest, TriesForEverOnceItWasConnected) {
  connect();
  session.handle_socket_closed({0, "reset"}, now);
  for (int minute = 0; minute < 600; ++minute) {
    session.handle_socket_closed({0, "connection refused"}, now);
    advance(60s);
  }
  EXPECT_EQ(session.state(), SessionState::Reconnecting);
  const auto seen = events();
  EXPECT_THAT(seen, ::testing::Not(::testing::Contains("stop")));
}

TEST_F(ClientSessionTest, DeclaresASilentServerDead) {
  connect();
  advance(14s);
  EXPECT_EQ(session.state(), SessionState::Connected);
  advance(1s);
  EXPECT_EQ(session.state(), SessionState::Reconnecting);
}

TEST_F(ClientSessionTest, PingsInBothWaysAndMeasures) {
  connect();
  advance(5s);
  EXPECT_THAT(events(), ElementsAre("send ping", "send ping_req"));
  ::livekit::SignalResponse pong;
  pong.mutable_pong_resp()->set_last_ping_timestamp(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  now += 40ms;
  receive(pong);
  EXPECT_EQ(session.round_trip(), 40ms);
  advance(14s);
  EXPECT_EQ(session.state(), SessionState::Connected);
}

TEST_F(ClientSessionTest, ComesBackToAServerThatShutDown) {
  connect();
  receive_leave(::livekit::SERVER_SHUTDOWN, ::livekit::LeaveRequest::DISCONNECT);
  EXPECT_EQ(session.state(), SessionState::Reconnecting);
}

TEST_F(ClientSessionTest, StaysAwayWhenItWasSentAway) {
  for (auto reason : {::livekit::DUPLICATE_IDENTITY, ::livekit::PARTICIPANT_REMOVED,
                      ::livekit::ROOM_DELETED, ::livekit::ROOM_CLOSED}) {
    ClientSession other{ClientSession::Options{}};
    other.open(now);
    ::livekit::SignalResponse message;
    message.mutable_join()->set_subscriber_primary(true);
    other.handle_message(to_protobuf(message), now);
    ::livekit::SignalResponse leave;
    leave.mutable_leave()->set_reason(reason);
    other.handle_message(to_protobuf(leave), now);
    EXPECT_EQ(other.state(), SessionState::Ended) << ::livekit::DisconnectReason_Name(reason);
  }
}

TEST_F(ClientSessionTest, JoinsAnewWhenTheServerAsksForIt) {
  connect();
  receive_leave(::livekit::STATE_MISMATCH, ::livekit::LeaveRequest::RECONNECT);
  EXPECT_THAT(events(), ElementsAre("close", "reconnecting"));
}

TEST_F(ClientSessionTest, GivesUpAJoinWithoutMediaConnection) {
  session.open(now);
  receive_join();
  events();
  advance(10s);
  ::livekit::SignalResponse pong;
  pong.mutable_pong_resp();
  receive(pong);
  advance(5s);
  EXPECT_EQ(session.state(), SessionState::Ended);
}

TEST_F(ClientSessionTest, LeavesWithAWord) {
  connect();
  session.close(now);
  EXPECT_THAT(events(), ElementsAre("send leave", "close", "stop", "ended", "ended: left"));
}

TEST_F(ClientSessionTest, SendsNothingWhileItIsLost) {
  connect();
  session.handle_socket_closed({0, "reset"}, now);
  events();
  ::livekit::SignalRequest request;
  request.mutable_mute()->set_muted(true);
  session.send(request);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(ClientSessionTest, KeepsTheNewestToken) {
  connect();
  ::livekit::SignalResponse message;
  message.set_refresh_token("newer");
  receive(message);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(session.refreshed_token(), "newer");
}

TEST_F(ClientSessionTest, SurvivesBytesThatAreNoMessage) {
  connect();
  const Bytes garbage(100, 0xff);
  session.handle_message(garbage, now);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(session.state(), SessionState::Connected);
}

TEST_F(ClientSessionTest, ComesBackWhenAPeerConnectionFails) {
  connect();
  session.handle_peer_failed(::livekit::PUBLISHER, "ICE", now);
  EXPECT_THAT(events(), ElementsAre("close", "reconnecting"));
  session.handle_peer_failed(::livekit::SUBSCRIBER, "ICE", now);
  EXPECT_THAT(events(), IsEmpty());
}

// A fault that comes with each connection must not become a loop without a pause.
TEST_F(ClientSessionTest, ComesBackMoreSlowlyWhenItIsLostAgainSoon) {
  connect();
  int attempts = 0;
  const Timestamp begin = now;
  while (now < begin + 60s) {
    session.handle_peer_failed(::livekit::PUBLISHER, "no common codec", now);
    advance(100ms);
    for (const std::string& event : events()) attempts += event == "open";
    receive_join();
    session.handle_peer_connected(::livekit::SUBSCRIBER, now);
  }
  EXPECT_GE(attempts, 6);
  EXPECT_LE(attempts, 15);
}

TEST_F(ClientSessionTest, ComesBackAtOnceWhenItHasLasted) {
  connect();
  for (int loss = 0; loss < 5; ++loss) {
    for (int second = 0; second < 30; ++second) {
      advance(1s);
      ::livekit::SignalResponse pong;
      pong.mutable_pong_resp();
      receive(pong);
    }
    events();
    session.handle_socket_closed({0, "reset"}, now);
    advance(1ms);
    EXPECT_THAT(events(), ElementsAre("reconnecting", "open")) << loss;
    receive_join();
    session.handle_peer_connected(::livekit::SUBSCRIBER, now);
  }
}

TEST_F(ClientSessionTest, JoinsAnewAtOnceWheneverItIsWanted) {
  connect();
  for (int time = 0; time < 5; ++time) {
    session.rejoin("an element has come", now);
    advance(1ms);
    EXPECT_THAT(events(), ElementsAre("close", "reconnecting", "open")) << time;
    receive_join();
    session.handle_peer_connected(::livekit::SUBSCRIBER, now);
    events();
  }
}

TEST_F(ClientSessionTest, OnceConnectedIsOnlySentAwayForItsToken) {
  for (unsigned status : {400u, 403u, 404u, 410u}) {
    ClientSession other{ClientSession::Options{}};
    session_refused(other, status);
    EXPECT_EQ(other.state(), SessionState::Reconnecting) << status;
  }
  ClientSession other{ClientSession::Options{}};
  session_refused(other, 401);
  EXPECT_EQ(other.state(), SessionState::Ended);
}

}  // namespace
}  // namespace gstlk::livekit
