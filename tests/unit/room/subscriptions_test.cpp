// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/subscriptions.h"

#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

class SubscriptionsTest : public RoomFixture {
 protected:
  bool receives(const Guest& guest, const TrackId& track) const {
    return guest.media->downstream.contains(track);
  }

  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
};

TEST_F(SubscriptionsTest, EverythingIsSubscribedToUnlessToldNotTo) {
  JoinDetails details = RoomFixture::details("carol");
  details.auto_subscribe = false;
  Guest carol = join(std::move(details));
  const TrackId sid = publish_camera(alice_);
  EXPECT_TRUE(receives(bob_, sid));
  EXPECT_FALSE(receives(carol, sid));
  EXPECT_FALSE(receives(alice_, sid));
  ::livekit::UpdateSubscription request;
  request.set_subscribe(true);
  request.add_track_sids(sid.value);
  request.add_participant_tracks()->add_track_sids(sid.value);
  carol->subscriptions().handle_update(request);
  EXPECT_TRUE(receives(carol, sid));
  request.set_subscribe(false);
  carol->subscriptions().handle_update(request);
  EXPECT_FALSE(receives(carol, sid));
}

class HiddenPublisherTest : public SubscriptionsTest {
 protected:
  void set_hidden(bool hidden) {
    ::livekit::UpdateParticipantRequest request;
    *request.mutable_permission() = alice_->info().permission();
    request.mutable_permission()->set_hidden(hidden);
    EXPECT_TRUE(alice_->update(request));
  }
};

TEST_F(HiddenPublisherTest, WhoHidesNoLongerIsReceivedOnceTheOthersKnowOfIt) {
  set_hidden(true);
  const TrackId sid = publish_camera(alice_);
  EXPECT_FALSE(receives(bob_, sid));
  bob_.link->received.clear();
  set_hidden(false);
  EXPECT_TRUE(receives(bob_, sid));
  ASSERT_FALSE(bob_.link->received.empty());
  const auto& first = bob_.link->received[0];
  ASSERT_EQ(first.update().participants_size(), 1);
  EXPECT_EQ(first.update().participants(0).tracks(0).sid(), sid.value);
}

TEST_F(HiddenPublisherTest, WhatIsReceivedOfWhoHidesGoesOnUntilItIsNotWanted) {
  const TrackId sid = publish_camera(alice_);
  set_hidden(true);
  EXPECT_TRUE(receives(bob_, sid));
  bob_->subscriptions().set_wanted(sid, false);
  EXPECT_FALSE(receives(bob_, sid));
}

TEST_F(SubscriptionsTest, ThePublisherDecidesWhoMay) {
  const TrackId sid = publish_camera(alice_);
  ::livekit::SubscriptionPermission permission;
  alice_->handle_subscription_permission(permission);
  EXPECT_FALSE(receives(bob_, sid));
  const auto told = [&] {
    return bob_.link->last(Response::kSubscriptionPermissionUpdate)
        .subscription_permission_update();
  };
  EXPECT_FALSE(told().allowed());
  EXPECT_EQ(told().participant_sid(), alice_->sid().value);
  auto& entry = *permission.add_track_permissions();
  entry.set_participant_identity("bob");
  entry.add_track_sids(sid.value);
  alice_->handle_subscription_permission(permission);
  EXPECT_TRUE(receives(bob_, sid));
  EXPECT_TRUE(told().allowed());
}

TEST_F(SubscriptionsTest, ATrackThatNeverComesIsReportedAfterAMinute) {
  bob_->subscriptions().set_wanted(TrackId("TR_none"), true);
  timers_.advance(59s);
  EXPECT_TRUE(bob_.link->all(Response::kSubscriptionResponse).empty());
  timers_.advance(1s);
  EXPECT_EQ(bob_.link->last(Response::kSubscriptionResponse).subscription_response().err(),
            ::livekit::SE_TRACK_NOTFOUND);
}

TEST_F(SubscriptionsTest, ATrackThatIsNoLongerWantedIsNotReported) {
  bob_->subscriptions().set_wanted(TrackId("TR_none"), true);
  bob_->subscriptions().set_wanted(TrackId("TR_none"), false);
  timers_.advance(61s);
  EXPECT_TRUE(bob_.link->all(Response::kSubscriptionResponse).empty());
}

TEST_F(SubscriptionsTest, EachTrackThatNeverComesIsReportedInItsTime) {
  const auto reports = [&] { return bob_.link->all(Response::kSubscriptionResponse); };
  bob_->subscriptions().set_wanted(TrackId("TR_first"), true);
  timers_.advance(10s);
  bob_->subscriptions().set_wanted(TrackId("TR_second"), true);
  timers_.advance(10s);
  bob_->subscriptions().set_wanted(TrackId("TR_first"), false);
  bob_->subscriptions().set_wanted(TrackId("TR_third"), true);
  timers_.advance(49s);
  EXPECT_TRUE(reports().empty());
  timers_.advance(1s);
  ASSERT_EQ(reports().size(), 1u);
  EXPECT_EQ(reports()[0].subscription_response().track_sid(), "TR_second");
  timers_.advance(10s);
  ASSERT_EQ(reports().size(), 2u);
  EXPECT_EQ(reports()[1].subscription_response().track_sid(), "TR_third");
}

TEST_F(SubscriptionsTest, NotMoreThanSomeHundredTracksAreWaitedFor) {
  for (int i = 0; i < 2000; ++i)
    bob_->subscriptions().set_wanted(TrackId("TR_" + std::to_string(i)), true);
  EXPECT_EQ(bob_.link->all(Response::kSubscriptionResponse).size(), 1500u);
  EXPECT_EQ(bob_->subscriptions().all().size(), 500u);
  timers_.advance(60s);
  EXPECT_EQ(bob_.link->all(Response::kSubscriptionResponse).size(), 2000u);
  EXPECT_TRUE(bob_->subscriptions().all().empty());
}

TEST_F(SubscriptionsTest, ATrackTheClientCannotDecodeIsNotTriedAgain) {
  const TrackId sid = publish_camera(alice_);
  bob_->on_downstream_refused(sid);
  EXPECT_EQ(bob_.link->last(Response::kSubscriptionResponse).subscription_response().err(),
            ::livekit::SE_CODEC_UNSUPPORTED);
  room().reconcile(sid);
  EXPECT_FALSE(receives(bob_, sid));
}

TEST_F(SubscriptionsTest, SettingsAreAppliedAfterADebounceAndAppearingAtOnce) {
  const TrackId sid = publish_camera(alice_);
  ::livekit::UpdateTrackSettings settings;
  settings.add_track_sids(sid.value);
  settings.set_disabled(true);
  bob_->subscriptions().handle_settings(settings);
  EXPECT_FALSE(bob_.media->downstream[sid].settings.paused);
  timers_.advance(100ms);
  EXPECT_TRUE(bob_.media->downstream[sid].settings.paused);
  settings.set_disabled(false);
  bob_->subscriptions().handle_settings(settings);
  EXPECT_FALSE(bob_.media->downstream[sid].settings.paused);
}

TEST_F(SubscriptionsTest, SettingsOfManyTracksAreKeptWithoutTheirNames) {
  ::livekit::UpdateTrackSettings settings;
  for (int i = 0; i < 1000; ++i)
    settings.add_track_sids("TR_of_a_usual_length_" + std::to_string(i));
  bob_->subscriptions().handle_settings(settings);
  ASSERT_EQ(bob_->subscriptions().all().size(), 1000u);
  for (const auto& [track, subscription] : bob_->subscriptions().all())
    ASSERT_LT(subscription.settings->SpaceUsedLong(), 1000u);
}

TEST_F(SubscriptionsTest, ThePublisherHearsWhatIsWanted) {
  const TrackId sid = publish_camera(alice_);
  const auto best = [&] {
    int enabled = 0;
    const auto update =
        alice_.link->last(Response::kSubscribedQualityUpdate).subscribed_quality_update();
    EXPECT_EQ(update.subscribed_codecs(0).codec(), "vp8");
    for (const auto& quality : update.subscribed_qualities()) enabled += quality.enabled() ? 1 : 0;
    return enabled;
  };
  timers_.advance(100ms);
  EXPECT_EQ(best(), 3);
  ::livekit::UpdateTrackSettings settings;
  settings.add_track_sids(sid.value);
  settings.set_quality(::livekit::LOW);
  bob_->subscriptions().handle_settings(settings);
  timers_.advance(5s);
  EXPECT_EQ(best(), 3);
  timers_.advance(100ms);
  EXPECT_EQ(best(), 1);
  bob_->subscriptions().set_wanted(sid, false);
  timers_.advance(5s);
  EXPECT_EQ(best(), 0);
}

TEST_F(SubscriptionsTest, ALimitOfTheBandwidthLowersLayersAndNothingElse) {
  const TrackId sid = publish_camera(alice_);
  const auto layer = [&] { return int{bob_.media->downstream[sid].settings.max_spatial}; };
  ::livekit::TrackInfo& info = alice_->publications().find(sid)->mutable_info();
  info.clear_layers();
  for (int i = 0; i < 3; ++i) {
    ::livekit::VideoLayer& added = *info.add_layers();
    added.set_quality(static_cast<::livekit::VideoQuality>(i));
    added.set_spatial_layer(i);
    added.set_bitrate(i == 0 ? 100'000 : i * 500'000);
  }
  bob_->subscriptions().limit_bandwidth(600'000);
  EXPECT_EQ(layer(), 1);
  bob_->subscriptions().limit_bandwidth(1);
  EXPECT_EQ(layer(), 0);
  EXPECT_FALSE(bob_.media->downstream[sid].settings.paused);
  bob_->subscriptions().limit_bandwidth(0);
  EXPECT_EQ(layer(), 2);
}

TEST_F(SubscriptionsTest, WhereItMayPauseATrackTheClientHearsSo) {
  JoinDetails who = RoomFixture::details("carol");
  who.allow_pause = true;
  Guest carol = join(std::move(who));
  const TrackId camera = publish_camera(alice_);
  const TrackId screen = publish(alice_, "screen", ::livekit::VIDEO, ::livekit::SCREEN_SHARE);
  for (const TrackId& sid : {camera, screen}) {
    ::livekit::TrackInfo& info = alice_->publications().find(sid)->mutable_info();
    info.clear_layers();
    info.add_layers()->set_bitrate(100'000);
  }
  const auto paused = [&](const TrackId& sid) {
    return carol.media->downstream[sid].settings.paused;
  };
  const auto states = [&] { return carol.link->all(Response::kStreamStateUpdate); };
  carol->subscriptions().limit_bandwidth(150'000);
  EXPECT_TRUE(paused(camera));
  EXPECT_FALSE(paused(screen));
  ASSERT_EQ(states().size(), 1u);
  const auto state = states()[0].stream_state_update().stream_states(0);
  EXPECT_EQ(state.track_sid(), camera.value);
  EXPECT_EQ(state.participant_sid(), alice_->sid().value);
  EXPECT_EQ(state.state(), ::livekit::PAUSED);
  // The bandwidth of what ends is free.
  carol->subscriptions().set_wanted(screen, false);
  EXPECT_FALSE(paused(camera));
  ASSERT_EQ(states().size(), 2u);
  EXPECT_EQ(states()[1].stream_state_update().stream_states(0).state(), ::livekit::ACTIVE);
  carol->subscriptions().limit_bandwidth(1);
  EXPECT_TRUE(paused(camera));
  carol->subscriptions().limit_bandwidth(0);
  EXPECT_FALSE(paused(camera));
  EXPECT_EQ(states().size(), 4u);
  EXPECT_TRUE(bob_.link->all(Response::kStreamStateUpdate).empty());
}

TEST_F(SubscriptionsTest, AdaptiveStreamsStartLow) {
  JoinDetails details = RoomFixture::details("carol");
  details.adaptive_stream = true;
  Guest carol = join(std::move(details));
  publish_camera(alice_);
  room().remove(*bob_.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(5s);
  const auto update =
      alice_.link->last(Response::kSubscribedQualityUpdate).subscribed_quality_update();
  EXPECT_TRUE(update.subscribed_qualities(0).enabled());
  EXPECT_FALSE(update.subscribed_qualities(1).enabled());
}

TEST_F(SubscriptionsTest, TheFirstSubscriberIsToldToThePublisherOnce) {
  const TrackId sid = publish_camera(alice_);
  Guest carol = join("carol");
  bob_->on_downstream_bound(sid, "VP8");
  carol->on_downstream_bound(sid, "VP8");
  timers_.advance(1s);
  EXPECT_EQ(alice_.link->all(Response::kTrackSubscribed).size(), 1u);
}

class LimitedSubscriptionsTest : public RoomFixture {
 protected:
  LimitedSubscriptionsTest() : RoomFixture(Settings{.limits = {.subscription_limit_video = 1}}) {}
};

TEST_F(LimitedSubscriptionsTest, APlaceThatIsFreeAgainIsTakenByWhatWaits) {
  Guest alice = join("alice");
  Guest bob = join("bob");
  const TrackId camera = publish_camera(alice);
  const TrackId screen = publish(alice, "screen", ::livekit::VIDEO, ::livekit::SCREEN_SHARE);
  const auto receives = [&](const TrackId& sid) { return bob.media->downstream.contains(sid); };
  EXPECT_TRUE(receives(camera));
  EXPECT_FALSE(receives(screen));
  bob->subscriptions().set_wanted(camera, false);
  timers_.advance(0s);
  EXPECT_TRUE(receives(screen));
  bob->subscriptions().set_wanted(camera, true);
  EXPECT_FALSE(receives(camera));
  // The screen ends.
  bob->subscriptions().forget(screen);
  timers_.advance(0s);
  EXPECT_TRUE(receives(camera) || receives(screen));
  room().remove(*bob.participant, {::livekit::CLIENT_INITIATED});
  timers_.advance(1s);
}

}  // namespace
}  // namespace gstlk::room
