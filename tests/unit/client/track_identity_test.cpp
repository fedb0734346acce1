// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_identity.h"

#include <gtest/gtest.h>

namespace gstlk::client {
namespace {

::livekit::ParticipantInfo participant(const char* identity) {
  ::livekit::ParticipantInfo info;
  info.set_identity(identity);
  return info;
}

::livekit::TrackInfo camera(const char* sid, const char* name = "camera") {
  ::livekit::TrackInfo track;
  track.set_sid(sid);
  track.set_name(name);
  track.set_type(::livekit::VIDEO);
  track.set_source(::livekit::CAMERA);
  return track;
}

TEST(TrackIdentityTest, NamesParticipantSourceAndTrack) {
  TrackIdentities identities;
  const TrackIdentity track = identities.of(participant("ada"), camera("TR_1", "door"));
  EXPECT_EQ(to_string(track), "ada/CAMERA/door");
  EXPECT_EQ(track.kind, MediaKind::Video);
}

TEST(TrackIdentityTest, TwinsAreDifferentAndStaySo) {
  TrackIdentities identities;
  const auto ada = participant("ada");
  const TrackIdentity first = identities.of(ada, camera("TR_1"));
  const TrackIdentity second = identities.of(ada, camera("TR_2"));
  EXPECT_NE(first, second);
  EXPECT_EQ(to_string(second), "ada/CAMERA/camera/1");
  identities.forget("TR_1");
  EXPECT_EQ(identities.of(ada, camera("TR_2")), second);
}

TEST(TrackIdentityTest, ATrackThatComesBackHasTheNameOfTheOneThatWent) {
  TrackIdentities identities;
  const auto ada = participant("ada");
  const TrackIdentity first = identities.of(ada, camera("TR_1"));
  (void)identities.of(ada, camera("TR_2"));
  identities.forget("TR_1");
  EXPECT_EQ(identities.of(ada, camera("TR_3")), first);
}

TEST(TrackIdentityTest, WhoComesBackBeforeTheOldSessionIsForgottenHasTheSameTracks) {
  TrackIdentities identities;
  auto ada = participant("ada");
  ada.set_sid("PA_1");
  const TrackIdentity before = identities.of(ada, camera("TR_1"));
  ada.set_sid("PA_2");
  EXPECT_EQ(identities.of(ada, camera("TR_2")), before);
  EXPECT_EQ(identities.of(ada, camera("TR_3")).twin, 1u);
  identities.forget("TR_1");
  EXPECT_EQ(identities.of(ada, camera("TR_2")), before);
}

TEST(TrackIdentityTest, TracksOfOthersAndOfOtherNamesAreNoTwins) {
  TrackIdentities identities;
  (void)identities.of(participant("ada"), camera("TR_1"));
  EXPECT_EQ(identities.of(participant("bob"), camera("TR_2")).twin, 0u);
  EXPECT_EQ(identities.of(participant("ada"), camera("TR_3", "desk")).twin, 0u);
}

}  // namespace
}  // namespace gstlk::client
