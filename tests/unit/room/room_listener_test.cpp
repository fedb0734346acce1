// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room_listener.h"

#include "livekit_room.pb.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

// Writes down what it is told.
struct Diary : RoomListener {
  void on_room_started(const Room& room) override {
    note("started " + room.name().value + " " + room.info().metadata());
  }
  void on_room_finished(const Room& room) override { note("finished " + room.name().value); }
  void on_participant_active(const Participant& p) override { note("active " + name(p)); }
  void on_participant_left(const Participant& p) override {
    note((p.was_active() ? "left " : "aborted ") + name(p) + " " +
         ::livekit::DisconnectReason_Name(p.info().disconnect_reason()));
  }
  void on_track_published(const Publication& p) override {
    note("published " + name(p.publisher()) + " " + p.cid());
  }
  void on_track_unpublished(const Publication& p) override {
    note("unpublished " + name(p.publisher()) + " " + p.cid());
  }

  static const std::string& name(const Participant& p) { return p.identity().value; }
  void note(std::string line) { lines.push_back(std::move(line)); }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
};

using Lines = std::vector<std::string>;

class RoomListenerTest : public RoomFixture {
 protected:
  RoomListenerTest() { registry_.add_listener(diary_); }

  Guest arrive(const std::string& identity) {
    return RoomFixture::arrive(room(), details(identity));
  }

  Diary diary_;
};

TEST_F(RoomListenerTest, ACallIsToldInTheOrderInWhichItHappens) {
  Guest alice = join("alice");
  publish_camera(alice);
  publish_microphone(alice);
  alice->on_upstream_tracks({{.cid = "mic", .mid = Mid("mic")}});
  Guest bob = join("bob");
  room().remove(*alice.participant, {::livekit::CLIENT_INITIATED});
  room().remove(*bob.participant, {::livekit::PARTICIPANT_REMOVED});
  timers_.advance(21s);
  EXPECT_EQ(diary_.take(), (Lines{"started kitchen ", "active alice", "published alice camera",
                                  "published alice mic", "unpublished alice camera", "active bob",
                                  "unpublished alice mic", "left alice CLIENT_INITIATED",
                                  "left bob PARTICIPANT_REMOVED", "finished kitchen"}));
}

TEST_F(RoomListenerTest, WhoseMediaNeverConnectsHasAborted) {
  Guest alice = arrive("alice");
  publish_camera(alice);
  room().remove(*alice.participant, {::livekit::JOIN_FAILURE});
  EXPECT_EQ(diary_.take(), (Lines{"started kitchen ", "aborted alice JOIN_FAILURE"}));
}

TEST_F(RoomListenerTest, TracksOfTheJoinAreToldWhenTheirPublisherIsActive) {
  Guest alice = arrive("alice");
  publish_camera(alice);
  EXPECT_EQ(diary_.take(), Lines{"started kitchen "});
  alice->on_media_connected();
  EXPECT_EQ(diary_.take(), (Lines{"active alice", "published alice camera"}));
}

TEST_F(RoomListenerTest, AResumeIsNoSecondArrival) {
  Guest alice = join("alice");
  diary_.take();
  alice->on_media_failed();
  FakeLink link;
  alice->attach(link);
  room().admit_again(*alice.participant, timers_.now());
  alice->on_media_connected();
  EXPECT_EQ(diary_.take(), Lines{});
}

TEST_F(RoomListenerTest, WhoIsReplacedLeavesBeforeTheOtherIsActive) {
  Guest first = join("alice");
  Guest second = join("alice");
  EXPECT_EQ(diary_.take(), (Lines{"started kitchen ", "active alice",
                                  "left alice DUPLICATE_IDENTITY", "active alice"}));
}

TEST_F(RoomListenerTest, ACreatedRoomStartsOnceAndWithItsConfiguration) {
  ::livekit::CreateRoomRequest request;
  request.set_name("hall");
  request.set_metadata("large");
  ASSERT_TRUE(registry_.create_room(request));
  ASSERT_TRUE(registry_.create_room(request));
  ::livekit::DeleteRoomRequest deletion;
  deletion.set_room("hall");
  ASSERT_TRUE(registry_.delete_room(deletion));
  EXPECT_EQ(diary_.take(), (Lines{"started hall large", "finished hall"}));
}

TEST_F(RoomListenerTest, TheEndOfTheServerIsTheEndOfItsRooms) {
  Guest alice = join("alice");
  diary_.take();
  registry_.shut_down();
  EXPECT_EQ(diary_.take(), (Lines{"left alice SERVER_SHUTDOWN", "finished kitchen"}));
}

}  // namespace
}  // namespace gstlk::room
