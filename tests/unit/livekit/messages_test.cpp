// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/messages.h"

#include <gtest/gtest.h>

#include "livekit/json.h"
#include "livekit_room.pb.h"
#include "livekit_rtc.pb.h"

namespace gstlk::livekit {
namespace {

TEST(Messages, ProtobufSurvivesARoundTrip) {
  pb::SignalRequest request;
  request.mutable_ping_req()->set_timestamp(42);
  pb::SignalRequest read;
  ASSERT_TRUE(from_protobuf(to_protobuf(request), read));
  EXPECT_EQ(read.ping_req().timestamp(), 42);
}

TEST(Messages, TruncatedProtobufIsRefused) {
  pb::SignalRequest request;
  request.mutable_offer()->set_sdp("v=0");
  Bytes bytes = to_protobuf(request);
  bytes.pop_back();
  EXPECT_FALSE(from_protobuf(bytes, request));
}

TEST(Messages, SignalTextIsCamelCaseWithoutDefaults) {
  pb::SignalResponse response;
  response.mutable_pong_resp()->set_last_ping_timestamp(1700000000000);
  EXPECT_EQ(to_json(response), R"({"pongResp":{"lastPingTimestamp":"1700000000000"}})");
}

TEST(Messages, ReadsEitherCaseAndIgnoresWhatItDoesNotKnow) {
  pb::CreateRoomRequest request;
  ASSERT_TRUE(from_json(R"({"name":"a","emptyTimeout":10,"max_participants":2,"what":{"x":[1]}})",
                        request));
  EXPECT_EQ(request.name(), "a");
  EXPECT_EQ(request.empty_timeout(), 10u);
  EXPECT_EQ(request.max_participants(), 2u);
}

TEST(Messages, ReadsEnumsByNameAndNumber) {
  pb::AddTrackRequest request;
  ASSERT_TRUE(from_json(R"({"type":"VIDEO","source":3})", request));
  EXPECT_EQ(request.type(), pb::VIDEO);
  EXPECT_EQ(request.source(), pb::SCREEN_SHARE);
}

TEST(Messages, BadJsonIsRefusedWithAReason) {
  pb::CreateRoomRequest request;
  for (const char* text : {"", "{", "[]", "5", R"({"name":5x})", R"({"emptyTimeout":"ten"})"}) {
    const Result<void> result = from_json(text, request);
    ASSERT_FALSE(result) << text;
    EXPECT_FALSE(result.error().message.empty());
  }
  EXPECT_FALSE(from_json(std::string(100'000, '['), request));
}

TEST(Messages, ApiTextHasEveryFieldAndNullForAbsentMessages) {
  pb::ParticipantInfo participant;
  participant.set_sid("PA_x");
  participant.add_tracks()->set_sid("TR_x");
  const JsonPtr root = parse_json(to_api_json(participant));
  ASSERT_TRUE(root);
  JsonObject* object = json_node_get_object(root.get());
  EXPECT_STREQ(json_object_get_string_member(object, "sid"), "PA_x");
  EXPECT_STREQ(json_object_get_string_member(object, "joined_at"), "0");
  EXPECT_STREQ(json_object_get_string_member(object, "state"), "JOINING");
  EXPECT_STREQ(json_object_get_string_member(object, "metadata"), "");
  EXPECT_TRUE(json_object_get_null_member(object, "permission"));
  JsonArray* tracks = json_object_get_array_member(object, "tracks");
  ASSERT_EQ(json_array_get_length(tracks), 1u);
  JsonObject* track = json_array_get_object_element(tracks, 0);
  EXPECT_TRUE(json_object_has_member(track, "muted"));
  EXPECT_TRUE(json_object_has_member(track, "version"));
  EXPECT_TRUE(json_object_get_null_member(track, "version"));
}

TEST(Messages, ApiTextOfNoRoomsIsAnEmptyList) {
  EXPECT_EQ(to_api_json(pb::ListRoomsResponse()), R"({"rooms":[]})");
}

}  // namespace
}  // namespace gstlk::livekit
