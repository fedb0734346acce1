// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/connection_settings.h"
#include "plugins/livekit/data_pad.h"
#include "plugins/livekit/livekit_sink_pad.h"
#include "plugins/livekit/publisher.h"
#include "plugins/livekit/room_member.h"

namespace gstlk::client {

class SinkRoom;

// The track of a media pad, or of several whose property `track` is the same; the settings are
// those of the first.
class SinkTrack : public LocalTrack::Listener {
 public:
  SinkTrack(SinkRoom& sink, GstLiveKitSinkPad* pad, MediaKind kind);

  void on_track_ready() override;
  void on_track_error(const std::string& why) override;
  void on_track_warning(const std::string& why) override;

  LocalTrack& track() { return track_; }
  GstLiveKitSinkPad* pad() const { return pad_.get(); }
  TrackSettings settings() const;
  TrackSettings track_settings() override { return settings(); }
  // One of its pads is gone. Any thread.
  void end() { ended_ = true; }
  bool can_be_published() const { return !ended_ && track_.format(); }

 private:
  SinkRoom& sink_;
  const Ref<GstLiveKitSinkPad> pad_;
  LocalTrack track_;
  std::atomic<bool> ended_ = false;
};

// What livekitsink does: a track for each media pad, published while the room is joined; data
// packets of data pads.
//
// Thread-safe. Order of locks: mutex_ alone; never held while a pad, the session or a track is
// called.
class SinkRoom : public PublisherOwner {
 public:
  explicit SinkRoom(GstElement* element) : element_(element), member_(element) {}

  ConnectionSettings settings;  // under the element's object lock

  bool join();
  void leave();
  // Leaves without waiting: streaming threads may ask for it. leave() still has to follow.
  void disconnect();
  // nullptr when there is a pad of that name.
  GstPad* request_pad(GstPadTemplate* pad_template, const char* name);
  void release_pad(GstPad* pad);
  bool publish_data(GBytes* payload, const DataWishes& wishes) {
    return member_.publish_data(payload, wishes);
  }
  void mute_changed(GstLiveKitSinkPad* pad);
  // The pad becomes an encoding of the track of the pad that had its `track` first.
  void join_track(GstLiveKitSinkPad* pad);
  void track_ready(SinkTrack& track);
  GstStructure* stats();
  // Counts what has ended; posts EOS when all has that anything has come to, or may.
  void handle_eos(GstPad* pad, bool ended) EXCLUDES(mutex_);

  GstElement* element() const { return element_; }

 private:
  enum class Progress : uint8_t { Nothing, Begun, Ended };

  std::string pad_name(const char* name, const std::string& prefix) EXCLUDES(mutex_);
  GstPad* add_data_pad(GstPadTemplate* pad_template, const std::string& name);
  GstPad* add_media_pad(GstPadTemplate* pad_template, const std::string& name, MediaKind kind);
  bool add_to_element(GstPad* pad);
  void let_go(RoomSession& session);
  // Everything that belongs to the pad goes, but for its place in the element.
  void take_down(GstPad* pad) EXCLUDES(mutex_);
  std::shared_ptr<SinkTrack> track_of(GstLiveKitSinkPad* pad) EXCLUDES(mutex_);
  std::shared_ptr<SinkTrack> other_track(GstLiveKitSinkPad* pad, const std::string& name)
      EXCLUDES(mutex_);
  void remove_bin(LocalTrack& track);
  void watch_eos(GstPad* pad) EXCLUDES(mutex_);
  void post_eos_when_all_ended() EXCLUDES(mutex_);
  void publish(SinkTrack& track);
  SinkTrack* find(const LocalTrack& track);

  void on_published(LocalTrack& track, const ::livekit::TrackInfo& info) override;
  void on_refused(LocalTrack& track, const std::string& why) override;
  void on_muted_by_server(LocalTrack& track, bool muted) override;

  GstElement* const element_;
  RoomMember member_;
  std::unique_ptr<Publisher> publisher_;  // client thread
  Mutex mutex_;
  std::map<GstPad*, std::shared_ptr<SinkTrack>> tracks_ GUARDED_BY(mutex_);
  std::map<GstPad*, Progress> progress_ GUARDED_BY(mutex_);  // of data pads, too
  bool eos_posted_ GUARDED_BY(mutex_) = false;
  std::map<std::string, unsigned> next_ GUARDED_BY(mutex_);
};

}  // namespace gstlk::client
