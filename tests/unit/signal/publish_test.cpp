// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <map>

#include "livekit_room.pb.h"
#include "scripted_client.h"

namespace gstlk::signal {
namespace {

using sdp::Direction;

// Which m-line an AddTrack gets.
class PublishTest : public testing::Test {
 protected:
  void SetUp() override {
    for (ScriptedClient* client : {&alice_, &bob_}) {
      client->v1();
      client->parameters.publisher_offer = description(first_offer(), 1);
      ASSERT_TRUE(client->open());
      client->publisher()->connect();
    }
  }
  static ClientDescription sending(const std::string& track) {
    return first_offer().video(Direction::SendOnly, track);
  }
  // The m-line has ended, and behind it `track` is sent: its mid is 8.
  static ClientDescription sending_anew(const std::string& track) {
    return first_offer().video(Direction::Inactive).video(Direction::SendOnly, track);
  }
  // Empty when it is queued.
  std::string add_camera(const std::string& cid, const std::string& codec = "vp8") {
    ::livekit::SignalRequest request;
    ::livekit::AddTrackRequest& add = *request.mutable_add_track();
    add.set_cid(cid);
    add.set_type(::livekit::VIDEO);
    add.set_source(::livekit::CAMERA);
    add.add_simulcast_codecs()->set_codec(codec);
    add.mutable_simulcast_codecs(0)->set_cid(cid);
    alice_.last_track.clear();
    alice_.request(request);
    return alice_.last_track;
  }
  // The camera is sent as VP8, too.
  void add_backup(const std::string& sid, const std::string& cid) {
    ::livekit::SignalRequest request;
    ::livekit::AddTrackRequest& add = *request.mutable_add_track();
    add.set_cid(cid);
    add.set_sid(sid);
    add.set_type(::livekit::VIDEO);
    add.set_source(::livekit::CAMERA);
    add.add_simulcast_codecs()->set_codec("vp8");
    add.mutable_simulcast_codecs(0)->set_cid(cid);
    alice_.request(request);
  }
  // By their m-lines.
  std::map<Mid, TrackId> received() {
    std::map<Mid, TrackId> result;
    for (const auto& [track, media] : alice_.publisher()->published) result[media.first] = track;
    return result;
  }

  Server server_;
  ScriptedClient alice_{server_, "alice"};
  ScriptedClient bob_{server_, "bob"};
};

// Chromium gives the second sender of a track an id of its own, Firefox each.
TEST_F(PublishTest, TheSameTrackOnceMoreInOneOfferIsAnotherOne) {
  for (const char* id : {"camera", "renamed"}) {
    const std::string before = add_camera("camera", "h264");
    alice_.offer(sending("camera"), 2);
    EXPECT_EQ(received(), (std::map{std::pair(Mid("7"), TrackId(before))}));
    EXPECT_EQ(add_camera("camera", "h264"), "");
    alice_.offer(sending_anew(id), 3);
    const std::string now = alice_.last_track;
    EXPECT_NE(now, before);
    EXPECT_EQ(received(), (std::map{std::pair(Mid("8"), TrackId(now))}));
    ASSERT_EQ(bob_.known("alice")->tracks_size(), 1);
    EXPECT_EQ(bob_.known("alice")->tracks(0).sid(), now);
    // As the request that was queued says.
    const auto answer = parsed(alice_.last(Response::kAnswer).answer().sdp());
    EXPECT_EQ(answer.media[8].formats[0].encoding_name, "H264");
    alice_.offer(first_offer(), 4);
    EXPECT_TRUE(received().empty());
  }
}

TEST_F(PublishTest, TheSameTrackOnceMoreBeforeItIsAnnouncedIsAnotherOneToo) {
  add_camera("camera");
  alice_.offer(sending("camera"), 2);
  alice_.offer(sending_anew("camera"), 3);
  EXPECT_TRUE(received().empty());
  const std::string now = add_camera("camera");
  EXPECT_EQ(received(), (std::map{std::pair(Mid("8"), TrackId(now))}));
}

TEST_F(PublishTest, TwoTracksThatLoseTheirIdsKeepTheirOrder) {
  add_camera("left");
  add_camera("right");
  alice_.offer(sending("left").video(Direction::SendOnly, "right"), 2);
  EXPECT_EQ(received().size(), 2u);
  for (const char* cid : {"left", "right"}) EXPECT_EQ(add_camera(cid), "");
  alice_.offer(first_offer()
                   .video(Direction::Inactive)
                   .video(Direction::Inactive)
                   .video(Direction::SendOnly, "a")
                   .video(Direction::SendOnly, "b"),
               3);
  std::map<std::string, Mid> mids;
  for (const Response& response : alice_.all(Response::kTrackPublished)) {
    const auto& told = response.track_published();
    for (const auto& [mid, track] : received()) {
      if (track.value == told.track().sid()) mids[told.cid()] = mid;
    }
  }
  EXPECT_EQ(mids, (std::map<std::string, Mid>{{"left", Mid("9")}, {"right", Mid("10")}}));
}

TEST_F(PublishTest, ABackupCodecWhoseIdABrowserMadeUpIsFound) {
  for (const bool offered_first : {false, true}) {
    const std::string sid = add_camera("camera", "vp9");
    alice_.offer(sending("camera"), 2);
    if (!offered_first) add_backup(sid, "backup");
    alice_.offer(sending("camera").video(Direction::SendOnly, "made-up"), 3);
    if (offered_first) add_backup(sid, "backup");
    EXPECT_EQ(received(), (std::map<Mid, TrackId>{{Mid("7"), TrackId(sid)},
                                                  {Mid("8"), TrackId(sid + "/vp8")}}));
    alice_.offer(first_offer(), 4);
  }
}

TEST_F(PublishTest, ABackupCodecTakesNoneOfTwoThatMayBeIts) {
  const std::string sid = add_camera("camera", "vp9");
  alice_.offer(sending("camera"), 2);
  add_backup(sid, "backup");
  alice_.offer(
      sending("camera").video(Direction::SendOnly, "one").video(Direction::SendOnly, "two"), 3);
  EXPECT_EQ(received(), (std::map<Mid, TrackId>{{Mid("7"), TrackId(sid)}}));
}

TEST_F(PublishTest, TheSecondCodecOfATrackTakesNoOthersMLine) {
  ::livekit::SignalRequest request;
  ::livekit::AddTrackRequest& add = *request.mutable_add_track();
  add.set_cid("nine");
  add.set_type(::livekit::VIDEO);
  for (const auto& [codec, cid] : {std::pair("vp9", "nine"), std::pair("vp8", "eight")}) {
    ::livekit::SimulcastCodec& wanted = *add.add_simulcast_codecs();
    wanted.set_codec(codec);
    wanted.set_cid(cid);
  }
  alice_.request(request);
  const TrackId sid(alice_.last_track);
  alice_.offer(sending("nine").video(Direction::SendOnly, "other"), 2);
  EXPECT_EQ(received(), (std::map<Mid, TrackId>{{Mid("7"), sid}}));
}

TEST_F(PublishTest, OfTwoAudioCodecsTheOtherOneGoesOn) {
  ::livekit::SignalRequest request;
  ::livekit::AddTrackRequest& add = *request.mutable_add_track();
  add.set_cid("plain");
  add.set_type(::livekit::AUDIO);
  add.set_disable_red(true);
  for (const auto& [codec, cid] : {std::pair("opus", "plain"), std::pair("red", "redundant")}) {
    ::livekit::SimulcastCodec& wanted = *add.add_simulcast_codecs();
    wanted.set_codec(codec);
    wanted.set_cid(cid);
  }
  alice_.request(request);
  const std::string sid = alice_.last_track;
  alice_.offer(
      first_offer().audio(Direction::SendOnly, "plain").audio(Direction::SendOnly, "redundant"), 2);
  EXPECT_EQ(received(),
            (std::map<Mid, TrackId>{{Mid("7"), TrackId(sid)}, {Mid("8"), TrackId(sid + "/red")}}));
  alice_.offer(first_offer().audio(Direction::Inactive).audio(Direction::SendOnly, "redundant"), 3);
  EXPECT_EQ(received(), (std::map<Mid, TrackId>{{Mid("8"), TrackId(sid + "/red")}}));
}

TEST_F(PublishTest, BothCodecsOfATrackMayBeOfferedBeforeAddTrack) {
  alice_.offer(first_offer()
                   .video(Direction::SendOnly, "other")
                   .video(Direction::SendOnly, "nine")
                   .video(Direction::SendOnly, "eight"),
               2);
  ::livekit::SignalRequest request;
  ::livekit::AddTrackRequest& add = *request.mutable_add_track();
  add.set_cid("nine");
  add.set_type(::livekit::VIDEO);
  const std::array<std::pair<const char*, const char*>, 3> codecs = {
      {{"vp9", "nine"}, {"vp8", "eight"}, {"av1", "none"}}};
  for (const auto& [codec, cid] : codecs) {
    ::livekit::SimulcastCodec& wanted = *add.add_simulcast_codecs();
    wanted.set_codec(codec);
    wanted.set_cid(cid);
  }
  alice_.request(request);
  const TrackId sid(alice_.last_track);
  EXPECT_EQ(received(),
            (std::map<Mid, TrackId>{{Mid("8"), sid}, {Mid("9"), TrackId(sid.value + "/vp8")}}));
  const std::string other = add_camera("other");
  EXPECT_EQ(received().at(Mid("7")), TrackId(other));
}

TEST_F(PublishTest, ATrackThatIsQueuedTakesNothingWhileTheFirstGoesOn) {
  const std::string camera = add_camera("camera");
  alice_.offer(sending("camera"), 2);
  EXPECT_EQ(add_camera("camera"), "");
  alice_.offer(sending("camera").video(Direction::SendOnly, "other"), 3);
  EXPECT_EQ(received(), (std::map{std::pair(Mid("7"), TrackId(camera))}));
  const std::string other = add_camera("other");
  EXPECT_EQ(received().at(Mid("8")), TrackId(other));
}

}  // namespace
}  // namespace gstlk::signal
