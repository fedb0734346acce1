// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/twirp.h"

#include <gtest/gtest.h>

#include "api/absent_services.h"
#include "api/room_service.h"
#include "api_fixture.h"
#include "livekit/messages.h"
#include "livekit_room.pb.h"
#include "room/room_control.h"

namespace gstlk::api {
namespace {

template <class T>
using Answer = Result<T, room::ApiError>;

// Rooms that answer what they are asked, and count.
class FakeRooms : public room::RoomControl {
 public:
  Answer<pb::Room> create_room(const pb::CreateRoomRequest& request) override {
    calls++;
    pb::Room room;
    room.set_sid("RM_x");
    room.set_name(request.name());
    room.set_max_participants(request.max_participants());
    return room;
  }
  Answer<pb::ListRoomsResponse> list_rooms(const pb::ListRoomsRequest&) override {
    calls++;
    return pb::ListRoomsResponse();
  }
  Answer<void> delete_room(const pb::DeleteRoomRequest&) override {
    calls++;
    return room::refuse(room::ErrorCode::NotFound, "requested room does not exist");
  }
  Answer<pb::Room> update_room_metadata(const pb::UpdateRoomMetadataRequest&) override {
    calls++;
    return pb::Room();
  }
  Answer<pb::ListParticipantsResponse> list_participants(
      const pb::ListParticipantsRequest&) override {
    calls++;
    pb::ListParticipantsResponse response;
    response.add_participants()->set_identity("alice");
    return response;
  }
  Answer<pb::ParticipantInfo> get_participant(const pb::RoomParticipantIdentity&) override {
    calls++;
    return room::refuse(room::ErrorCode::NotFound, "participant does not exist");
  }
  Answer<void> remove_participant(const pb::RoomParticipantIdentity&) override {
    calls++;
    return {};
  }
  Answer<pb::MuteRoomTrackResponse> mute_published_track(const pb::MuteRoomTrackRequest&) override {
    calls++;
    return room::refuse(room::ErrorCode::FailedPrecondition, "remote unmute not enabled");
  }
  Answer<pb::ParticipantInfo> update_participant(const pb::UpdateParticipantRequest&) override {
    calls++;
    return pb::ParticipantInfo();
  }
  Answer<void> update_subscriptions(const pb::UpdateSubscriptionsRequest&) override {
    calls++;
    return {};
  }
  Answer<void> send_data(const pb::SendDataRequest& request) override {
    calls++;
    data = request.data();
    return {};
  }
  Answer<void> forward_participant(const pb::ForwardParticipantRequest&) override {
    calls++;
    return {};
  }
  Answer<void> move_participant(const pb::MoveParticipantRequest&) override {
    calls++;
    return room::refuse(room::ErrorCode::NotFound, "participant does not exist");
  }
  void perform_rpc(const pb::PerformRpcRequest& request, RpcReply reply) override {
    calls++;
    rpc = reply;
  }

  int calls = 0;
  std::string data;
  RpcReply rpc;
};

class TwirpTest : public testing::Test {
 protected:
  TwirpTest() {
    add_room_service(server_, rooms_);
    add_absent_services(server_);
  }

  net::HttpResponse call(const std::string& method, const std::string& body,
                         const std::string& token, const std::string& type = "application/json") {
    net::HttpRequest request;
    request.method = "POST";
    request.path = "/twirp/livekit." + method;
    request.body = body;
    request.headers = {{"Content-Type", type}};
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    net::HttpResponse answer;
    server_.handle(request, [&](const net::HttpResponse& response) { answer = response; });
    return answer;
  }

  std::string creator() {
    livekit::VideoGrant video;
    video.room_create = video.room_list = true;
    return token_with(video);
  }
  std::string admin(const std::string& room) {
    livekit::VideoGrant video;
    video.room_admin = true;
    video.room = room;
    return token_with(video);
  }

  FakeRooms rooms_;
  Authenticator authenticator_{kKeys, fake_clock};
  TwirpServer server_{authenticator_};
};

TEST_F(TwirpTest, JsonIsAnsweredInSnakeCaseWithEveryField) {
  const auto response = call("RoomService/CreateRoom", R"({"name":"a","maxParticipants":2})",
                             creator(), "application/json;charset=UTF-8");
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_NE(response.body.find(R"("max_participants":2)"), std::string::npos) << response.body;
  EXPECT_NE(response.body.find(R"("creation_time":"0")"), std::string::npos);
  EXPECT_NE(response.body.find(R"("version":null)"), std::string::npos);
}

TEST_F(TwirpTest, ProtobufIsAnsweredInProtobuf) {
  pb::CreateRoomRequest request;
  request.set_name("a");
  const auto response = call("RoomService/CreateRoom", request.SerializeAsString(), creator(),
                             "application/protobuf");
  EXPECT_EQ(response.content_type, "application/protobuf");
  pb::Room room;
  ASSERT_TRUE(room.ParseFromString(response.body));
  EXPECT_EQ(room.name(), "a");
}

TEST_F(TwirpTest, AnErrorIsJsonWithCodeAndWords) {
  const auto response = call("RoomService/DeleteRoom", "", creator(), "application/protobuf");
  EXPECT_EQ(response.status, 404u);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"code":"not_found","msg":"requested room does not exist"})");
}

TEST_F(TwirpTest, ThePreconditionHasItsStatus) {
  const auto response =
      call("RoomService/MutePublishedTrack", R"({"room":"a","identity":"b"})", admin("a"));
  EXPECT_EQ(response.status, 412u);
  EXPECT_EQ(response.body, R"({"code":"failed_precondition","msg":"remote unmute not enabled"})");
}

TEST_F(TwirpTest, WhoMayCallBySipMayNotAdministerIt) {
  const auto status_with = [&](bool admin, const char* method) {
    livekit::Grants grants;
    grants.sip.emplace().admin = admin;
    grants.sip->call = !admin;
    return call(method, "{}", token_granting(grants)).status;
  };
  EXPECT_EQ(status_with(true, "SIP/ListSIPTrunk"), 500u);
  EXPECT_EQ(status_with(false, "SIP/ListSIPTrunk"), 401u);
  EXPECT_EQ(status_with(true, "SIP/CreateSIPParticipant"), 401u);
  EXPECT_EQ(status_with(false, "SIP/CreateSIPParticipant"), 500u);
}

TEST_F(TwirpTest, WithoutTheGrantEveryMethodIsRefusedBeforeTheRoomsAreAsked) {
  for (const char* method :
       {"RoomService/CreateRoom", "RoomService/ListRooms", "RoomService/DeleteRoom",
        "RoomService/ListParticipants", "RoomService/GetParticipant",
        "RoomService/RemoveParticipant", "RoomService/MutePublishedTrack",
        "RoomService/UpdateParticipant", "RoomService/UpdateSubscriptions", "RoomService/SendData",
        "RoomService/UpdateRoomMetadata", "RoomService/ForwardParticipant",
        "RoomService/MoveParticipant", "RoomService/PerformRpc", "Egress/StartWebEgress",
        "Ingress/ListIngress", "SIP/ListSIPTrunk"}) {
    for (const std::string& token : {std::string(), token_with(livekit::VideoGrant())}) {
      const auto response = call(method, R"({"room":"a"})", token);
      EXPECT_EQ(response.status, 401u) << method;
      EXPECT_EQ(response.body, R"({"code":"unauthenticated","msg":"permissions denied"})");
    }
  }
  EXPECT_EQ(rooms_.calls, 0);
}

TEST_F(TwirpTest, AnAdministratorOfAnotherRoomIsRefused) {
  const std::string body = R"({"room":"a"})";
  EXPECT_EQ(call("RoomService/ListParticipants", body, admin("b")).status, 401u);
  EXPECT_EQ(call("RoomService/ListParticipants", "{}", admin("")).status, 401u);
  const auto response = call("RoomService/ListParticipants", body, admin("a"));
  EXPECT_EQ(response.status, 200u);
  EXPECT_NE(response.body.find(R"("identity":"alice")"), std::string::npos);
}

TEST_F(TwirpTest, AnEmptyAnswerIsAnEmptyObject) {
  EXPECT_EQ(call("RoomService/RemoveParticipant", R"({"room":"a"})", admin("a")).body, "{}");
}

TEST_F(TwirpTest, BytesComeAsBase64) {
  EXPECT_EQ(call("RoomService/SendData", R"({"room":"a","data":"aGk="})", admin("a")).status, 200u);
  EXPECT_EQ(rooms_.data, "hi");
}

TEST_F(TwirpTest, ABadTokenIsPlainText) {
  const auto response = call("RoomService/ListRooms", "{}", creator() + "x");
  EXPECT_EQ(response.status, 401u);
  EXPECT_TRUE(response.content_type.starts_with("text/plain"));
  EXPECT_TRUE(response.body.starts_with("invalid authorization token"));
}

TEST_F(TwirpTest, UnreadableMessagesAreMalformed) {
  auto response = call("RoomService/ListRooms", "{", creator());
  EXPECT_EQ(response.status, 400u);
  EXPECT_EQ(response.body, R"({"code":"malformed","msg":"the json request could not be decoded"})");
  response = call("RoomService/CreateRoom", "\xff\xff", creator(), "application/protobuf");
  EXPECT_EQ(response.body,
            R"({"code":"malformed","msg":"the protobuf request could not be decoded"})");
}

TEST_F(TwirpTest, EveryAnswerIsToldWithItsOutcomeAndItsTime) {
  std::vector<TwirpAnswer> told;
  Timestamp now{};
  server_.observe([&] { return now += 5ms; },
                  [&](const TwirpAnswer& answer) { told.push_back(answer); });
  call("RoomService/CreateRoom", "{}", creator());
  call("RoomService/DeleteRoom", "{}", creator());
  call("RoomService/NoSuchMethod", "{}", creator());
  call("RoomService/CreateRoom", "{}", "no.such.token");
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].service, "RoomService");
  EXPECT_EQ(told[0].method, "CreateRoom");
  EXPECT_EQ(told[0].status, 200u);
  EXPECT_EQ(told[0].error, "");
  EXPECT_EQ(told[0].took, 5ms);
  EXPECT_EQ(told[1].status, 404u);
  EXPECT_EQ(told[1].error, "not_found");
  EXPECT_EQ(told[2].method, "");
  EXPECT_EQ(told[2].error, "bad_route");
}

TEST_F(TwirpTest, OtherPathsMethodsAndTypesAreBadRoutes) {
  for (const char* method : {"RoomService/Nothing", "Connector/DialWhatsAppCall", "RoomService"}) {
    const auto response = call(method, "{}", creator());
    EXPECT_EQ(response.status, 404u) << method;
    EXPECT_TRUE(response.body.starts_with(R"({"code":"bad_route")")) << response.body;
  }
  EXPECT_EQ(call("RoomService/ListRooms", "", creator(), "text/plain").status, 404u);
  net::HttpRequest get;
  get.method = "GET";
  get.path = "/twirp/livekit.RoomService/ListRooms";
  net::HttpResponse answer;
  server_.handle(get, [&](const net::HttpResponse& response) { answer = response; });
  EXPECT_EQ(answer.status, 404u);
}

TEST_F(TwirpTest, ACallToAParticipantIsAnsweredWhenThatAnswers) {
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/twirp/livekit.RoomService/PerformRpc";
  request.body = R"({"room":"a","destination_identity":"x"})";
  request.headers = {{"Content-Type", "application/json"},
                     {"Authorization", "Bearer " + admin("a")}};
  std::vector<net::HttpResponse> answers;
  const auto take = [&](const net::HttpResponse& response) { answers.push_back(response); };
  server_.handle(request, take);
  EXPECT_TRUE(answers.empty());
  pb::PerformRpcResponse response;
  response.set_payload("four");
  rooms_.rpc(response);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].body, R"({"payload":"four"})");
  server_.handle(request, take);
  rooms_.rpc(room::refuse(room::ErrorCode::Canceled, "RpcError 1502: Response timeout"));
  EXPECT_EQ(answers.back().status, 408u);
  EXPECT_EQ(answers.back().body, R"({"code":"canceled","msg":"RpcError 1502: Response timeout"})");
}

TEST_F(TwirpTest, MovingNeedsTheDestinationInTheToken) {
  livekit::VideoGrant video;
  video.room_admin = true;
  video.room = "a";
  const std::string body = R"({"room":"a","identity":"x","destination_room":"b"})";
  EXPECT_EQ(call("RoomService/MoveParticipant", body, token_with(video)).status, 401u);
  video.destination_room = "b";
  EXPECT_EQ(call("RoomService/MoveParticipant", body, token_with(video)).status, 404u);
  EXPECT_EQ(call("RoomService/ForwardParticipant", body, token_with(video)).status, 200u);
  video.destination_room = "a";
  const std::string same = R"({"room":"a","identity":"x","destination_room":"a"})";
  const auto refused = call("RoomService/MoveParticipant", same, token_with(video));
  EXPECT_EQ(refused.status, 400u);
  EXPECT_NE(refused.body.find(R"("meta":{"argument":"destination room cannot be)"),
            std::string::npos)
      << refused.body;
}

TEST_F(TwirpTest, AbsentServicesSayWhatIsMissing) {
  livekit::VideoGrant video;
  video.room_record = true;
  const auto response = call("Egress/ListEgress", "{}", token_with(video));
  EXPECT_EQ(response.status, 500u);
  EXPECT_EQ(response.body,
            R"json({"code":"internal","msg":"egress not connected (redis required)"})json");
}

}  // namespace
}  // namespace gstlk::api
