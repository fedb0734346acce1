// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "plugins/livekit/data_pad.h"
#include "plugins/livekit/room_session.h"

namespace gstlk::client {

// What livekitsrc and livekitsink have in common: the membership in a session, and the element
// messages that tell the application of the room. The messages have the structures
//
//   livekit-state         state, detail (strings)
//   livekit-participant   event ("participant-joined", -updated, -left), identity, sid, name,
//                         metadata
//   livekit-track         event ("track-published", -updated, -unpublished), identity, sid, name,
//                         source, kind, muted
//   livekit-subscription  event ("subscription-failed"), sid of the track, reason
//                         ("codec_unsupported", "track_notfound", "unknown"), and of a track that
//                         is known identity, name
//   livekit-speakers      speakers (array of structures: identity, level 0 to 1, active)
//   livekit-quality       participants (array of structures: identity, quality, score)
//   livekit-data          identity, topic, reliable, payload (GBytes)
//
// Who joins a session that is open already is told first how it is: the state, participants and
// tracks, by the same messages. An end that is not of our making is an error of the element. join()
// and leave() on the thread of the state change, session() on any, everything else on the client
// thread.
class RoomMember : public RoomListener {
 public:
  // `element` owns this.
  explicit RoomMember(GstElement* element) : element_(element) {}

  // Makes or finds the session, lets `prepare` set its peer, and joins. False after an error
  // message.
  template <class Prepare>
  [[nodiscard]] bool join(const ConnectionSettings& settings, Prepare prepare) {
    bool ready = false;
    bool ended = false;
    // One that was found may end before this comes to it.
    do {
      if (!find_session(settings)) return false;
      const auto found = session();
      found->run([&] {
        ended = found->ended();
        ready = !ended && prepare(*found);
        if (!ready) return;
        found->add(*this);
        catch_up(*found);
        found->open();
      });
    } while (ended);
    if (!ready) set_session(nullptr);
    return ready;
  }
  // Leaves the room; `before` takes the peer away.
  template <class Before>
  void leave(Before before) {
    const auto left = session();
    if (!left) return;
    left->run([&] {
      before(*left);
      left->remove(*this);
    });
    // The word of leaving is written when the thread's loop comes round, and an application that
    // ends next ends the thread.
    left->run([] {});
    set_session(nullptr);
  }

  // The same without waiting, and not yet when it returns: for a thread that leave() may wait for.
  // leave() still has to follow.
  template <class Before>
  void leave_later(Before before) {
    auto left = session();
    if (!left) return;
    leaving_ = true;
    ClientThread& thread = left->thread();
    thread.post([this, before, left = std::move(left)] {
      before(*left);
      left->remove(*this);
    });
  }

  // nullptr when not joined. Any thread: media comes while the application disconnects.
  std::shared_ptr<RoomSession> session() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return session_;
  }

  // By the publisher's data channels. False when the room is not connected, too much waits to be
  // sent, or it is more than 64,000 bytes. Any thread.
  bool publish_data(GBytes* payload, const DataWishes& wishes);

  void on_state(livekit::SessionState state, const std::string& detail) override;
  void on_ended(const livekit::SessionEnd& end) override;
  void on_room_change(const livekit::RoomChange& change) override;
  void on_message(const ::livekit::SignalResponse& message) override;
  void on_data(const ::livekit::DataPacket& packet, bool reliable) override;

 private:
  bool find_session(const ConnectionSettings& settings);
  void check_hidden(const ConnectionSettings& wanted, const ConnectionSettings& opened);
  // What whoever opened the session has been told: the state, and who is there with what.
  void catch_up(const RoomSession& session);
  void set_session(std::shared_ptr<RoomSession> session) EXCLUDES(mutex_) {
    // What goes is destroyed without the lock.
    MutexLock lock(mutex_);
    session_.swap(session);
  }
  void post(GstStructure* structure);
  void post_speakers(const ::livekit::SpeakersChanged& changed);
  void post_refusal(const ::livekit::SubscriptionResponse& refused);
  void post_quality(const ::livekit::ConnectionQualityUpdate& update);

  GstElement* const element_;
  std::atomic<bool> leaving_ = false;  // by leave_later()
  mutable Mutex mutex_;
  std::shared_ptr<RoomSession> session_ GUARDED_BY(mutex_);
};

}  // namespace gstlk::client
