// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit_rtc.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

// What a publisher says of its tracks after they are there, and what it is asked for.
class PublicationsTest : public RoomFixture {
 protected:
  ::livekit::TrackInfo seen_by_bob() {
    const auto update = bob_.link->last(Response::kUpdate).update();
    return update.participants(0).tracks(0);
  }

  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
};

TEST_F(PublicationsTest, AudioFeaturesAreTheLastThatWereSaid) {
  const TrackId sid = publish_microphone(alice_);
  ::livekit::UpdateLocalAudioTrack update;
  update.set_track_sid(sid.value);
  for (const auto feature : {::livekit::TF_STEREO, ::livekit::TF_NO_DTX, ::livekit::TF_STEREO})
    update.add_features(feature);
  alice_->publications().handle_update_audio(update);
  EXPECT_EQ(seen_by_bob().audio_features_size(), 2);
  EXPECT_TRUE(seen_by_bob().stereo());
  EXPECT_TRUE(seen_by_bob().disable_dtx());
  update.clear_features();
  alice_->publications().handle_update_audio(update);
  EXPECT_EQ(seen_by_bob().audio_features_size(), 0);
  EXPECT_FALSE(seen_by_bob().stereo());
}

TEST_F(PublicationsTest, WhatEverybodyWouldBeToldOfATrackHasALimit) {
  ::livekit::AddTrackRequest request;
  request.set_cid("mic");
  request.set_type(::livekit::AUDIO);
  request.set_source(::livekit::MICROPHONE);
  request.set_name(std::string(20'000, 'x'));
  alice_->publications().handle_add_track(request);
  EXPECT_EQ(alice_.link->last(Response::kRequestResponse).request_response().reason(),
            ::livekit::RequestResponse::LIMIT_EXCEEDED);
  request.set_name(std::string(10'000, 'x'));
  alice_->publications().handle_add_track(request);
  EXPECT_EQ(seen_by_bob().name(), request.name());
}

TEST_F(PublicationsTest, ATrackThatWaitsForTheIdOfABackupCodecComesWhenThatIsFree) {
  alice_.media->sends_at_once = false;
  ::livekit::AddTrackRequest camera;
  camera.set_cid("camera");
  camera.set_type(::livekit::VIDEO);
  camera.set_source(::livekit::CAMERA);
  for (const char* cid : {"camera", "backup"}) camera.add_simulcast_codecs()->set_cid(cid);
  camera.mutable_simulcast_codecs(0)->set_codec("vp9");
  camera.mutable_simulcast_codecs(1)->set_codec("vp8");
  alice_->publications().handle_add_track(camera);
  publish(alice_, "backup", ::livekit::VIDEO, ::livekit::SCREEN_SHARE);
  publish(alice_, "camera", ::livekit::VIDEO, ::livekit::CAMERA);
  EXPECT_EQ(alice_.link->last(Response::kRequestResponse).request_response().reason(),
            ::livekit::RequestResponse::QUEUED);
  EXPECT_EQ(alice_.link->all(Response::kTrackPublished).size(), 1u);
  timers_.advance(31s);  // the first one is never offered
  const auto told = alice_.link->all(Response::kTrackPublished);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].track_published().cid(), "backup");
  EXPECT_EQ(told[2].track_published().cid(), "camera");
}

TEST_F(PublicationsTest, TracksWithoutAnIdDoNotWaitForOthers) {
  alice_.media->sends_at_once = false;
  publish_camera(alice_);
  publish(alice_, "", ::livekit::AUDIO, ::livekit::MICROPHONE);
  EXPECT_EQ(alice_.link->all(Response::kTrackPublished).size(), 2u);
  EXPECT_TRUE(alice_.link->all(Response::kRequestResponse).empty());
}

TEST_F(PublicationsTest, AVideoMayChangeItsSize) {
  const TrackId sid = publish_camera(alice_);
  ::livekit::UpdateLocalVideoTrack update;
  update.set_track_sid(sid.value);
  update.set_width(640);
  update.set_height(360);
  alice_->publications().handle_update_video(update);
  EXPECT_EQ(seen_by_bob().width(), 640u);
  EXPECT_EQ(seen_by_bob().height(), 360u);
}

TEST_F(PublicationsTest, WhatIsNotThereOrOfTheOtherKindIsNotFound) {
  const TrackId camera = publish_camera(alice_);
  const TrackId microphone = publish_microphone(alice_);
  ::livekit::UpdateLocalAudioTrack audio;
  audio.set_track_sid(camera.value);
  alice_->publications().handle_update_audio(audio);
  const auto first = alice_.link->last(Response::kRequestResponse).request_response();
  EXPECT_EQ(first.reason(), ::livekit::RequestResponse::NOT_FOUND);
  EXPECT_TRUE(first.has_update_audio_track());
  ::livekit::UpdateLocalVideoTrack video;
  video.set_track_sid(microphone.value);
  alice_->publications().handle_update_video(video);
  const auto second = alice_.link->last(Response::kRequestResponse).request_response();
  EXPECT_EQ(second.reason(), ::livekit::RequestResponse::NOT_FOUND);
  EXPECT_TRUE(second.has_update_video_track());
}

TEST_F(PublicationsTest, ACodecOfAudioThatSomebodyNeedsIsAskedForOnce) {
  const TrackId sid = publish_microphone(alice_);
  ::livekit::TrackInfo& info = alice_->publications().find(sid)->mutable_info();
  info.clear_codecs();
  for (const char* mime : {"audio/red", "audio/opus"}) {
    ::livekit::SimulcastCodecInfo& codec = *info.add_codecs();
    codec.set_mime_type(mime);
  }
  info.mutable_codecs(0)->set_mid("0");
  bob_->on_downstream_refused(sid);
  timers_.advance(100ms);
  const auto asked = alice_.link->all(Response::kSubscribedAudioCodecUpdate);
  ASSERT_EQ(asked.size(), 1u);
  const auto update = asked[0].subscribed_audio_codec_update();
  EXPECT_EQ(update.track_sid(), sid.value);
  ASSERT_EQ(update.subscribed_audio_codecs_size(), 2);
  EXPECT_TRUE(update.subscribed_audio_codecs(0).enabled());
  EXPECT_EQ(update.subscribed_audio_codecs(1).codec(), "opus");
  EXPECT_TRUE(update.subscribed_audio_codecs(1).enabled());
  Guest carol = join("carol");
  carol->on_downstream_refused(sid);
  EXPECT_EQ(alice_.link->all(Response::kSubscribedAudioCodecUpdate).size(), 1u);
}

// livekit-client forgets what it is told of a track before it has applied the answer to its offer.
TEST_F(PublicationsTest, WhatIsWantedOfATrackIsToldWhenItsMediaIsThere) {
  alice_.media->sends_at_once = false;
  const TrackId sid = publish_camera(alice_);
  media_->silent = {sid};
  alice_->on_upstream_tracks(
      {{.cid = "camera", .mid = Mid("1"), .kind = TrackKind::Video, .codecs = {"VP8"}}});
  bob_->on_downstream_bound(sid, "VP8");
  timers_.advance(1s);
  EXPECT_TRUE(alice_.link->all(Response::kSubscribedQualityUpdate).empty());
  EXPECT_TRUE(alice_.link->all(Response::kTrackSubscribed).empty());
  media_->silent.clear();
  timers_.advance(100ms);
  const auto told = alice_.link->all(Response::kSubscribedQualityUpdate);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].subscribed_quality_update().subscribed_qualities(2).enabled());
  EXPECT_EQ(alice_.link->all(Response::kTrackSubscribed).size(), 1u);
  timers_.advance(10s);
  EXPECT_EQ(alice_.link->all(Response::kSubscribedQualityUpdate).size(), 1u);
}

TEST_F(PublicationsTest, WhatIsWantedOfASilentTrackIsToldAfterTwoSeconds) {
  const TrackId sid = publish_camera(alice_);
  media_->silent = {sid};
  bob_->on_downstream_bound(sid, "VP8");
  timers_.advance(1900ms);
  EXPECT_TRUE(alice_.link->all(Response::kSubscribedQualityUpdate).empty());
  timers_.advance(100ms);
  EXPECT_EQ(alice_.link->all(Response::kSubscribedQualityUpdate).size(), 1u);
  EXPECT_EQ(alice_.link->all(Response::kTrackSubscribed).size(), 1u);
}

}  // namespace
}  // namespace gstlk::room
