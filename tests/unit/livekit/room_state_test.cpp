// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/room_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gstlk::livekit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

::livekit::ParticipantInfo participant(const std::string& identity, const std::string& sid,
                                       std::vector<std::string> tracks = {}, uint32_t version = 1) {
  ::livekit::ParticipantInfo info;
  info.set_identity(identity);
  info.set_sid(sid);
  info.set_version(version);
  info.set_state(::livekit::ParticipantInfo::ACTIVE);
  for (const std::string& track : tracks) info.add_tracks()->set_sid(track);
  return info;
}

::livekit::JoinResponse join_with(std::vector<::livekit::ParticipantInfo> others) {
  ::livekit::JoinResponse join;
  *join.mutable_participant() = participant("me", "PA_me");
  for (const auto& other : others) *join.add_other_participants() = other;
  return join;
}

::livekit::ParticipantUpdate update_of(const ::livekit::ParticipantInfo& info) {
  ::livekit::ParticipantUpdate update;
  *update.add_participants() = info;
  return update;
}

// "kind identity track"
std::vector<std::string> words(const std::vector<RoomChange>& changes) {
  std::vector<std::string> result;
  for (const RoomChange& change : changes)
    result.push_back(std::string(to_string(change.kind)) + " " + change.participant.identity() +
                     (change.track.sid().empty() ? "" : " " + change.track.sid()));
  return result;
}

TEST(RoomState, TellsWhoIsThereAtTheJoin) {
  RoomState state;
  EXPECT_THAT(words(state.join(join_with({participant("ann", "PA_1", {"TR_1"})}))),
              ElementsAre("participant-joined ann", "track-published ann TR_1"));
  EXPECT_EQ(state.participants().size(), 1u);
}

TEST(RoomState, TellsNothingOfThoseWhoStayedWhenWeComeBack) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1"}), participant("bob", "PA_2")}));
  EXPECT_THAT(words(state.join(join_with({participant("ann", "PA_1", {"TR_1"})}))),
              ElementsAre("participant-left bob"));
}

TEST(RoomState, ReplacesTheTracksOfSomebodyWhoCameBackWithAnotherSid) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1"})}));
  EXPECT_THAT(words(state.update(update_of(participant("ann", "PA_9", {"TR_9"})))),
              ElementsAre("participant-updated ann", "track-unpublished ann TR_1",
                          "track-published ann TR_9"));
}

TEST(RoomState, IgnoresTheEndOfASessionThatWasReplaced) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1")}));
  state.update(update_of(participant("ann", "PA_9")));
  auto gone = participant("ann", "PA_1");
  gone.set_state(::livekit::ParticipantInfo::DISCONNECTED);
  EXPECT_THAT(state.update(update_of(gone)), IsEmpty());
  EXPECT_EQ(state.participants().count("ann"), 1u);
}

TEST(RoomState, IgnoresAnOlderVersion) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1"}, 5)}));
  EXPECT_THAT(state.update(update_of(participant("ann", "PA_1", {}, 4))), IsEmpty());
  EXPECT_THAT(words(state.update(update_of(participant("ann", "PA_1", {}, 6)))),
              ElementsAre("track-unpublished ann TR_1"));
}

TEST(RoomState, TellsOfAMuteOnce) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1"}, 1)}));
  auto muted = participant("ann", "PA_1", {"TR_1"}, 2);
  muted.mutable_tracks(0)->set_muted(true);
  EXPECT_THAT(words(state.update(update_of(muted))), ElementsAre("track-updated ann TR_1"));
  EXPECT_THAT(state.update(update_of(muted)), IsEmpty());
}

TEST(RoomState, KeepsItselfApartFromTheOthers) {
  RoomState state;
  state.join(join_with({}));
  auto self = participant("me", "PA_me", {"TR_mine"});
  EXPECT_THAT(state.update(update_of(self)), IsEmpty());
  EXPECT_EQ(state.self().tracks_size(), 1);
  EXPECT_EQ(state.participant_by_sid("PA_me")->identity(), "me");
}

TEST(RoomState, FindsTheTrackAndItsPublisher) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1"})}));
  const ::livekit::ParticipantInfo* publisher = nullptr;
  ASSERT_NE(state.track("TR_1", &publisher), nullptr);
  EXPECT_EQ(publisher->identity(), "ann");
  EXPECT_EQ(state.track("TR_2"), nullptr);
}

TEST(RoomState, FindsTracksAsTheyComeAndGo) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1", "TR_2"}), participant("bo", "PA_2")}));
  state.update(update_of(participant("ann", "PA_1", {"TR_2", "TR_3"}, 2)));
  EXPECT_EQ(state.track("TR_1"), nullptr);
  EXPECT_NE(state.track("TR_2"), nullptr);
  EXPECT_NE(state.track("TR_3"), nullptr);
  state.update(update_of(participant("bo", "PA_2", {"TR_4"}, 2)));
  state.join(join_with({participant("bo", "PA_3", {"TR_5"})}));
  EXPECT_EQ(state.track("TR_2"), nullptr);
  EXPECT_EQ(state.track("TR_4"), nullptr);
  const ::livekit::ParticipantInfo* publisher = nullptr;
  ASSERT_NE(state.track("TR_5", &publisher), nullptr);
  EXPECT_EQ(publisher->sid(), "PA_3");
  state.clear();
  EXPECT_EQ(state.track("TR_5"), nullptr);
}

TEST(RoomState, TellsWhySomebodyLeft) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1"})}));
  auto gone = participant("ann", "PA_1");
  gone.set_state(::livekit::ParticipantInfo::DISCONNECTED);
  gone.set_disconnect_reason(::livekit::PARTICIPANT_REMOVED);
  const auto changes = state.update(update_of(gone));
  EXPECT_THAT(words(changes), ElementsAre("track-unpublished ann TR_1", "participant-left ann"));
  for (const RoomChange& change : changes)
    EXPECT_EQ(change.participant.disconnect_reason(), ::livekit::PARTICIPANT_REMOVED);
}

TEST(RoomState, EndsWithEverybodyLeaving) {
  RoomState state;
  state.join(join_with({participant("ann", "PA_1", {"TR_1"})}));
  EXPECT_THAT(words(state.clear()),
              ElementsAre("track-unpublished ann TR_1", "participant-left ann"));
}

}  // namespace
}  // namespace gstlk::livekit
