// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "plugins/livekit/ended_streams.h"
#include "plugins/livekit/remote_output.h"
#include "plugins/livekit/room_member.h"
#include "plugins/livekit/subscriber.h"

namespace gstlk::client {

// Who receives tracks, and has a use for their outputs.
class RemoteTracksOwner {
 public:
  virtual ~RemoteTracksOwner() = default;
  // Client thread.
  virtual bool wants(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track) = 0;
  // The output's pad is the owner's to add to the element or to link; nothing has come out of it.
  // On a streaming thread of webrtcbin.
  virtual void on_output_added(RemoteOutput& output) = 0;
  // The output is destroyed afterwards; its pad has ended. On the client thread, or on that of
  // leave(). There may be another output of its track already.
  virtual void on_output_removed(RemoteOutput& output) = 0;
};

// How large a track is shown, in pixels; zero by zero: at its full size.
struct ShownSize {
  unsigned width = 0;
  unsigned height = 0;
  bool operator==(const ShownSize&) const = default;
};

// The tracks of a room that are received, each with an output: from the subscriber's webrtcbin to a
// pad. An output stays while its track does, over lost connections of either side. Client thread
// only, except join(), leave(), disconnect() and send_eos().
//
// Order of locks: mutex_ alone; never held while a pad, the session, the owner or an output is
// called.
class RemoteTracks : public SubscriberOwner, public RoomListener {
 public:
  struct Settings {
    OutputForm form = OutputForm::Auto;
    unsigned latency = 200;  // milliseconds
    Duration hold = 10s;     // for a publisher that went away to come back
    ShownSize size;          // of the tracks that nothing else was said of
    bool fill_gaps = true;   // gap events come out where media does not
    bool encrypted = true;   // what is end-to-end encrypted comes out too, but not as raw media
  };

  // Both outlive this.
  RemoteTracks(GstElement* element, RemoteTracksOwner& owner)
      : element_(element), owner_(owner), member_(element) {}

  // False after an error message of the element.
  [[nodiscard]] bool join(const ConnectionSettings& connection, const Settings& settings);
  void leave();
  // Leaves the room, without waiting, and the outputs where they are, until leave().
  void disconnect();
  // Everything that comes out ends; the tracks may go on.
  void send_eos();
  RoomMember& member() { return member_; }
  // Of each output by its name, as RemoteOutput::stats() has them. Any thread.
  void add_stats(GstStructure* into) EXCLUDES(mutex_);

  // Takes back or repeats what wants() said of the track, as long as the track is published. False
  // when there is no such track.
  bool set_subscribed(const std::string& track_sid, bool subscribed);
  // Of video that comes out. False when there is none of that sid.
  bool request_keyframe(const std::string& track_sid);
  // A warning of the element, the first time.
  void tell_encrypted(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track);
  // At what size the track is shown; nullopt: not at all, so that no media of it is sent.
  void show(const std::string& track_sid, std::optional<ShownSize> size);
  TrackIdentity identity_of(const ::livekit::ParticipantInfo& who,
                            const ::livekit::TrackInfo& track) {
    return identities_.of(who, track);
  }

 private:
  // What a pad of webrtcbin carries.
  struct Announced {
    std::string publisher;  // sid of the participant
    TrackIdentity track;
    bool encrypted = false;
    bool wanted = true;      // false: no output is made of it
    bool came_back = false;  // wanted again: the server may go on where it was
  };
  struct Entry {
    std::unique_ptr<RemoteOutput> output;
    std::string publisher;                  // sid of the participant whose track came out last
    bool encrypted = false;                 // that track
    std::unique_ptr<ClientTimer> farewell;  // runs while the track is away
    // Pads of webrtcbin that are being attached, with mutex_. The output does not end before.
    unsigned attaching = 0;
    Mutex one_at_a_time;  // held while one is attached, without mutex_
  };
  // By sid, of tracks that are published.
  struct Wish {
    std::optional<bool> subscribed;
    std::optional<std::optional<ShownSize>> size;
  };

  static void on_pad_added(GstElement* webrtcbin, GstPad* pad, gpointer self);
  static void on_transceiver(GstElement* webrtcbin, GstWebRTCRTPTransceiver* transceiver,
                             gpointer self);

  void on_peer_connection(PeerConnection& peer) override;
  void on_peer_connection_gone() override;
  void on_offer(const std::map<std::string, std::string>& mid_to_track) override;
  void on_room_change(const livekit::RoomChange& change) override;

  void let_go(RoomSession& session) EXCLUDES(mutex_);
  void handle_pad(GstPad* pad);
  // What the section carries as long as there is no other offer; nullptr when nothing of a track.
  Announced* announced(const std::string& mid) REQUIRES(mutex_);
  // Of the sections that carry the publisher's track.
  void set_wanted(const std::string& publisher, const TrackIdentity& track, bool wanted)
      EXCLUDES(mutex_);
  // nullptr when the track is not known, or not wanted any more.
  std::shared_ptr<Entry> begin_attaching(const std::string& mid) EXCLUDES(mutex_);
  std::shared_ptr<Entry> attach_to(const std::shared_ptr<Entry>& entry, const Announced& announced)
      REQUIRES(mutex_);
  void subscribe(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track);
  void send_subscription(const std::string& track_sid, bool subscribed);
  void send_size(const std::string& track_sid, const std::optional<ShownSize>& size);
  void track_published(const livekit::RoomChange& change);
  void track_unpublished(const livekit::RoomChange& change);
  void end(const TrackIdentity& track);
  // When its end has come out, or later.
  void see_off(const std::shared_ptr<Entry>& entry) EXCLUDES(mutex_);
  void remove_all();
  // Does an output have packets of the stream that the pad of webrtcbin is of?
  bool is_received(GstPad* source) EXCLUDES(mutex_);
  void look_after_outputs();
  void mend(Entry& entry, gint64 now);
  std::vector<std::shared_ptr<Entry>> copy_entries() EXCLUDES(mutex_);

  GstElement* const element_;
  RemoteTracksOwner& owner_;
  RoomMember member_;
  Settings settings_;                           // of this membership
  std::unique_ptr<Subscriber> subscriber_;      // client thread
  RoomSession* session_ = nullptr;              // client thread; the member keeps it
  bool receiving_ = false;                      // client thread: there is a peer connection
  std::map<std::string, Wish> wishes_;          // client thread; by track sid
  std::set<std::string> told_encrypted_;        // client thread; track sids
  TrackIdentities identities_;                  // client thread
  std::unique_ptr<ClientTimer> outputs_timer_;  // client thread
  EndedStreams ended_streams_{[this](GstPad* source) { return is_received(source); }};
  Mutex mutex_;
  std::map<std::string, Announced> by_mid_ GUARDED_BY(mutex_);
  std::map<TrackIdentity, std::shared_ptr<Entry>> entries_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Entry>> leaving_ GUARDED_BY(mutex_);  // their tracks have ended
  std::map<MediaKind, unsigned> next_number_ GUARDED_BY(mutex_);
};

}  // namespace gstlk::client
