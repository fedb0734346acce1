// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/room_tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gstlk::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Timestamp kStart{100s};

struct RoomTilesTest : testing::Test {
  ::livekit::ParticipantInfo& add(const std::string& identity) {
    ::livekit::ParticipantInfo& who = *join.add_other_participants();
    who.set_identity(identity);
    who.set_sid("PA_" + identity);
    who.set_state(::livekit::ParticipantInfo::ACTIVE);
    who.set_joined_at(join.other_participants_size());
    return who;
  }
  static ::livekit::TrackInfo& add_track(::livekit::ParticipantInfo& who, const std::string& sid,
                                         ::livekit::TrackSource source,
                                         ::livekit::TrackType type = ::livekit::VIDEO) {
    ::livekit::TrackInfo& track = *who.add_tracks();
    track.set_sid(sid);
    track.set_source(source);
    track.set_type(type);
    return track;
  }
  // "id name track"
  std::vector<std::string> words(Timestamp now = kStart) {
    livekit::RoomState room;
    room.join(join);
    std::vector<std::string> result;
    for (const RoomTile& tile : tiles.tiles(room, now))
      result.push_back(tile.layout.id + " " + tile.name +
                       (tile.track_sid.empty() ? "" : " " + tile.track_sid));
    return result;
  }
  RoomTile only(Timestamp now = kStart) {
    livekit::RoomState room;
    room.join(join);
    const auto all = tiles.tiles(room, now);
    return all.size() == 1 ? all.front() : RoomTile{};
  }
  void speak(const std::string& identity, bool active, Timestamp now) {
    livekit::RoomState room;
    room.join(join);
    ::livekit::SpeakersChanged changed;
    auto* speaker = changed.add_speakers();
    speaker->set_sid("PA_" + identity);
    speaker->set_active(active);
    tiles.handle_speakers(changed, room, now);
  }

  ::livekit::JoinResponse join;
  RoomTiles tiles;
};

TEST_F(RoomTilesTest, EverybodyHasATileWithACameraOrWithout) {
  add_track(add("ann"), "TR_1", ::livekit::CAMERA);
  add("bob").set_name("Bob B.");
  add_track(add("cid"), "TR_2", ::livekit::MICROPHONE, ::livekit::AUDIO);
  EXPECT_THAT(words(), ElementsAre("ann ann TR_1", "bob Bob B.", "cid cid"));
}

TEST_F(RoomTilesTest, AScreenIsATileOfItsOwn) {
  auto& ann = add("ann");
  add_track(ann, "TR_1", ::livekit::SCREEN_SHARE);
  add_track(ann, "TR_2", ::livekit::CAMERA);
  EXPECT_THAT(words(), ElementsAre("ann ann TR_2", "TR_1 ann (screen) TR_1"));
}

TEST_F(RoomTilesTest, AVideoThatDoesNotSayWhatItIsStandsForTheCamera) {
  auto& ann = add("ann");
  add_track(ann, "TR_1", ::livekit::UNKNOWN);
  EXPECT_THAT(words(), ElementsAre("ann ann TR_1"));
  add_track(ann, "TR_2", ::livekit::UNKNOWN).set_name("rear");
  EXPECT_THAT(words(), ElementsAre("ann ann TR_1", "TR_2 ann (rear) TR_2"));
}

TEST_F(RoomTilesTest, WhoMayNotPublishHasNone) {
  add("viewer").mutable_permission()->set_can_publish(false);
  EXPECT_THAT(words(), IsEmpty());
}

TEST_F(RoomTilesTest, ExcludeCountsMoreThanInclude) {
  for (const char* identity : {"door-front", "door-back", "garden"}) add(identity);
  tiles.set_selection({.include = {"door-*"}, .exclude = {}});
  EXPECT_THAT(words(), ElementsAre("door-back door-back", "door-front door-front"));
  tiles.set_selection({.include = {"door-*"}, .exclude = {"*-back"}});
  EXPECT_THAT(words(), ElementsAre("door-front door-front"));
  tiles.set_selection({.include = {}, .exclude = {"door-*"}});
  EXPECT_THAT(words(), ElementsAre("garden garden"));
}

TEST_F(RoomTilesTest, TellsWhatTheArrangerNeedsToKnow) {
  auto& ann = add("ann");
  ann.set_joined_at(7);
  auto& camera = add_track(ann, "TR_1", ::livekit::CAMERA);
  camera.set_width(720);
  camera.set_height(1280);
  camera.set_muted(true);
  const LayoutTile tile = only().layout;
  EXPECT_EQ(tile.joined_order, 7000u);
  EXPECT_DOUBLE_EQ(tile.aspect, 0.5625);
  EXPECT_TRUE(tile.has_video);
  EXPECT_TRUE(tile.muted);
}

TEST_F(RoomTilesTest, RemembersWhoSpoke) {
  add("ann");
  EXPECT_FALSE(only().layout.last_spoke);
  speak("ann", true, kStart);
  speak("ann", true, kStart + 1s);
  EXPECT_EQ(only(kStart + 2s).layout.speaking_since, kStart);
  EXPECT_EQ(only(kStart + 2s).layout.last_spoke, kStart + 2s);
  speak("ann", false, kStart + 3s);
  EXPECT_FALSE(only(kStart + 9s).layout.speaking_since);
  EXPECT_EQ(only(kStart + 9s).layout.last_spoke, kStart + 3s);
  tiles.forget_speakers();
  EXPECT_FALSE(only().layout.last_spoke);
}

TEST_F(RoomTilesTest, ForgetsWhoSpokeAndHasLeft) {
  add("a");
  speak("a", true, kStart);
  ASSERT_TRUE(only().layout.last_spoke);
  join.clear_other_participants();
  add("b");
  speak("b", true, kStart + 1s);
  join.clear_other_participants();
  add("a");
  EXPECT_FALSE(only(kStart + 2s).layout.last_spoke);
}

TEST_F(RoomTilesTest, OfAnEncryptedVideoThereIsNothingToSee) {
  auto& camera = add_track(add("a"), "TR_v", ::livekit::CAMERA);
  camera.set_encryption(::livekit::Encryption::GCM);
  const RoomTile tile = only();
  EXPECT_EQ(tile.track_sid, "TR_v");
  EXPECT_FALSE(tile.layout.has_video);
}

}  // namespace
}  // namespace gstlk::client
