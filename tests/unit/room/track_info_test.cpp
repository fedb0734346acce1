// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/track_info.h"

#include <gtest/gtest.h>

#include <array>

#include "room/layer_choice.h"

namespace gstlk::room {
namespace {

const TrackId kSid("TR_VCx");

::livekit::AddTrackRequest camera() {
  ::livekit::AddTrackRequest request;
  request.set_cid("camera");
  request.set_type(::livekit::VIDEO);
  request.set_source(::livekit::CAMERA);
  request.add_simulcast_codecs()->set_codec("vp8");
  request.mutable_simulcast_codecs(0)->set_cid("camera");
  const std::array<std::pair<::livekit::VideoQuality, uint32_t>, 3> layers = {
      {{::livekit::HIGH, 720}, {::livekit::LOW, 180}, {::livekit::MEDIUM, 360}}};
  for (const auto& [quality, height] : layers) {
    ::livekit::VideoLayer& layer = *request.add_layers();
    layer.set_quality(quality);
    layer.set_height(height);
    layer.set_width(height * 16 / 9);
  }
  return request;
}

::livekit::TrackInfo published_camera() {
  auto info = make_track_info(camera(), kSid, Settings().enabled_codecs, 5);
  complete_track_info({.cid = "camera",
                       .sdp_cid = "camera",
                       .mid = Mid("4"),
                       .kind = TrackKind::Video,
                       .rids = {Rid("q"), Rid("h"), Rid("f")},
                       .codecs = {"VP8"}},
                      info);
  return info;
}

SubscriptionSettings settings(uint32_t height, ::livekit::VideoQuality quality) {
  ::livekit::UpdateTrackSettings request;
  request.set_height(height);
  request.set_width(height * 16 / 9);
  request.set_quality(quality);
  return subscription_settings(request, published_camera().layers());
}

TEST(TrackInfo, CopiesTheRequestAndOrdersItsLayers) {
  const auto info = make_track_info(camera(), kSid, Settings().enabled_codecs, 5);
  EXPECT_EQ(info.sid(), "TR_VCx");
  EXPECT_EQ(info.mime_type(), "video/vp8");
  EXPECT_EQ(info.stream(), "camera");
  EXPECT_TRUE(info.simulcast());
  ASSERT_EQ(info.layers_size(), 3);
  EXPECT_EQ(info.layers(0).quality(), ::livekit::LOW);
  EXPECT_EQ(info.layers(2).spatial_layer(), 2);
  EXPECT_EQ(info.version().unix_micro(), 5);
}

TEST(TrackInfo, ACodecThatTheRoomLacksIsReplaced) {
  auto request = camera();
  request.mutable_simulcast_codecs(0)->set_codec("h265");
  const auto info = make_track_info(request, kSid, {{"audio/opus", ""}, {"video/VP8", ""}}, 5);
  EXPECT_EQ(info.codecs(0).mime_type(), "video/vp8");
}

TEST(TrackInfo, TheSessionDescriptionBringsMidAndRids) {
  const auto info = published_camera();
  EXPECT_EQ(info.mid(), "4");
  EXPECT_EQ(info.layers(0).rid(), "q");
  EXPECT_EQ(info.codecs(0).layers(2).rid(), "f");
}

TEST(TrackInfo, NamesOfTheSessionDescriptionAreBounded) {
  auto info = make_track_info(camera(), kSid, Settings().enabled_codecs, 5);
  const std::string longer(10'000, 'x');
  complete_track_info({.cid = "camera", .sdp_cid = longer, .mid = Mid(longer)}, info);
  EXPECT_LT(info.ByteSizeLong(), 2000u);
}

TEST(TrackInfo, EveryCodecWithACidHasAHint) {
  auto request = camera();
  request.add_simulcast_codecs()->set_codec("h264");
  const auto info = make_track_info(request, kSid, Settings().enabled_codecs, 5);
  ASSERT_EQ(hints_of(info, "camera").size(), 1u);
  EXPECT_EQ(hints_of(info, "camera")[0].preferred_codec, "video/vp8");
}

TEST(TrackInfo, SpatialLayersInOneStreamAreNoSimulcast) {
  auto request = camera();
  request.mutable_simulcast_codecs(0)->set_codec("vp9");
  const auto made = [&] {
    auto info = make_track_info(request, kSid, Settings().enabled_codecs, 5);
    complete_track_info({.cid = "camera", .mid = Mid("4"), .codecs = {"VP9"}}, info);
    return info;
  };
  EXPECT_EQ(made().layers_size(), 3);
  EXPECT_EQ(made().codecs(0).video_layer_mode(),
            ::livekit::VideoLayer::MULTIPLE_SPATIAL_LAYERS_PER_STREAM);
  EXPECT_FALSE(made().simulcast());
  // A client that sends VP9 as simulcast says so.
  request.mutable_simulcast_codecs(0)->set_video_layer_mode(
      ::livekit::VideoLayer::ONE_SPATIAL_LAYER_PER_STREAM);
  EXPECT_EQ(made().codecs(0).video_layer_mode(),
            ::livekit::VideoLayer::ONE_SPATIAL_LAYER_PER_STREAM);
  EXPECT_TRUE(made().simulcast());
}

// What livekit-client says of a camera in VP9 with one spatial layer, and then of VP8 beside it.
::livekit::TrackInfo flat_camera(const ::livekit::AddTrackRequest& backup) {
  auto request = camera();
  request.set_width(1280);
  request.set_height(720);
  request.mutable_layers()->DeleteSubrange(1, 2);
  request.mutable_simulcast_codecs(0)->set_codec("vp9");
  request.add_simulcast_codecs()->set_codec("vp8");
  auto info = make_track_info(request, kSid, Settings().enabled_codecs, 5);
  add_backup_codecs(backup, Settings().enabled_codecs, info);
  complete_track_info({.cid = "backup",
                       .sdp_cid = "backup",
                       .mid = Mid("5"),
                       .kind = TrackKind::Video,
                       .rids = {Rid("q"), Rid("h"), Rid("f")},
                       .codecs = {"VP8"}},
                      info);
  return info;
}

::livekit::AddTrackRequest backup() {
  ::livekit::AddTrackRequest request;
  request.set_type(::livekit::VIDEO);
  request.add_simulcast_codecs()->set_codec("vp8");
  request.mutable_simulcast_codecs(0)->set_cid("backup");
  return request;
}

TEST(TrackInfo, ABackupCodecHasLayersOfItsOwn) {
  auto request = backup();
  *request.mutable_simulcast_codecs(0)->mutable_layers() = camera().layers();
  const auto info = flat_camera(request);
  EXPECT_EQ(layers_of(info, "vp9").size(), 1);
  EXPECT_EQ(layers_of(info, "av1").size(), 1);
  ASSERT_EQ(layers_of(info, "vp8").size(), 3);
  EXPECT_EQ(layers_of(info, "vp8")[1].height(), 360u);
  EXPECT_EQ(layers_of(info, "vp8")[1].rid(), "h");
  EXPECT_EQ(info.layers_size(), 1);
}

// livekit-client before 2.23.
TEST(TrackInfo, LayersOfABackupCodecThatHaveNoSizesHalveTheTracks) {
  auto request = backup();
  for (const auto quality : {::livekit::LOW, ::livekit::MEDIUM, ::livekit::HIGH})
    request.add_layers()->set_quality(quality);
  const auto info = flat_camera(request);
  const auto& layers = layers_of(info, "vp8");
  ASSERT_EQ(layers.size(), 3);
  EXPECT_EQ(layers[0].height(), 180u);
  EXPECT_EQ(layers[1].width(), 640u);
  EXPECT_EQ(layers[2].height(), 720u);
}

TEST(TrackInfo, OfMoreEncodingsThanWereDescribedTheBestAre) {
  const auto info = flat_camera(backup());
  const auto& layers = layers_of(info, "vp8");
  ASSERT_EQ(layers.size(), 1);
  EXPECT_EQ(layers[0].rid(), "f");
  EXPECT_EQ(spatial_layer_of(::livekit::HIGH, layers), 2);
  EXPECT_EQ(spatial_layer_of(::livekit::LOW, layers), 2);
}

TEST(TrackInfo, ABackupCodecThatIsNotEnabledIsReplacedUnlessTheTrackHasThatAlready) {
  auto first = camera();
  first.mutable_simulcast_codecs(0)->set_codec("vp9");
  auto request = backup();
  request.mutable_simulcast_codecs(0)->set_codec("h264");
  const std::vector<EnabledCodec> enabled = {{"video/VP8", ""}, {"video/VP9", ""}};
  auto info = make_track_info(first, kSid, enabled, 5);
  add_backup_codecs(request, enabled, info);
  ASSERT_EQ(info.codecs_size(), 2);
  EXPECT_EQ(info.codecs(1).mime_type(), "video/vp8");
  EXPECT_EQ(info.codecs(1).cid(), "backup");
  info = published_camera();
  add_backup_codecs(request, enabled, info);
  ASSERT_EQ(info.codecs_size(), 1);
  EXPECT_EQ(info.codecs(0).cid(), "camera");
}

TEST(TrackInfo, FeaturesAreKeptOnceEach) {
  ::livekit::AddTrackRequest request;
  request.set_type(::livekit::AUDIO);
  request.set_stereo(true);
  for (int i = 0; i < 1000; ++i) {
    request.add_audio_features(::livekit::TF_STEREO);
    request.add_packet_trailer_features(::livekit::PTF_FRAME_ID);
  }
  const auto info = make_track_info(request, kSid, Settings().enabled_codecs, 5);
  EXPECT_EQ(info.audio_features_size(), 1);
  EXPECT_EQ(info.packet_trailer_features_size(), 1);
}

TEST(LayerChoice, TheSmallestLayerThatCoversTheSize) {
  EXPECT_EQ(settings(180, ::livekit::HIGH).max_spatial, 0);
  EXPECT_EQ(settings(190, ::livekit::HIGH).max_spatial, 0);
  EXPECT_EQ(settings(300, ::livekit::HIGH).max_spatial, 1);
  EXPECT_EQ(settings(2000, ::livekit::LOW).max_spatial, 2);
}

TEST(LayerChoice, WithoutASizeTheQualityDecides) {
  EXPECT_EQ(settings(0, ::livekit::LOW).max_spatial, 0);
  EXPECT_EQ(settings(0, ::livekit::MEDIUM).max_spatial, 1);
}

TEST(LayerChoice, DisabledPausesAndFpsCapsTemporalLayers) {
  ::livekit::UpdateTrackSettings request;
  request.set_quality(::livekit::HIGH);
  request.set_fps(15);
  EXPECT_EQ(subscription_settings(request, published_camera().layers()).max_temporal, 1);
  request.set_disabled(true);
  EXPECT_TRUE(subscription_settings(request, published_camera().layers()).paused);
  EXPECT_EQ(wanted_quality(request, published_camera().layers()), ::livekit::OFF);
}

TEST(LayerChoice, TheConfigurationSaysWhatThePublisherDoesNot) {
  const LayerDefaults defaults = {{{200'000, 15}, {800'000, 20}, {2'500'000, 30}}};
  auto track = published_camera();
  ::livekit::UpdateTrackSettings request;
  request.set_quality(::livekit::LOW);
  request.set_fps(15);
  EXPECT_EQ(subscription_settings(request, track.layers(), defaults).max_temporal, 3);
  EXPECT_EQ(subscription_settings(request, track.layers()).max_temporal, 1);
  request.set_fps(0);
  EXPECT_EQ(subscription_settings(request, track.layers(), defaults).max_temporal, 3);
  request.set_quality(::livekit::HIGH);
  track.mutable_layers(1)->set_bitrate(500'000);
  EXPECT_EQ(layer_costs(request, track.layers(), defaults),
            (std::vector<uint64_t>{200'000, 500'000, 2'500'000}));
}

}  // namespace
}  // namespace gstlk::room
