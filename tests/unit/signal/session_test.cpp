// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/session.h"

#include "livekit_room.pb.h"
#include "scripted_client.h"

namespace gstlk::signal {
namespace {

using Info = ::livekit::ParticipantInfo;
using sdp::Direction;

class SessionTest : public testing::Test {
 protected:
  // Joins with what livekit-client offers first, and is connected.
  void join_v1(ScriptedClient& client) {
    client.v1();
    client.parameters.publisher_offer = description(first_offer(), 1);
    ASSERT_TRUE(client.open());
    client.publisher()->connect();
    client.publisher()->open_channels();
  }
  // The camera takes another m-line behind the free ones.
  std::string publish_camera(ScriptedClient& client) {
    const std::string sid = client.add_track("camera", ::livekit::VIDEO, ::livekit::CAMERA);
    client.offer(first_offer().video(Direction::SendOnly, "camera").simulcast(), 2);
    return sid;
  }

  Server server_;
  ScriptedClient alice_{server_, "alice"};
  ScriptedClient bob_{server_, "bob"};
};

TEST_F(SessionTest, AnswersTheJoinRequestsOfferAfterTheJoinResponse) {
  join_v1(alice_);
  ASSERT_GE(alice_.received.size(), 4u);
  const ::livekit::JoinResponse& join = alice_.received[0].join();
  EXPECT_EQ(join.room().name(), "kitchen");
  EXPECT_TRUE(join.room().sid().starts_with("RM_"));
  EXPECT_TRUE(join.participant().sid().starts_with("PA_"));
  EXPECT_EQ(join.participant().state(), Info::JOINED);
  EXPECT_TRUE(join.participant().permission().can_publish());
  EXPECT_FALSE(join.subscriber_primary());
  EXPECT_EQ(join.ping_interval(), 5);
  EXPECT_EQ(join.ping_timeout(), 15);
  EXPECT_EQ(join.server_info().protocol(), 17);
  EXPECT_EQ(join.enabled_publish_codecs(0).mime(), "video/VP8");
  EXPECT_EQ(alice_.received[1].answer().id(), 1u);
  EXPECT_EQ(alice_.received[1].answer().type(), "answer");
  EXPECT_EQ(alice_.count(Response::kOffer), 0u);
}

TEST_F(SessionTest, ATrickleThatCannotBeReadIsAnswered) {
  join_v1(alice_);
  ::livekit::SignalRequest request;
  request.mutable_trickle()->set_candidateinit(R"({"candidate":""})");
  alice_.request(request);
  EXPECT_EQ(alice_.count(Response::kRequestResponse), 0u);
  request.mutable_trickle()->set_candidateinit("candidate:1");
  alice_.request(request);
  ASSERT_EQ(alice_.count(Response::kRequestResponse), 1u);
  const auto answer = alice_.last(Response::kRequestResponse).request_response();
  EXPECT_EQ(answer.reason(), ::livekit::RequestResponse::UNCLASSIFIED_ERROR);
  EXPECT_EQ(answer.trickle().candidateinit(), "candidate:1");
}

TEST_F(SessionTest, UnreadableAttributesAreNoReasonNotToJoin) {
  alice_.parameters.attributes_unreadable = true;
  const auto valid = validate(server_.registry, &alice_.claims, alice_.parameters);
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().text, "cannot decode attributes");
  EXPECT_TRUE(alice_.open());
}

TEST_F(SessionTest, EmptyAttributesLeaveTheTokensAlone) {
  alice_.claims.grants.video->can_update_own_metadata = true;
  alice_.claims.grants.attributes = {{"role", "cook"}, {"shift", "early"}};
  alice_.parameters.attributes = {{"role", ""}, {"shift", "late"}};
  ASSERT_TRUE(alice_.open());
  const auto& attributes = alice_.received[0].join().participant().attributes();
  EXPECT_EQ(attributes.at("role"), "cook");
  EXPECT_EQ(attributes.at("shift"), "late");
}

TEST_F(SessionTest, ACompanionThatPublishesComesBackAsWhatItIs) {
  alice_.parameters.publish = "screen";
  join_v1(alice_);
  EXPECT_EQ(alice_.received[0].join().participant().identity(), "alice#screen");
  alice_.drop();
  ASSERT_TRUE(alice_.open_again());
  EXPECT_EQ(alice_.count(Response::kReconnect), 1u);
}

class RoomPresetSessionTest : public testing::Test {
 protected:
  static room::Settings settings() {
    room::Settings settings;
    settings.room_configurations["live"] = R"({"emptyTimeout": 7, "maxPlayoutDelay": 2000})";
    return settings;
  }

  Server server_{settings()};
  ScriptedClient alice_{server_, "alice"};
};

TEST_F(RoomPresetSessionTest, WhatTheTokensConfigurationLeavesOpenIsAsItsPresetSays) {
  alice_.claims.grants.room_preset = "live";
  alice_.claims.grants.room_config = R"({"minPlayoutDelay": 100, "metadata": "mine"})";
  ASSERT_TRUE(alice_.open());
  const ::livekit::Room info = server_.room().info();
  EXPECT_EQ(info.metadata(), "mine");
  EXPECT_EQ(info.empty_timeout(), 7u);
  EXPECT_EQ(server_.room().playout_delay(), (room::PlayoutDelay{100ms, 2s}));
}

TEST_F(RoomPresetSessionTest, AnUnknownPresetMakesNoRoom) {
  alice_.claims.grants.room_preset = "none";
  EXPECT_FALSE(alice_.open());
  EXPECT_EQ(alice_.error->status, 500u);
  EXPECT_EQ(alice_.error->text, "unknown room configuration in create room request");
  EXPECT_EQ(server_.registry.find(RoomName("kitchen")), nullptr);
  // Where there is one, nobody asks for it.
  ScriptedClient bob(server_, "bob");
  ASSERT_TRUE(bob.open());
  EXPECT_TRUE(alice_.open());
}

// LiveKit's Go SDK cannot use an answer that comes right behind the join response.
TEST_F(SessionTest, AGoClientIsAnsweredALittleLater) {
  alice_.v1();
  alice_.parameters.client.set_sdk(::livekit::ClientInfo::GO);
  alice_.parameters.publisher_offer = description(first_offer(), 1);
  ASSERT_TRUE(alice_.open());
  EXPECT_EQ(alice_.count(Response::kAnswer), 0u);
  server_.timers.advance(50ms);
  EXPECT_EQ(alice_.count(Response::kAnswer), 1u);

  bob_.v1();
  bob_.parameters.client.set_sdk(::livekit::ClientInfo::GO);
  bob_.parameters.publisher_offer = description(first_offer(), 1);
  ASSERT_TRUE(bob_.open());
  bob_.session.reset();
  server_.timers.advance(50ms);
  EXPECT_EQ(bob_.count(Response::kAnswer), 0u);
}

TEST_F(SessionTest, TricklesCompleteCandidatesAndMarksTheLast) {
  join_v1(alice_);
  const auto candidates = alice_.all(Response::kTrickle);
  ASSERT_EQ(candidates.size(), 2u);
  const std::string& init = candidates[0].trickle().candidateinit();
  EXPECT_NE(init.find("\"candidate\":\"candidate:1 1 udp"), std::string::npos);
  EXPECT_NE(init.find("\"sdpMid\":\"0\""), std::string::npos);
  EXPECT_NE(init.find("\"sdpMLineIndex\":0"), std::string::npos);
  EXPECT_FALSE(candidates[0].trickle().final());
  EXPECT_TRUE(candidates[1].trickle().final());
}

TEST_F(SessionTest, CandidatesThatComeLaterAreTrickledOnce) {
  join_v1(alice_);
  // With another foundation and priority: one more stands before it.
  alice_.publisher()->local_candidates = {
      "candidate:1 1 udp 2130706431 203.0.113.1 7882 typ host",
      "candidate:2 1 udp 2130706175 192.0.2.1 7882 typ host",
      "candidate:3 1 tcp 1671430143 192.0.2.1 7881 typ host tcptype passive"};
  server_.registry.announce_candidates();
  server_.registry.announce_candidates();
  const auto candidates = alice_.all(Response::kTrickle);
  ASSERT_EQ(candidates.size(), 3u);
  EXPECT_NE(candidates[2].trickle().candidateinit().find("203.0.113.1 7882"), std::string::npos);
  EXPECT_TRUE(candidates[2].trickle().final());
  // Who is asked to offer has been told of nothing yet.
  bob_.v1();
  ASSERT_TRUE(bob_.open());
  server_.registry.announce_candidates();
  EXPECT_EQ(bob_.count(Response::kTrickle), 0u);
}

// A viewer of each kind goes over to the backup codec on the m-line that it has.
TEST_F(SessionTest, ACodecThatRegressesChangesWhereItIs) {
  join_v1(alice_);
  join_v1(bob_);
  ScriptedClient carol(server_, "carol");
  ASSERT_TRUE(carol.open());
  carol.answer();
  carol.subscriber()->connect();

  ::livekit::SignalRequest request;
  ::livekit::AddTrackRequest& add = *request.mutable_add_track();
  add.set_cid("camera");
  add.set_type(::livekit::VIDEO);
  add.set_backup_codec_policy(::livekit::REGRESSION);
  add.add_simulcast_codecs()->set_codec("h264");
  add.mutable_simulcast_codecs(0)->set_cid("camera");
  add.add_simulcast_codecs()->set_codec("vp8");
  alice_.request(request);
  const TrackId sid(alice_.last_track);
  const ClientDescription one = first_offer().video(Direction::SendOnly, "camera");
  alice_.offer(one, 2);
  server_.timers.advance(1s);
  bob_.offer(first_offer(), 2);
  carol.answer();
  const auto sent_to_bob = [&] { return bob_.publisher()->subscribed.at(sid).first; };
  const auto sent_to_carol = [&] { return carol.subscriber()->subscribed.at(sid).first; };
  const room::SubscribedMedia bob_before = sent_to_bob();
  const room::SubscribedMedia carol_before = sent_to_carol();
  EXPECT_EQ(bob_before.encoding_name, "H264");
  EXPECT_EQ(carol_before.encoding_name, "H264");

  add.set_sid(sid.value);
  add.set_cid("backup");
  add.mutable_simulcast_codecs()->DeleteSubrange(0, 1);
  add.mutable_simulcast_codecs(0)->set_cid("backup");
  alice_.request(request);
  alice_.offer(ClientDescription(one).video(Direction::SendOnly, "backup"), 3);
  server_.timers.advance(1s);
  EXPECT_EQ(sent_to_bob().source, sid);
  EXPECT_EQ(sent_to_carol().source, sid);
  bob_.offer(first_offer(), 3);
  carol.answer();
  for (const auto& [before, now] :
       {std::pair(bob_before, sent_to_bob()), std::pair(carol_before, sent_to_carol())}) {
    EXPECT_EQ(now.mid, before.mid);
    EXPECT_NE(now.ssrc, before.ssrc);
    EXPECT_EQ(now.encoding_name, "VP8");
    EXPECT_EQ(now.source, TrackId(sid.value + "/vp8"));
  }
}

// Firefox on Linux may not publish H264: what it asks for and what it is answered are one.
TEST_F(SessionTest, ACodecThatTheClientMayNotPublishIsReplaced) {
  alice_.parameters.client.set_browser("Firefox");
  alice_.parameters.client.set_os("Linux");
  join_v1(alice_);
  ::livekit::SignalRequest request;
  ::livekit::AddTrackRequest& add = *request.mutable_add_track();
  add.set_cid("camera");
  add.set_type(::livekit::VIDEO);
  add.add_simulcast_codecs()->set_codec("h264");
  add.mutable_simulcast_codecs(0)->set_cid("camera");
  alice_.request(request);
  const auto told = alice_.last(Response::kTrackPublished).track_published().track();
  EXPECT_EQ(told.codecs(0).mime_type(), "video/vp8");
  alice_.offer(first_offer().video(Direction::SendOnly, "camera"), 2);
  const auto answer = parsed(alice_.last(Response::kAnswer).answer().sdp());
  EXPECT_EQ(answer.media[7].formats[0].encoding_name, "VP8");
  join_v1(bob_);
  EXPECT_EQ(bob_.publisher()->subscribed.at(TrackId(told.sid())).first.encoding_name, "VP8");
}

TEST_F(SessionTest, ATrackThatIsPublishedReachesTheOtherParticipant) {
  join_v1(alice_);
  join_v1(bob_);
  const std::string sid = publish_camera(alice_);
  EXPECT_TRUE(sid.starts_with("TR_VC"));
  ASSERT_TRUE(alice_.publisher()->published.contains(TrackId(sid)));
  const auto& [mid, media] = alice_.publisher()->published[TrackId(sid)];
  EXPECT_EQ(mid, Mid("7"));
  EXPECT_EQ(media.layers, (std::vector{Rid("q"), Rid("h"), Rid("f")}));

  // Bob hears of the track first, then is asked for an offer, and then is sent it.
  ASSERT_EQ(bob_.known("alice")->tracks_size(), 1);
  EXPECT_EQ(bob_.known("alice")->tracks(0).sid(), sid);
  EXPECT_TRUE(bob_.known("alice")->is_publisher());
  server_.timers.advance(10ms);
  EXPECT_EQ(bob_.count(Response::kMediaSectionsRequirement), 1u);
  bob_.offer(first_offer(), 2);
  const ::livekit::SessionDescription answer = bob_.last(Response::kAnswer).answer();
  EXPECT_EQ(answer.id(), 2u);
  ASSERT_EQ(answer.mid_to_track_id().size(), 1u);
  EXPECT_EQ(answer.mid_to_track_id().begin()->second, sid);
  EXPECT_NE(answer.sdp().find("a=msid:" + alice_.sid + "|" + sid + " " + sid), std::string::npos);
  ASSERT_TRUE(bob_.publisher()->subscribed.contains(TrackId(sid)));
  EXPECT_EQ(bob_.publisher()->subscribed[TrackId(sid)].first.encoding_name, "VP8");
  server_.timers.advance(100ms);
  EXPECT_EQ(alice_.last(Response::kTrackSubscribed).track_subscribed().track_sid(), sid);
}

TEST_F(SessionTest, WhoJoinsLaterIsSentWhatIsThereInTheFirstAnswer) {
  join_v1(alice_);
  const std::string sid = publish_camera(alice_);
  join_v1(bob_);
  EXPECT_EQ(bob_.received[0].join().other_participants(0).tracks(0).sid(), sid);
  EXPECT_EQ(bob_.last(Response::kAnswer).answer().mid_to_track_id().size(), 1u);
  EXPECT_TRUE(bob_.publisher()->subscribed.contains(TrackId(sid)));
}

TEST_F(SessionTest, TheOfferMayComeBeforeAddTrack) {
  join_v1(alice_);
  alice_.offer(first_offer().audio(Direction::SendOnly, "mic"), 2);
  EXPECT_TRUE(alice_.publisher()->published.empty());
  const std::string sid = alice_.add_track("mic", ::livekit::AUDIO, ::livekit::MICROPHONE);
  EXPECT_TRUE(alice_.publisher()->published.contains(TrackId(sid)));
}

TEST_F(SessionTest, AnMLineThatBecomesInactiveUnpublishesItsTrack) {
  join_v1(alice_);
  join_v1(bob_);
  publish_camera(alice_);
  alice_.offer(first_offer().video(Direction::Inactive), 3);
  EXPECT_TRUE(alice_.publisher()->published.empty());
  EXPECT_EQ(bob_.known("alice")->tracks_size(), 0);
}

TEST_F(SessionTest, ACallOverTwoPeerConnections) {
  ASSERT_TRUE(alice_.open());
  EXPECT_TRUE(alice_.received[0].join().subscriber_primary());
  // The server offers at once, if only its data channels.
  ASSERT_EQ(alice_.count(Response::kOffer), 1u);
  EXPECT_EQ(alice_.last(Response::kTrickle).trickle().target(), ::livekit::SUBSCRIBER);
  EXPECT_TRUE(alice_.subscriber()->opens_channels);
  alice_.answer();
  alice_.subscriber()->connect();
  EXPECT_EQ(server_.room().find(ParticipantIdentity("alice"))->info().state(), Info::ACTIVE);

  ASSERT_TRUE(bob_.open());
  bob_.answer();
  bob_.subscriber()->connect();
  const std::string sid = bob_.add_track("mic", ::livekit::AUDIO, ::livekit::MICROPHONE);
  bob_.offer(ClientDescription().data().audio(Direction::SendOnly, "mic"), 5);
  EXPECT_EQ(bob_.last(Response::kAnswer).answer().id(), 5u);
  EXPECT_TRUE(bob_.publisher()->published.contains(TrackId(sid)));

  server_.timers.advance(150ms);
  ASSERT_EQ(alice_.count(Response::kOffer), 2u);
  EXPECT_GT(alice_.last(Response::kOffer).offer().id(),
            alice_.all(Response::kOffer)[0].offer().id());
  EXPECT_FALSE(alice_.subscriber()->subscribed.contains(TrackId(sid)));
  alice_.answer();
  EXPECT_TRUE(alice_.subscriber()->subscribed.contains(TrackId(sid)));
}

TEST_F(SessionTest, OneServerOfferIsOutAtATime) {
  join_v1(alice_);
  ASSERT_TRUE(bob_.open());
  publish_camera(alice_);
  server_.timers.advance(1s);
  EXPECT_EQ(bob_.count(Response::kOffer), 1u);
  bob_.answer();
  server_.timers.advance(150ms);
  EXPECT_EQ(bob_.count(Response::kOffer), 2u);
}

TEST_F(SessionTest, AnUnansweredOfferSendsTheClientIntoAFullReconnect) {
  ASSERT_TRUE(alice_.open());
  server_.timers.advance(15s);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().action(), ::livekit::LeaveRequest::RECONNECT);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().reason(), ::livekit::STATE_MISMATCH);
  EXPECT_EQ(alice_.close_code, kCloseNormal);
}

TEST_F(SessionTest, GarbageForAnOfferSendsTheClientIntoAFullReconnect) {
  join_v1(alice_);
  ::livekit::SignalRequest request;
  request.mutable_offer()->set_sdp("v=1\r\n");
  alice_.request(request);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().action(), ::livekit::LeaveRequest::RECONNECT);
  // What follows on the same WebSocket is nobody's.
  alice_.request(request);
}

TEST_F(SessionTest, PingsOfBothKindsAreAnswered) {
  join_v1(alice_);
  ::livekit::SignalRequest ping;
  ping.set_ping(1);
  alice_.request(ping);
  ping.mutable_ping_req()->set_timestamp(77);
  alice_.request(ping);
  EXPECT_EQ(alice_.last(Response::kPong).pong(), server_.timers.unix_micros() / 1000);
  EXPECT_EQ(alice_.last(Response::kPongResp).pong_resp().last_ping_timestamp(), 77);
}

TEST_F(SessionTest, TextIsAnsweredWithText) {
  join_v1(alice_);
  alice_.session->handle_text(R"({"pingReq":{"timestamp":"5"}})");
  EXPECT_EQ(alice_.last_kind, FrameKind::Text);
  EXPECT_EQ(alice_.last(Response::kPongResp).pong_resp().last_ping_timestamp(), 5);
  ::livekit::SignalRequest ping;
  ping.set_ping(1);
  alice_.request(ping);
  EXPECT_EQ(alice_.last_kind, FrameKind::Binary);
}

TEST_F(SessionTest, MalformedMessagesDoNoHarm) {
  join_v1(alice_);
  alice_.session->handle_binary(as_bytes("\xff\xff\xff"));
  alice_.session->handle_text("{");
  EXPECT_FALSE(alice_.close_code);
}

TEST_F(SessionTest, LeavingIsToldToTheOthers) {
  join_v1(alice_);
  join_v1(bob_);
  publish_camera(alice_);
  ::livekit::SignalRequest leave;
  leave.mutable_leave()->set_reason(::livekit::CLIENT_INITIATED);
  alice_.request(leave);
  EXPECT_EQ(alice_.close_code, kCloseNormal);
  EXPECT_EQ(alice_.count(Response::kLeave), 0u);
  EXPECT_EQ(bob_.known("alice")->state(), Info::DISCONNECTED);
  EXPECT_EQ(bob_.known("alice")->disconnect_reason(), ::livekit::CLIENT_INITIATED);
  server_.timers.advance(0us);
  EXPECT_EQ(server_.media->transports.size(), 1u);
}

TEST_F(SessionTest, TheSameIdentityTakesOver) {
  join_v1(alice_);
  join_v1(bob_);
  publish_camera(alice_);
  ScriptedClient again(server_, "alice");
  join_v1(again);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().reason(), ::livekit::DUPLICATE_IDENTITY);
  EXPECT_EQ(alice_.last(Response::kLeave).leave().action(), ::livekit::LeaveRequest::DISCONNECT);
  server_.timers.advance(3s);
  // Bob's client replaces by identity and needs no word of the old session's end.
  EXPECT_EQ(bob_.known("alice")->sid(), again.sid);
  for (const Response& response : bob_.all(Response::kUpdate)) {
    for (const Info& info : response.update().participants())
      EXPECT_NE(info.state(), Info::DISCONNECTED);
  }
}

TEST_F(SessionTest, AFullRoomIsAnsweredWithLeave) {
  ::livekit::CreateRoomRequest create;
  create.set_name("kitchen");
  create.set_max_participants(1);
  ASSERT_TRUE(server_.registry.create_room(create));
  join_v1(alice_);
  bob_.v1();
  ASSERT_TRUE(bob_.open());
  ASSERT_EQ(bob_.received.size(), 1u);
  EXPECT_EQ(bob_.received[0].leave().reason(), ::livekit::JOIN_FAILURE);
  EXPECT_EQ(bob_.close_code, kCloseNormal);
}

TEST_F(SessionTest, ValidateSaysWhatJoiningWouldSay) {
  alice_.claims.grants.video->room.clear();
  EXPECT_FALSE(alice_.open());
  const auto result = validate(server_.registry, &alice_.claims, alice_.parameters);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, alice_.error->status);
  EXPECT_EQ(result.error().text, "no room name");
  EXPECT_FALSE(server_.registry.find(RoomName("kitchen")));
}

}  // namespace
}  // namespace gstlk::signal
