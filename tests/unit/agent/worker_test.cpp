// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/worker.h"

#include "agent_fixture.h"

namespace gstlk::agent {
namespace {

class WorkerTest : public AgentFixture {
 protected:
  FakeWorker worker_{dispatcher_.board(), timers_, "AW_new"};
};

TEST_F(WorkerTest, RegisteringIsAnsweredWithItsId) {
  worker_.register_as(::livekit::JT_ROOM);
  ASSERT_EQ(worker_.received.size(), 1u);
  EXPECT_EQ(worker_.received[0].register_().worker_id(), "AW_new");
  EXPECT_TRUE(worker_.received[0].register_().has_server_info());
  timers_.advance(1min);
  EXPECT_EQ(worker_.closed, 0);
}

TEST_F(WorkerTest, WhoDoesNotRegisterIsClosedAfterTenSeconds) {
  timers_.advance(9s);
  EXPECT_EQ(worker_.closed, 0);
  timers_.advance(1s);
  EXPECT_EQ(worker_.closed, 1008);
}

TEST_F(WorkerTest, APingIsAnsweredBeforeAndAfterRegistering) {
  WorkerMessage ping;
  ping.mutable_ping()->set_timestamp(42);
  worker_.say(ping);
  worker_.register_as(::livekit::JT_ROOM);
  worker_.say(ping);
  const auto pongs = worker_.all(ServerMessage::kPong);
  ASSERT_EQ(pongs.size(), 2u);
  EXPECT_EQ(pongs[1].pong().last_timestamp(), 42);
  EXPECT_EQ(pongs[1].pong().timestamp(), timers_.unix_micros() / 1000);
}

TEST_F(WorkerTest, TextIsAnsweredInText) {
  worker_.worker->handle_text(R"({"register":{"type":"JT_PUBLISHER","agentName":"scribe"}})");
  EXPECT_EQ(worker_.kinds, std::vector{FrameKind::Text});
  EXPECT_EQ(worker_.worker->key().type, ::livekit::JT_PUBLISHER);
  EXPECT_EQ(worker_.worker->key().agent_name, "scribe");
}

TEST_F(WorkerTest, WhatIsOutOfOrderOrNoMessageClosesIt) {
  worker_.update(0.1);
  EXPECT_EQ(worker_.closed, 1008) << "not registered yet";
  FakeWorker twice(dispatcher_.board(), timers_, "AW_twice");
  twice.register_as(::livekit::JT_ROOM);
  twice.register_as(::livekit::JT_ROOM);
  EXPECT_EQ(twice.closed, 1008);
  FakeWorker noise(dispatcher_.board(), timers_, "AW_noise");
  noise.worker->handle_binary(as_bytes("\xff\xff\xff"));
  EXPECT_EQ(noise.closed, 1003);
  FakeWorker unknown(dispatcher_.board(), timers_, "AW_unknown");
  unknown.register_as(::livekit::JT_ROOM);
  unknown.worker->handle_text("{}");
  EXPECT_EQ(unknown.closed, 1003);
  FakeWorker type(dispatcher_.board(), timers_, "AW_type");
  type.register_as(static_cast<::livekit::JobType>(9));
  EXPECT_EQ(type.closed, 1008);
  EXPECT_TRUE(type.received.empty());
}

TEST(Deployment, HasNoSeparatorAndNoSpace) {
  EXPECT_EQ(check_deployment(""), "");
  EXPECT_EQ(check_deployment("blue-2"), "");
  EXPECT_EQ(check_deployment("a_b"), "deployment contains reserved character '_'");
  EXPECT_EQ(check_deployment("a b"),
            "deployment contains whitespace or control byte at position 1");
  EXPECT_EQ(check_deployment(std::string(65, 'a')), "deployment exceeds 64 bytes");
}

}  // namespace
}  // namespace gstlk::agent
