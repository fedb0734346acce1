// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/rpc_calls.h"

#include "livekit/messages.h"
#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

class RpcCallsTest : public RoomFixture {
 protected:
  void call(uint32_t timeout = 0, const std::string& payload = "two", const char* who = "alice") {
    ::livekit::PerformRpcRequest request;
    request.set_room("kitchen");
    request.set_destination_identity(who);
    request.set_method("add");
    request.set_payload(payload);
    request.set_response_timeout_ms(timeout);
    registry_.perform_rpc(
        request, [this](Result<::livekit::PerformRpcResponse, ApiError> response) {
          answers_.push_back(response ? response->payload() : response.error().message);
          if (!response) code_ = response.error().code;
        });
  }
  ::livekit::DataPacket last() {
    ::livekit::DataPacket packet;
    EXPECT_FALSE(alice_.media->data.empty());
    EXPECT_TRUE(packet.ParseFromString(alice_.media->data.back().second));
    return packet;
  }
  void say(Guest& from, const ::livekit::DataPacket& packet) {
    from->on_data(DataChannelKind::Reliable, livekit::to_protobuf(packet));
  }
  ::livekit::DataPacket acknowledgement() {
    ::livekit::DataPacket packet;
    packet.mutable_rpc_ack()->set_request_id(last().rpc_request().id());
    packet.add_destination_identities(last().participant_identity());
    return packet;
  }
  ::livekit::DataPacket response(const std::string& payload) {
    ::livekit::DataPacket packet;
    packet.mutable_rpc_response()->set_request_id(last().rpc_request().id());
    packet.mutable_rpc_response()->set_payload(payload);
    return packet;
  }

  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
  std::vector<std::string> answers_;
  ErrorCode code_ = ErrorCode::Internal;
};

TEST_F(RpcCallsTest, TheAnswerIsForTheCallerAndNobodyElse) {
  call(1000);
  EXPECT_EQ(last().rpc_request().method(), "add");
  EXPECT_EQ(last().rpc_request().payload(), "two");
  EXPECT_EQ(last().rpc_request().response_timeout_ms(), 1000u);
  EXPECT_EQ(last().rpc_request().version(), 1u);
  EXPECT_EQ(last().rpc_request().id().size(), 36u);
  EXPECT_EQ(last().participant_identity(), last().rpc_request().id());
  EXPECT_TRUE(bob_.media->data.empty());
  say(bob_, response("from somebody else"));
  EXPECT_TRUE(answers_.empty());
  alice_.media->data.resize(1);
  bob_.media->data.clear();
  say(alice_, acknowledgement());
  say(alice_, response("four"));
  EXPECT_EQ(answers_, std::vector<std::string>{"four"});
  EXPECT_TRUE(bob_.media->data.empty());
  timers_.advance(1min);
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(RpcCallsTest, WhoDoesNotAcknowledgeOrAnswerIsTooLate) {
  call();
  timers_.advance(2s);
  EXPECT_EQ(answers_, std::vector<std::string>{"RpcError 1501: Connection timeout"});
  EXPECT_EQ(code_, ErrorCode::Canceled);
  call();
  say(alice_, acknowledgement());
  timers_.advance(9s);
  EXPECT_EQ(answers_.size(), 1u);
  timers_.advance(1s);
  EXPECT_EQ(answers_.back(), "RpcError 1502: Response timeout");
}

TEST_F(RpcCallsTest, AnErrorOfTheParticipantIsTheCallers) {
  call();
  ::livekit::DataPacket packet = response("");
  packet.mutable_rpc_response()->mutable_error()->set_code(1400);
  packet.mutable_rpc_response()->mutable_error()->set_message("what?");
  packet.mutable_rpc_response()->mutable_error()->set_data("more");
  say(alice_, packet);
  EXPECT_EQ(answers_, std::vector<std::string>{"RpcError 1400: what?: more"});
  EXPECT_EQ(code_, ErrorCode::InvalidArgument);
}

TEST_F(RpcCallsTest, WhatCannotBeCalledIsRefused) {
  call(0, std::string(15361, 'x'));
  EXPECT_EQ(answers_.back(), "RpcError 1402: Request payload too large");
  EXPECT_EQ(code_, ErrorCode::Malformed);
  call(0, "", "");
  EXPECT_EQ(answers_.back(), "destination identity is required");
  call(0, "", "nobody");
  EXPECT_EQ(answers_.back(), "participant does not exist");
  call();
  room().remove(*alice_.participant, {::livekit::CLIENT_INITIATED});
  EXPECT_EQ(answers_.back(), "RpcError 1503: Recipient disconnected");
  EXPECT_EQ(code_, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace gstlk::room
