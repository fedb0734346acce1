// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/dispatcher.h"

#include "agent_fixture.h"

namespace gstlk::agent {
namespace {

using DispatcherTest = AgentFixture;

TEST_F(DispatcherTest, WorkersWithoutANameAreForEveryRoomParticipantAndPublisher) {
  auto rooms = worker(::livekit::JT_ROOM);
  auto participants = worker(::livekit::JT_PARTICIPANT);
  auto publishers = worker(::livekit::JT_PUBLISHER);
  room::Guest alice = join("alice");
  EXPECT_EQ(rooms->asked().size(), 1u);
  ASSERT_EQ(participants->asked().size(), 1u);
  EXPECT_EQ(participants->asked()[0].participant().identity(), "alice");
  EXPECT_TRUE(publishers->asked().empty());
  publish_camera(alice);
  publish_microphone(alice);
  ASSERT_EQ(publishers->asked().size(), 1u) << "once for each publisher";
  EXPECT_EQ(publishers->asked()[0].participant().tracks_size(), 1);
}

TEST_F(DispatcherTest, AgentsAreNoReasonForAJob) {
  auto participants = worker(::livekit::JT_PARTICIPANT);
  auto publishers = worker(::livekit::JT_PUBLISHER);
  room::Guest agent = join_agent();
  publish_microphone(agent);
  EXPECT_TRUE(participants->asked().empty());
  EXPECT_TRUE(publishers->asked().empty());
}

TEST_F(DispatcherTest, ARoomThatSaysWhichAgentsItWantsGetsThose) {
  auto unnamed = worker(::livekit::JT_ROOM);
  auto scribe = worker(::livekit::JT_ROOM, "scribe");
  create_room("plain");
  EXPECT_EQ(unnamed->asked().size(), 1u);
  EXPECT_TRUE(scribe->asked().empty());
  create_room("noted", "scribe");
  EXPECT_EQ(unnamed->asked().size(), 1u);
  ASSERT_EQ(scribe->asked().size(), 1u);
  EXPECT_EQ(scribe->asked()[0].agent_name(), "scribe");
  ASSERT_EQ(list("noted").size(), 1u);
  EXPECT_EQ(list("noted")[0].id(), scribe->asked()[0].dispatch_id());
}

TEST_F(DispatcherTest, ADispatchIsForWhoIsThereAlready) {
  auto rooms = worker(::livekit::JT_ROOM, "scribe");
  auto participants = worker(::livekit::JT_PARTICIPANT, "scribe");
  auto publishers = worker(::livekit::JT_PUBLISHER, "scribe");
  room::Guest alice = join("alice");
  room::Guest bob = join("bob");
  publish_camera(alice);
  const auto made = dispatch("kitchen", "scribe");
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->id().starts_with("AD_"));
  EXPECT_GT(made->state().created_at(), 0);
  ASSERT_EQ(rooms->asked().size(), 1u);
  EXPECT_EQ(rooms->asked()[0].metadata(), "wishes");
  EXPECT_EQ(participants->asked().size(), 2u);
  ASSERT_EQ(publishers->asked().size(), 1u);
  EXPECT_EQ(publishers->asked()[0].participant().identity(), "alice");
}

TEST_F(DispatcherTest, AWorkerThatRegistersInTimeGetsTheJobsThatWait) {
  create_room("hall");
  room::Guest alice = join("alice");
  ASSERT_TRUE(dispatch("hall", "scribe"));
  timers_.advance(29s);
  room::Guest bob = join("bob");
  publish_camera(bob);
  auto rooms = worker(::livekit::JT_ROOM);
  EXPECT_EQ(rooms->asked().size(), 2u) << "the hall and the kitchen";
  auto named = worker(::livekit::JT_ROOM, "scribe");
  ASSERT_EQ(named->asked().size(), 1u);
  EXPECT_EQ(named->asked()[0].room().name(), "hall");
  auto participants = worker(::livekit::JT_PARTICIPANT);
  EXPECT_EQ(participants->asked().size(), 2u);
  // What has a worker does not get another.
  EXPECT_TRUE(worker(::livekit::JT_ROOM)->asked().empty());
  EXPECT_TRUE(worker(::livekit::JT_PARTICIPANT)->asked().empty());
  timers_.advance(2s);
  auto publishers = worker(::livekit::JT_PUBLISHER);
  ASSERT_EQ(publishers->asked().size(), 1u);
  EXPECT_EQ(publishers->asked()[0].participant().identity(), "bob");
}

TEST_F(DispatcherTest, NobodyWaitsForAWorkerForEver) {
  create_room("hall");
  room::Guest alice = join("alice");
  timers_.advance(31s);
  EXPECT_TRUE(worker(::livekit::JT_ROOM)->asked().empty());
  EXPECT_TRUE(worker(::livekit::JT_PARTICIPANT)->asked().empty());
}

TEST_F(DispatcherTest, AJobThatAllRefusedIsForTheNextWhoComes) {
  auto busy = worker(::livekit::JT_ROOM);
  create_room("hall");
  busy->answer(busy->asked().at(0), false);
  auto idle = worker(::livekit::JT_ROOM);
  EXPECT_EQ(idle->asked().size(), 1u);
}

TEST_F(DispatcherTest, ADispatchMakesItsRoomAndARepeatedOneIsTheSame) {
  const auto made = dispatch("hall", "scribe", "request 1");
  ASSERT_TRUE(made);
  EXPECT_NE(registry_.find(RoomName("hall")), nullptr);
  EXPECT_EQ(dispatch("hall", "scribe", "request 1")->id(), made->id());
  EXPECT_NE(dispatch("hall", "scribe", "request 2")->id(), made->id());
  EXPECT_EQ(list("hall").size(), 3u) << "with the one of every room";
}

TEST_F(DispatcherTest, WhatIsWrongWithADispatchIsSaidInLiveKitsWords) {
  ::livekit::CreateAgentDispatchRequest request;
  request.set_room("hall");
  request.set_deployment("a_b");
  EXPECT_EQ(dispatcher_.create_dispatch(request, "").error().message,
            "deployment contains reserved character '_'");
  request.clear_deployment();
  request.set_metadata(std::string(524289, 'x'));
  EXPECT_EQ(dispatcher_.create_dispatch(request, "").error().message,
            "metadata size exceeds limits");
  request.clear_metadata();
  (*request.mutable_attributes())["a"] = std::string(65536, 'x');
  EXPECT_EQ(dispatcher_.create_dispatch(request, "").error().message,
            "attribute size exceeds limits");
  EXPECT_EQ(registry_.find(RoomName("hall")), nullptr);
  ::livekit::DeleteAgentDispatchRequest remove;
  remove.set_room("hall");
  EXPECT_EQ(dispatcher_.delete_dispatch(remove).error().message, "requested room does not exist");
  create_room("hall");
  remove.set_dispatch_id("AD_x");
  EXPECT_EQ(dispatcher_.delete_dispatch(remove).error().message, "dispatch ID not found");
}

TEST_F(DispatcherTest, DeletingADispatchStopsItsJobsAndTakesTheAgentOutOfTheRoom) {
  auto scribe = worker(::livekit::JT_ROOM, "scribe");
  room::Guest alice = join("alice");
  const auto made = dispatch("kitchen", "scribe");
  const ::livekit::Job job = scribe->asked().at(0);
  scribe->answer(job, true, "helper");
  room::Guest agent = join_agent("helper");
  ::livekit::DeleteAgentDispatchRequest request;
  request.set_room("kitchen");
  request.set_dispatch_id(made->id());
  const auto deleted = dispatcher_.delete_dispatch(request);
  ASSERT_TRUE(deleted);
  EXPECT_GT(deleted->state().deleted_at(), 0);
  EXPECT_EQ(deleted->state().jobs(0).state().status(), ::livekit::JS_SUCCESS);
  ASSERT_EQ(scribe->all(ServerMessage::kTermination).size(), 1u);
  EXPECT_EQ(scribe->all(ServerMessage::kTermination)[0].termination().job_id(), job.id());
  EXPECT_FALSE(agent.link->detached) << "it has three seconds to say good-bye";
  timers_.advance(3s);
  EXPECT_TRUE(agent.link->detached);
  EXPECT_FALSE(alice.link->detached);
  EXPECT_EQ(list("kitchen").size(), 1u);
}

TEST_F(DispatcherTest, AnAgentThatLeavesEndsItsJobAndOneThatComesBackDoesNot) {
  auto one = worker(::livekit::JT_ROOM);
  room::Guest alice = join("alice");
  one->answer(one->asked().at(0), true, "helper");
  room::Guest agent = join_agent("helper");
  room::Guest again = join_agent("helper");
  EXPECT_TRUE(one->all(ServerMessage::kTermination).empty());
  room().remove(*again.participant, {::livekit::CLIENT_INITIATED});
  EXPECT_EQ(one->all(ServerMessage::kTermination).size(), 1u);
  const ::livekit::JobState state = list("kitchen")[0].state().jobs(0).state();
  EXPECT_EQ(state.status(), ::livekit::JS_FAILED);
  EXPECT_EQ(state.error(), "agent worker left the room");
}

TEST_F(DispatcherTest, ARoomThatEndsEndsItsJobs) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("taken");
  one->answer(one->asked().at(0), true);
  create_room("offered");
  ::livekit::DeleteRoomRequest request;
  request.set_room("taken");
  ASSERT_TRUE(registry_.delete_room(request));
  EXPECT_EQ(one->all(ServerMessage::kTermination).size(), 1u);
  request.set_room("offered");
  ASSERT_TRUE(registry_.delete_room(request));
  one->answer(one->asked().at(1), true);
  EXPECT_EQ(one->all(ServerMessage::kAssignment).size(), 1u) << "nothing is left to do";
  EXPECT_TRUE(list("taken").empty());
}

TEST_F(DispatcherTest, EachNamespaceHasAJobOfItsOwn) {
  const auto in = [&](const std::string& name_space) {
    auto made = std::make_unique<FakeWorker>(dispatcher_.board(), timers_, "AW_" + name_space);
    WorkerMessage message;
    message.mutable_register_()->set_namespace_(name_space);
    made->say(message);
    return made;
  };
  auto red = in("red");
  auto blue = in("blue");
  create_room("hall");
  ASSERT_EQ(red->asked().size(), 1u);
  ASSERT_EQ(blue->asked().size(), 1u);
  EXPECT_EQ(blue->asked()[0].namespace_(), "blue");
}

}  // namespace
}  // namespace gstlk::agent
