// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room_fixture.h"

namespace gstlk::room {
namespace {

// How often each step was told.
struct Steps : RoomListener {
  void on_subscription(const SubscriptionEvent& event) override { ++times[event.step]; }
  std::map<SubscriptionEvent::Step, int> times;
};

class BackupCodecTest : public RoomFixture {
 protected:
  using Step = SubscriptionEvent::Step;
  static inline const std::vector<Rid> kSizes = {Rid("q"), Rid("h")};

  explicit BackupCodecTest(Settings settings = {}) : RoomFixture(std::move(settings)) {
    registry_.add_listener(steps_);
  }

  // VP9 in one spatial layer with VP8 announced beside it.
  TrackId publish_vp9(::livekit::BackupCodecPolicy policy = ::livekit::SIMULCAST) {
    ::livekit::AddTrackRequest request;
    request.set_cid("nine");
    request.set_type(::livekit::VIDEO);
    request.set_source(::livekit::CAMERA);
    request.set_backup_codec_policy(policy);
    request.add_simulcast_codecs()->set_codec("vp9");
    request.mutable_simulcast_codecs(0)->set_cid("nine");
    request.add_simulcast_codecs()->set_codec("vp8");
    add_layer(request, ::livekit::HIGH, 360);
    alice_->publications().handle_add_track(request);
    timers_.advance(100ms);
    return TrackId(alice_.link->last(Response::kTrackPublished).track_published().track().sid());
  }
  static void add_layer(::livekit::AddTrackRequest& request, ::livekit::VideoQuality quality,
                        uint32_t height) {
    ::livekit::VideoLayer& layer = *request.add_layers();
    layer.set_quality(quality);
    layer.set_width(height * 16 / 9);
    layer.set_height(height);
  }
  // In two sizes.
  void publish_vp8_beside(const TrackId& sid) {
    alice_.media->sends_at_once = false;
    ::livekit::AddTrackRequest request;
    request.set_cid("eight");
    request.set_sid(sid.value);
    request.set_type(::livekit::VIDEO);
    request.set_source(::livekit::CAMERA);
    request.add_simulcast_codecs()->set_codec("vp8");
    request.mutable_simulcast_codecs(0)->set_cid("eight");
    add_layer(request, ::livekit::LOW, 180);
    add_layer(request, ::livekit::MEDIUM, 360);
    alice_->publications().handle_add_track(request);
    alice_->on_upstream_tracks({upstream("nine", "VP9"), upstream("eight", "VP8", kSizes)});
  }
  static UpstreamTrack upstream(const std::string& cid, const std::string& codec,
                                std::vector<Rid> rids = {}) {
    return {.cid = cid,
            .sdp_cid = cid,
            .mid = Mid(cid),
            .kind = TrackKind::Video,
            .rids = std::move(rids),
            .codecs = {codec}};
  }
  bool is_asked_for(const std::string& codec) const {
    const auto update =
        alice_.link->last(Response::kSubscribedQualityUpdate).subscribed_quality_update();
    for (const auto& entry : update.subscribed_codecs()) {
      if (entry.codec() == codec) return entry.qualities(0).enabled();
    }
    return false;
  }
  static std::vector<std::string> codecs_for(const Guest& guest, const TrackId& sid) {
    return guest.media->downstream.at(sid).codecs;
  }
  static int max_spatial(const Guest& guest, const TrackId& sid) {
    return guest.media->downstream.at(sid).settings.max_spatial;
  }
  // bob decodes VP9, and carol comes, who does not.
  TrackId publish_to_bob_and_carol(::livekit::BackupCodecPolicy policy) {
    const TrackId sid = publish_vp9(policy);
    bob_->on_downstream_bound(sid, "VP9");
    carol_ = join("carol");
    carol_->on_downstream_refused(sid);
    return sid;
  }

  Steps steps_;
  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
  Guest carol_;
};

class SmallRoomTest : public BackupCodecTest {
 protected:
  SmallRoomTest() : BackupCodecTest({.codec_regression_threshold = 4}) {}
};

TEST_F(BackupCodecTest, IsAskedForByWhoCannotDecodeTheFirst) {
  const TrackId sid = publish_vp9();
  EXPECT_EQ(bob_.media->downstream.at(sid).codecs, std::vector<std::string>{"vp9"});
  EXPECT_FALSE(is_asked_for("vp8"));
  bob_->on_downstream_refused(sid);
  EXPECT_TRUE(is_asked_for("vp8"));
  EXPECT_TRUE(bob_.link->all(Response::kSubscriptionResponse).empty());

  publish_vp8_beside(sid);
  const DownstreamTrack& sent = bob_.media->downstream.at(sid);
  EXPECT_EQ(sent.codecs, (std::vector<std::string>{"vp9", "vp8"}));
  ASSERT_TRUE(sent.sources.contains("vp8"));
  EXPECT_TRUE(alice_.media->published.contains(sent.sources.at("vp8")));
  EXPECT_TRUE(alice_.media->published.contains(sid));
  bob_->on_downstream_bound(sid, "VP8");
  EXPECT_TRUE(is_asked_for("vp8"));
}

TEST_F(BackupCodecTest, IsNotAskedForAnyLongerWhenNobodyWantsIt) {
  const TrackId sid = publish_vp9();
  bob_->on_downstream_refused(sid);
  bob_->subscriptions().set_wanted(sid, false);
  timers_.advance(6s);
  EXPECT_FALSE(is_asked_for("vp8"));
}

TEST_F(BackupCodecTest, WhoCanDecodeNeitherIsTold) {
  const TrackId sid = publish_vp9();
  bob_->on_downstream_refused(sid);
  publish_vp8_beside(sid);
  bob_->on_downstream_refused(sid);
  EXPECT_EQ(bob_.link->last(Response::kSubscriptionResponse).subscription_response().err(),
            ::livekit::SE_CODEC_UNSUPPORTED);
}

TEST_F(BackupCodecTest, TheTrackGoesOnWhenOneOfItsCodecsEnds) {
  const TrackId sid = publish_vp9();
  publish_vp8_beside(sid);
  EXPECT_EQ(alice_.media->published.size(), 2u);
  alice_->on_upstream_tracks({upstream("nine", "VP9")});
  EXPECT_EQ(alice_.media->published, std::set<TrackId>{sid});
  EXPECT_TRUE(bob_.media->downstream.contains(sid));
  publish_vp8_beside(sid);
  bob_->on_downstream_bound(sid, "VP9");
  alice_->on_upstream_tracks({upstream("eight", "VP8")});
  EXPECT_EQ(bob_.media->downstream.at(sid).codecs, std::vector<std::string>{"vp8"});
  alice_->on_upstream_tracks({});
  EXPECT_TRUE(alice_.media->published.empty());
  EXPECT_FALSE(bob_.media->downstream.contains(sid));
}

TEST_F(BackupCodecTest, ACodecThatEndsIsNoSilence) {
  publish_vp8_beside(publish_vp9());
  for (const uint64_t packets : {1000u, 2000u}) {
    alice_.media->stats = TrackStats{.packets = packets};
    timers_.advance(5s);
  }
  alice_->on_upstream_tracks({upstream("nine", "VP9")});
  alice_.media->stats = TrackStats{.packets = 2500};
  timers_.advance(5s);
  const auto quality = room().reports().quality(alice_->sid());
  ASSERT_TRUE(quality);
  EXPECT_EQ(quality->score, 100);
}

TEST_F(BackupCodecTest, UnderRegressionEverybodyGetsItAndTheFirstIsStopped) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::REGRESSION);
  EXPECT_TRUE(is_asked_for("vp8"));
  EXPECT_EQ(codecs_for(bob_, sid), std::vector<std::string>{"vp9"});
  publish_vp8_beside(sid);
  for (const Guest* guest : {&bob_, &carol_}) {
    EXPECT_EQ(codecs_for(*guest, sid), std::vector<std::string>{"vp8"});
    (*guest)->on_downstream_bound(sid, "VP8");
  }
  EXPECT_TRUE(is_asked_for("vp9"));
  timers_.advance(5s);
  EXPECT_FALSE(is_asked_for("vp9"));
  EXPECT_TRUE(is_asked_for("vp8"));
  Guest dave = join("dave");
  EXPECT_EQ(codecs_for(dave, sid), std::vector<std::string>{"vp8"});
}

TEST_F(BackupCodecTest, RegressionIsNotTakenBackWhenNobodyNeedsItAnyLonger) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::REGRESSION);
  publish_vp8_beside(sid);
  bob_->on_downstream_bound(sid, "VP8");
  room().remove(*carol_.participant, {});
  timers_.advance(10s);
  EXPECT_FALSE(is_asked_for("vp9"));
  EXPECT_TRUE(is_asked_for("vp8"));
  alice_->on_upstream_tracks({upstream("nine", "VP9")});
  EXPECT_EQ(codecs_for(bob_, sid), std::vector<std::string>{"vp9"});
  EXPECT_TRUE(is_asked_for("vp9"));
}

// As when bob's client had been offered VP9, and answered, before it heard of the change.
TEST_F(BackupCodecTest, WhoIsBoundToTheFirstTooLateDoesNotKeepItGoing) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::REGRESSION);
  publish_vp8_beside(sid);
  bob_->on_downstream_bound(sid, "VP9");
  timers_.advance(5s);
  EXPECT_FALSE(is_asked_for("vp9"));
  EXPECT_TRUE(is_asked_for("vp8"));
}

TEST_F(BackupCodecTest, AnotherCodecIsNoOtherSubscription) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::REGRESSION);
  publish_vp8_beside(sid);
  for (const Guest* guest : {&bob_, &carol_}) {
    (*guest)->on_downstream_bound(sid, "VP8");
    room().remove(*guest->participant, {});
  }
  EXPECT_EQ(steps_.times,
            (std::map<Step, int>{{Step::Requested, 2}, {Step::Succeeded, 2}, {Step::Ended, 2}}));
}

TEST_F(BackupCodecTest, WhoUnsubscribesWhileItWaitsHasCancelled) {
  const TrackId sid = publish_vp9();
  bob_->on_downstream_refused(sid);
  bob_->subscriptions().set_wanted(sid, false);
  EXPECT_EQ(steps_.times, (std::map<Step, int>{{Step::Requested, 1}, {Step::Cancelled, 1}}));
  bob_->subscriptions().set_wanted(sid, true);
  EXPECT_EQ(steps_.times[Step::Requested], 2);
}

TEST_F(SmallRoomTest, PrefersRegression) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::PREFER_REGRESSION);
  publish_vp8_beside(sid);
  EXPECT_EQ(codecs_for(bob_, sid), std::vector<std::string>{"vp8"});
}

TEST_F(SmallRoomTest, ThatIsNotSmallSendsBoth) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::PREFER_REGRESSION);
  Guest dave = join("dave");
  publish_vp8_beside(sid);
  for (const Guest* guest : {&bob_, &dave}) {
    (*guest)->on_downstream_bound(sid, "VP9");
    EXPECT_EQ(codecs_for(*guest, sid), std::vector<std::string>{"vp9"});
  }
  carol_->on_downstream_bound(sid, "VP8");
  timers_.advance(20s);
  EXPECT_TRUE(is_asked_for("vp9"));
  EXPECT_TRUE(is_asked_for("vp8"));
}

TEST_F(BackupCodecTest, ItsOwnLayersCount) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::SIMULCAST);
  publish_vp8_beside(sid);
  carol_->on_downstream_bound(sid, "VP8");
  EXPECT_EQ(max_spatial(bob_, sid), 0);
  EXPECT_EQ(max_spatial(carol_, sid), 1);
  // Nothing tells which one dave will get until he has answered.
  Guest dave = join("dave");
  dave->on_downstream_bound(sid, "VP8");
  EXPECT_EQ(max_spatial(dave, sid), 1);
  ::livekit::UpdateTrackSettings small;
  small.add_track_sids(sid.value);
  small.set_width(320);
  small.set_height(180);
  for (Guest* guest : {&carol_, &dave}) {
    (*guest)->subscriptions().handle_settings(small);
    timers_.advance(1s);
    EXPECT_EQ(max_spatial(*guest, sid), 0);
  }
}

TEST_F(BackupCodecTest, UnderRegressionItsLayersCountForAll) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::REGRESSION);
  publish_vp8_beside(sid);
  for (const Guest* guest : {&bob_, &carol_}) EXPECT_EQ(max_spatial(*guest, sid), 1);
}

class EveryRoomTest : public BackupCodecTest {
 protected:
  EveryRoomTest() : BackupCodecTest({.codec_regression_threshold = 0}) {}
};

TEST_F(EveryRoomTest, PrefersRegressionWhereTheThresholdIsZero) {
  const TrackId sid = publish_to_bob_and_carol(::livekit::PREFER_REGRESSION);
  std::vector<Guest> more;
  for (int i = 0; i < 10; ++i) more.push_back(join("guest" + std::to_string(i)));
  publish_vp8_beside(sid);
  EXPECT_EQ(codecs_for(bob_, sid), std::vector<std::string>{"vp8"});
}

TEST_F(BackupCodecTest, OfAudioOneIsLeftUnderRegression) {
  ::livekit::AddTrackRequest request;
  request.set_cid("red");
  request.set_type(::livekit::AUDIO);
  request.set_source(::livekit::MICROPHONE);
  request.set_backup_codec_policy(::livekit::REGRESSION);
  for (const char* codec : {"red", "opus"}) {
    ::livekit::SimulcastCodec& wanted = *request.add_simulcast_codecs();
    wanted.set_codec(codec);
    wanted.set_cid(codec);
  }
  alice_.media->sends_at_once = false;
  alice_->publications().handle_add_track(request);
  const TrackId sid(alice_.link->last(Response::kTrackPublished).track_published().track().sid());
  alice_->on_upstream_tracks({{.cid = "red", .mid = Mid("1"), .codecs = {"red"}},
                              {.cid = "opus", .mid = Mid("2"), .codecs = {"opus"}}});
  EXPECT_EQ(codecs_for(bob_, sid), std::vector<std::string>{"opus"});
  timers_.advance(100ms);
  const auto update =
      alice_.link->last(Response::kSubscribedAudioCodecUpdate).subscribed_audio_codec_update();
  ASSERT_EQ(update.subscribed_audio_codecs_size(), 2);
  EXPECT_FALSE(update.subscribed_audio_codecs(0).enabled());
  EXPECT_TRUE(update.subscribed_audio_codecs(1).enabled());
}

}  // namespace
}  // namespace gstlk::room
