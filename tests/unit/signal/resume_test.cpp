// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scripted_client.h"

namespace gstlk::signal {
namespace {

using Info = ::livekit::ParticipantInfo;
using sdp::Direction;

class ResumeTest : public testing::Test {
 protected:
  void join_v1(ScriptedClient& client) {
    client.v1();
    client.parameters.publisher_offer = description(first_offer(), 1);
    ASSERT_TRUE(client.open());
    client.publisher()->connect();
    client.publisher()->open_channels();
  }
  bool has(const std::string& identity) {
    return server_.room().find(ParticipantIdentity(identity)) != nullptr;
  }

  Server server_;
  ScriptedClient alice_{server_, "alice"};
  ScriptedClient bob_{server_, "bob"};
};

TEST_F(ResumeTest, TheParticipantOutlivesItsWebSocket) {
  join_v1(alice_);
  join_v1(bob_);
  alice_.drop();
  server_.timers.advance(60s);
  EXPECT_TRUE(has("alice"));
  EXPECT_NE(bob_.known("alice").value_or(Info()).state(), Info::DISCONNECTED);
}

TEST_F(ResumeTest, TellsReconnectThenEverybodyThenTheRoom) {
  join_v1(alice_);
  join_v1(bob_);
  alice_.drop();
  ASSERT_TRUE(alice_.open_again());
  ASSERT_EQ(alice_.received.size(), 3u);
  EXPECT_TRUE(alice_.received[0].has_reconnect());
  EXPECT_EQ(alice_.received[1].update().participants_size(), 2);
  EXPECT_TRUE(alice_.received[2].has_room_update());
  EXPECT_FALSE(alice_.close_code);
}

TEST_F(ResumeTest, WhoLeftMeanwhileIsReplayed) {
  join_v1(alice_);
  join_v1(bob_);
  alice_.drop();
  server_.timers.advance(4s);
  ::livekit::SignalRequest leave;
  leave.mutable_leave();
  bob_.request(leave);
  ASSERT_TRUE(alice_.open_again());
  ASSERT_GE(alice_.received.size(), 2u);
  const Info& bob = alice_.received[1].update().participants(0);
  EXPECT_EQ(bob.identity(), "bob");
  EXPECT_EQ(bob.state(), Info::DISCONNECTED);
}

// livekit-client goes by the identity: it would let go of who is there now.
TEST_F(ResumeTest, WhoLeftAndCameBackMeanwhileIsNotToldAsGone) {
  join_v1(alice_);
  join_v1(bob_);
  alice_.drop();
  server_.timers.advance(4s);
  ::livekit::SignalRequest leave;
  leave.mutable_leave();
  bob_.request(leave);
  bob_.drop();
  join_v1(bob_);
  ASSERT_TRUE(alice_.open_again());
  for (const Response& update : alice_.all(Response::kUpdate)) {
    for (const Info& info : update.update().participants())
      EXPECT_NE(info.state(), Info::DISCONNECTED) << info.sid();
  }
  EXPECT_EQ(alice_.known("bob")->sid(), bob_.sid);
}

TEST_F(ResumeTest, NobodyIsToldOfItsOwnDeparture) {
  join_v1(alice_);
  ::livekit::SignalRequest leave;
  leave.mutable_leave();
  alice_.request(leave);
  alice_.drop();
  alice_.parameters.client.set_protocol(11);
  join_v1(alice_);
  alice_.drop();
  ASSERT_TRUE(alice_.open_again());
  EXPECT_EQ(alice_.known("alice")->sid(), alice_.sid);
  EXPECT_NE(alice_.all(Response::kUpdate)[0].update().participants(0).state(), Info::DISCONNECTED);
}

TEST_F(ResumeTest, ATokenComesBehindTheRoom) {
  room::Settings settings;
  settings.sign_token = [](const livekit::Claims&) { return "token"; };
  Server server(settings);
  ScriptedClient carol(server, "carol");
  join_v1(carol);
  carol.drop();
  server.timers.advance(301s);
  ASSERT_TRUE(carol.open_again());
  ASSERT_EQ(carol.received.size(), 4u);
  EXPECT_TRUE(carol.received[2].has_room_update());
  EXPECT_EQ(carol.received[3].refresh_token(), "token");
}

TEST_F(ResumeTest, OlderClientsResumeWithoutBeingAsked) {
  alice_.parameters.client.set_protocol(12);
  join_v1(alice_);
  alice_.publisher()->fail();
  EXPECT_EQ(alice_.count(Response::kLeave), 0u);
  EXPECT_EQ(alice_.close_code, kCloseNormal);
  EXPECT_TRUE(has("alice"));
  // What they can be told is to join again.
  alice_.sid = "PA_somebodyElse";
  ASSERT_TRUE(alice_.open_again());
  EXPECT_TRUE(alice_.last(Response::kLeave).leave().can_reconnect());
}

TEST_F(ResumeTest, AnUnknownParticipantHasToStartOver) {
  alice_.v1();
  ASSERT_TRUE(alice_.open_again());
  ASSERT_EQ(alice_.received.size(), 1u);
  EXPECT_EQ(alice_.received[0].leave().reason(), ::livekit::STATE_MISMATCH);
  EXPECT_EQ(alice_.received[0].leave().action(), ::livekit::LeaveRequest::RECONNECT);
  EXPECT_EQ(alice_.close_code, kCloseNormal);
}

TEST_F(ResumeTest, AnotherSidHasToStartOver) {
  join_v1(alice_);
  alice_.drop();
  alice_.sid = "PA_somebodyElse";
  ASSERT_TRUE(alice_.open_again());
  EXPECT_TRUE(alice_.received[0].has_leave());
}

TEST_F(ResumeTest, TheOldWebSocketIsClosedWhenTheClientIsBackFirst) {
  join_v1(alice_);
  ScriptedClient back(server_, "alice");
  back.v1().sid = alice_.sid;
  ASSERT_TRUE(back.open_again());
  EXPECT_EQ(alice_.close_code, kCloseNormal);
  alice_.drop();
  EXPECT_TRUE(server_.room().find(ParticipantIdentity("alice"))->has_link());
}

TEST_F(ResumeTest, ARestartOfIceIsAnsweredWithNewCredentialsAndCandidates) {
  join_v1(alice_);
  alice_.drop();
  ASSERT_TRUE(alice_.open_again());
  alice_.offer(first_offer().ice("client2"), 2);
  EXPECT_EQ(alice_.publisher()->generation, 1);
  EXPECT_NE(alice_.last(Response::kAnswer).answer().sdp().find("ufrag1"), std::string::npos);
  EXPECT_EQ(alice_.count(Response::kTrickle), 2u);
}

TEST_F(ResumeTest, WithTwoPeerConnectionsTheServerRestartsIceOfItsOwn) {
  ASSERT_TRUE(alice_.open());
  alice_.answer();
  alice_.subscriber()->connect();
  alice_.drop();
  ASSERT_TRUE(alice_.open_again());
  EXPECT_EQ(alice_.count(Response::kOffer), 1u);
  EXPECT_EQ(alice_.subscriber()->generation, 1);
}

TEST_F(ResumeTest, AnOfferThatWasLostWithTheWebSocketIsRepeated) {
  ASSERT_TRUE(alice_.open());
  alice_.answer();
  alice_.subscriber()->connect();
  join_v1(bob_);
  bob_.add_track("mic", ::livekit::AUDIO, ::livekit::MICROPHONE);
  bob_.offer(first_offer().audio(Direction::SendOnly, "mic"), 2);
  server_.timers.advance(150ms);
  const uint32_t lost = alice_.last(Response::kOffer).offer().id();
  alice_.drop();
  ASSERT_TRUE(alice_.open_again());
  EXPECT_EQ(alice_.last(Response::kOffer).offer().id(), lost);
  alice_.answer();
  server_.timers.advance(150ms);
  EXPECT_EQ(alice_.last(Response::kOffer).offer().id(), lost + 1);
}

TEST_F(ResumeTest, AnOfferIsNotWaitedForWhileItsClientIsAway) {
  ASSERT_TRUE(bob_.open());
  bob_.answer();
  bob_.subscriber()->connect();
  join_v1(alice_);
  alice_.add_track("mic", ::livekit::AUDIO, ::livekit::MICROPHONE);
  alice_.offer(first_offer().audio(Direction::SendOnly, "mic"), 2);
  server_.timers.advance(150ms);
  ASSERT_EQ(bob_.count(Response::kOffer), 2u);
  bob_.drop();
  server_.timers.advance(15s);
  ASSERT_TRUE(has("bob"));
  ASSERT_TRUE(bob_.open_again());
  EXPECT_GE(bob_.count(Response::kOffer), 1u);
  server_.timers.advance(15s);
  EXPECT_EQ(bob_.last(Response::kLeave).leave().reason(), ::livekit::STATE_MISMATCH);
}

TEST_F(ResumeTest, SyncStateWithUnknownTracksMeansStartingOver) {
  join_v1(alice_);
  alice_.drop();
  ASSERT_TRUE(alice_.open_again());
  ::livekit::SignalRequest sync;
  sync.mutable_sync_state()->add_publish_tracks()->mutable_track()->set_sid("TR_gone");
  alice_.request(sync);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().action(), ::livekit::LeaveRequest::RECONNECT);
}

TEST_F(ResumeTest, AFailedMediaConnectionAsksForAResumeAndWaitsFiveSeconds) {
  join_v1(alice_);
  alice_.publisher()->fail();
  EXPECT_EQ(alice_.last(Response::kLeave).leave().action(), ::livekit::LeaveRequest::RESUME);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().reason(), ::livekit::CONNECTION_TIMEOUT);
  EXPECT_EQ(alice_.close_code, kCloseNormal);
  server_.timers.advance(4s);
  EXPECT_TRUE(has("alice"));
  server_.timers.advance(1s);
  EXPECT_FALSE(has("alice"));
}

TEST_F(ResumeTest, MediaThatComesBackAfterAResumeKeepsTheParticipant) {
  join_v1(alice_);
  alice_.publisher()->fail();
  ASSERT_TRUE(alice_.open_again());
  alice_.publisher()->bytes_received += 1000;
  server_.timers.advance(15s);
  EXPECT_TRUE(has("alice"));
}

TEST_F(ResumeTest, AConnectionThatIsUpAgainKeepsAParticipantThatSendsNothing) {
  join_v1(alice_);
  alice_.publisher()->fail();
  ASSERT_TRUE(alice_.open_again());
  alice_.publisher()->connect();
  server_.timers.advance(15s);
  EXPECT_TRUE(has("alice"));
  EXPECT_EQ(alice_.count(Response::kLeave), 0u);
}

TEST_F(ResumeTest, MediaThatStaysAwayAfterAResumeRemovesTheParticipant) {
  join_v1(alice_);
  alice_.publisher()->fail();
  ASSERT_TRUE(alice_.open_again());
  server_.timers.advance(15s);
  EXPECT_FALSE(has("alice"));
}

// Its client would resume and find that it is nobody.
TEST_F(ResumeTest, AParticipantOfWhichChecksHaveComeOutlivesItsWebSocketToo) {
  alice_.v1();
  alice_.parameters.publisher_offer = description(first_offer(), 1);
  ASSERT_TRUE(alice_.open());
  alice_.publisher()->check();
  alice_.drop();
  server_.timers.advance(10s);
  ASSERT_TRUE(has("alice"));
  ASSERT_TRUE(alice_.open_again());
  EXPECT_TRUE(alice_.received[0].has_reconnect());
  EXPECT_FALSE(alice_.close_code);
  EXPECT_FALSE(server_.room().find(ParticipantIdentity("alice"))->is_active());
  alice_.publisher()->connect();
  EXPECT_TRUE(server_.room().find(ParticipantIdentity("alice"))->is_active());
  server_.timers.advance(60s);
  EXPECT_TRUE(has("alice"));
}

TEST_F(ResumeTest, WithTwoPeerConnectionsAParticipantMayConnectWithoutItsWebSocket) {
  ASSERT_TRUE(alice_.open());
  alice_.answer();
  alice_.subscriber()->check();
  alice_.drop();
  alice_.subscriber()->connect();
  ASSERT_TRUE(has("alice"));
  ASSERT_TRUE(alice_.open_again());
  EXPECT_TRUE(alice_.received[0].has_reconnect());
}

TEST_F(ResumeTest, WhoDoesNotComeBackToConnectIsRemovedAfterAMinute) {
  alice_.v1();
  alice_.parameters.publisher_offer = description(first_offer(), 1);
  ASSERT_TRUE(alice_.open());
  alice_.publisher()->check();
  alice_.drop();
  server_.timers.advance(60s);
  EXPECT_FALSE(has("alice"));
}

TEST_F(ResumeTest, BeforeMediaALostWebSocketIsTheEnd) {
  alice_.v1();
  ASSERT_TRUE(alice_.open());
  alice_.drop();
  EXPECT_FALSE(has("alice"));
}

TEST_F(ResumeTest, AParticipantThatNeverConnectsIsRemovedAfterAMinute) {
  alice_.v1();
  ASSERT_TRUE(alice_.open());
  server_.timers.advance(60s);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().reason(), ::livekit::JOIN_FAILURE);
}

}  // namespace
}  // namespace gstlk::signal
