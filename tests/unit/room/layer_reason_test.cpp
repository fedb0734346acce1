// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/layer_reason.h"

#include <gtest/gtest.h>

#include <vector>

namespace gstlk::room {
namespace {

class LayerReasonTest : public testing::Test {
 protected:
  LayerReasonTest() {
    track_.set_type(::livekit::VIDEO);
    for (int i = 0; i < 3; ++i) {
      ::livekit::VideoLayer& layer = *track_.add_layers();
      layer.set_quality(static_cast<::livekit::VideoQuality>(i));
      layer.set_spatial_layer(i);
      layer.set_height(180u << i);
      layer.set_width(320u << i);
    }
    settings_.set_quality(::livekit::HIGH);
  }
  LayerReason reason() const { return layer_reason(question_, settings_, track_, layers_); }
  void forward(int spatial) { question_.forwarded = {spatial, 2, spatial}; }

  LayerQuestion question_{.bound = true, .affordable = {}, .forwarded = {2, 2, 2}};
  ::livekit::UpdateTrackSettings settings_;
  ::livekit::TrackInfo track_;
  std::vector<LayerReport> layers_{{.alive = true}, {.alive = true}, {.alive = true}};
};

TEST_F(LayerReasonTest, WhatWasAskedForIsRequested) {
  EXPECT_EQ(reason(), LayerReason::Requested);
  settings_.set_quality(::livekit::LOW);
  forward(0);
  EXPECT_EQ(reason(), LayerReason::Requested);
  settings_.set_width(640);
  settings_.set_height(360);
  forward(1);
  EXPECT_EQ(reason(), LayerReason::Requested);
}

TEST_F(LayerReasonTest, EachCodecHasItsOwnLayers) {
  track_.add_codecs()->set_mime_type("video/vp9");
  ::livekit::SimulcastCodecInfo& backup = *track_.add_codecs();
  backup.set_mime_type("video/vp8");
  backup.add_layers()->set_quality(::livekit::HIGH);
  question_.codec = "vp8";
  layers_.resize(2);
  forward(0);
  EXPECT_EQ(reason(), LayerReason::Requested);
  question_.codec = "vp9";
  EXPECT_EQ(reason(), LayerReason::NotSent);
}

TEST_F(LayerReasonTest, ALayerThatThePublisherDoesNotSendCannotBeForwarded) {
  layers_[2].alive = false;
  forward(1);
  EXPECT_EQ(reason(), LayerReason::NotSent);
  // The lowest is away, and so the next one up is forwarded.
  settings_.set_quality(::livekit::LOW);
  layers_[0].alive = false;
  EXPECT_EQ(reason(), LayerReason::NotSent);
}

TEST_F(LayerReasonTest, ALimitedBandwidthHoldsLayersBack) {
  question_.affordable = 0;
  forward(0);
  EXPECT_EQ(reason(), LayerReason::Bandwidth);
  question_.affordable = 2;
  forward(2);
  EXPECT_EQ(reason(), LayerReason::Requested);
}

TEST_F(LayerReasonTest, TheNextLayerBeginsWithAKeyframe) {
  question_.forwarded = {0, 2, 2};
  EXPECT_EQ(reason(), LayerReason::AwaitingKeyframe);
  question_.forwarded = {};
  EXPECT_EQ(reason(), LayerReason::AwaitingKeyframe);
}

TEST_F(LayerReasonTest, WithoutPacketsThereIsNothing) {
  for (LayerReport& layer : layers_) layer.alive = false;
  EXPECT_EQ(reason(), LayerReason::NothingReceived);
  layers_.clear();
  EXPECT_EQ(reason(), LayerReason::NothingReceived);
}

TEST_F(LayerReasonTest, WhoSaidNoComesFirst) {
  layers_.clear();
  track_.set_muted(true);
  EXPECT_EQ(reason(), LayerReason::Muted);
  settings_.set_disabled(true);
  EXPECT_EQ(reason(), LayerReason::Paused);
  question_.bound = false;
  EXPECT_EQ(reason(), LayerReason::NotNegotiated);
}

TEST_F(LayerReasonTest, AudioAndPlainVideoHaveOneLayer) {
  layers_.resize(1);
  forward(0);
  EXPECT_EQ(reason(), LayerReason::OnlyLayer);
  track_.set_type(::livekit::AUDIO);
  layers_.clear();
  EXPECT_EQ(reason(), LayerReason::OnlyLayer);
  EXPECT_STREQ(words_of(LayerReason::OnlyLayer), "only layer");
  EXPECT_STREQ(words_of(LayerReason::NotNegotiated), "not negotiated");
}

}  // namespace
}  // namespace gstlk::room
