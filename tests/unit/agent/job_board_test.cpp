// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/job_board.h"

#include "agent_fixture.h"

namespace gstlk::agent {
namespace {

using JobBoardTest = AgentFixture;

TEST_F(JobBoardTest, WhoTakesAJobGetsItWithATokenForAnAgent) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("hall");
  ASSERT_EQ(one->asked().size(), 1u);
  const ::livekit::Job job = one->asked()[0];
  EXPECT_TRUE(job.id().starts_with("AJ_"));
  EXPECT_EQ(job.room().name(), "hall");
  EXPECT_EQ(job.type(), ::livekit::JT_ROOM);
  EXPECT_EQ(job.state().worker_id(), one->worker->id());
  one->answer(job, true, "helper");
  EXPECT_EQ(one->assigned().job().id(), job.id());
  EXPECT_EQ(one->assigned().job().state().participant_identity(), "helper");
  EXPECT_EQ(one->assigned().token(), "token of APIone");
  EXPECT_EQ(claims_.grants.identity, "helper");
  EXPECT_EQ(claims_.grants.kind, "agent");
  EXPECT_EQ(claims_.grants.attributes.at("tone"), "calm");
  EXPECT_EQ(claims_.grants.attributes.at("lk.agent_name"), "");
  EXPECT_EQ(claims_.grants.video->room, "hall");
  EXPECT_TRUE(claims_.grants.video->agent);
  EXPECT_TRUE(claims_.grants.video->room_join);
  EXPECT_TRUE(claims_.grants.video->may_update_own_metadata());
  EXPECT_FALSE(claims_.grants.video->hidden);
}

TEST_F(JobBoardTest, WhoNamesNoIdentityGetsOne) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("hall");
  const ::livekit::Job job = one->asked().at(0);
  one->answer(job, true, "");
  EXPECT_EQ(claims_.grants.identity, "agent-" + job.id());
  EXPECT_EQ(one->assigned().job().state().participant_identity(), "agent-" + job.id());
}

TEST_F(JobBoardTest, WhoRefusesOrIsSilentIsFollowedByTheNext) {
  auto one = worker(::livekit::JT_ROOM);
  auto two = worker(::livekit::JT_ROOM);
  auto three = worker(::livekit::JT_ROOM);
  create_room("hall");
  std::vector<FakeWorker*> left = {one.get(), two.get(), three.get()};
  const auto next = [&] {
    const auto found = std::ranges::find_if(left, [](auto* w) { return !w->asked().empty(); });
    EXPECT_NE(found, left.end());
    FakeWorker* worker = *found;
    left.erase(found);
    return worker;
  };
  FakeWorker* first = next();
  const ::livekit::Job job = first->asked()[0];
  first->answer(job, false);
  FakeWorker* second = next();
  timers_.advance(10s);
  FakeWorker* third = next();
  second->answer(job, true);
  EXPECT_EQ(second->assigned().token(), "") << "it is too late";
  third->answer(job, true);
  EXPECT_EQ(third->assigned().job().id(), job.id());
  EXPECT_EQ(list("hall")[0].state().jobs_size(), 1);
}

TEST_F(JobBoardTest, AWorkerThatGoesIsFollowedByTheNext) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("hall");
  auto two = worker(::livekit::JT_ROOM);
  one.reset();
  ASSERT_EQ(two->asked().size(), 1u);
}

TEST_F(JobBoardTest, AWorkerThatIsFullOrOverTheTargetGetsNone) {
  auto one = worker(::livekit::JT_ROOM);
  one->update(0.1, ::livekit::WS_FULL);
  create_room("full");
  EXPECT_TRUE(one->asked().empty());
  one->update(0.75);
  create_room("loaded");
  EXPECT_TRUE(one->asked().empty());
  one->update(std::numeric_limits<double>::quiet_NaN());
  create_room("nonsense");
  EXPECT_TRUE(one->asked().empty());
  one->update(0.5);
  create_room("able");
  EXPECT_EQ(one->asked().size(), 1u);
}

TEST_F(JobBoardTest, TheLessLoadedAreAskedMoreOften) {
  auto idle = worker(::livekit::JT_ROOM);
  auto busy = worker(::livekit::JT_ROOM);
  busy->update(0.9);
  for (int i = 0; i < 200; ++i) create_room("room" + std::to_string(i));
  EXPECT_EQ(idle->asked().size() + busy->asked().size(), 200u);
  EXPECT_GT(idle->asked().size(), 150u);
  EXPECT_GT(busy->asked().size(), 2u);
}

TEST_F(JobBoardTest, AnAnswerMayEndTheJob) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("hall");
  WorkerMessage message;
  message.mutable_availability()->set_job_id(one->asked()[0].id());
  message.mutable_availability()->set_terminate(true);
  one->say(message);
  EXPECT_TRUE(one->all(ServerMessage::kAssignment).empty());
  ASSERT_EQ(list("hall")[0].state().jobs_size(), 1);
  EXPECT_EQ(list("hall")[0].state().jobs(0).state().status(), ::livekit::JS_SUCCESS);
}

TEST_F(JobBoardTest, AnUpdateOfItsOwnJobCountsAndNoOther) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("hall");
  auto stranger = worker(::livekit::JT_PUBLISHER);
  const ::livekit::Job job = one->asked()[0];
  one->answer(job, true);
  WorkerMessage update;
  update.mutable_update_job()->set_job_id(job.id());
  update.mutable_update_job()->set_status(::livekit::JS_FAILED);
  update.mutable_update_job()->set_error("tired");
  stranger->say(update);
  EXPECT_EQ(list("hall")[0].state().jobs(0).state().status(), ::livekit::JS_RUNNING);
  one->say(update);
  const ::livekit::JobState state = list("hall")[0].state().jobs(0).state();
  EXPECT_EQ(state.status(), ::livekit::JS_FAILED);
  EXPECT_EQ(state.error(), "tired");
  EXPECT_GT(state.ended_at(), 0);
}

TEST_F(JobBoardTest, AJobGoesAlongToTheWorkersNextConnection) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("hall");
  const ::livekit::Job job = one->asked()[0];
  one->answer(job, true);
  one.reset();
  auto again = worker(::livekit::JT_ROOM);
  WorkerMessage migrate;
  migrate.mutable_migrate_job()->add_job_ids(job.id());
  migrate.mutable_migrate_job()->add_job_ids("AJ_none");
  again->say(migrate);
  timers_.advance(1min);
  const ::livekit::JobState state = list("hall")[0].state().jobs(0).state();
  EXPECT_EQ(state.status(), ::livekit::JS_RUNNING);
  EXPECT_EQ(state.worker_id(), again->worker->id());
}

TEST_F(JobBoardTest, AJobWithoutWorkerAndAgentFailsAfterAWhile) {
  auto one = worker(::livekit::JT_ROOM);
  create_room("hall");
  one->answer(one->asked()[0], true);
  one.reset();
  timers_.advance(29s);
  EXPECT_EQ(list("hall")[0].state().jobs(0).state().status(), ::livekit::JS_RUNNING);
  timers_.advance(1s);
  EXPECT_EQ(list("hall")[0].state().jobs(0).state().error(), "agent worker disconnected");
}

TEST_F(JobBoardTest, AWorkerSimulatesJobsForItself) {
  auto one = worker(::livekit::JT_PARTICIPANT, "scribe");
  WorkerMessage message;
  message.mutable_simulate_job()->mutable_room()->set_name("nowhere");
  one->say(message);
  ASSERT_EQ(one->asked().size(), 1u);
  EXPECT_EQ(one->asked()[0].type(), ::livekit::JT_ROOM);
  EXPECT_EQ(one->asked()[0].agent_name(), "scribe");
  one->answer(one->asked()[0], true);
  EXPECT_EQ(claims_.grants.video->room, "nowhere");
  message.mutable_simulate_job()->mutable_participant()->set_identity("bob");
  for (int i = 0; i < 200; ++i) one->say(message);
  EXPECT_EQ(one->asked().back().type(), ::livekit::JT_PUBLISHER);
  EXPECT_EQ(one->asked().size(), 100u);
  message.mutable_simulate_job()->clear_room();
  one->say(message);
  EXPECT_EQ(one->closed, 0);
}

}  // namespace
}  // namespace gstlk::agent
