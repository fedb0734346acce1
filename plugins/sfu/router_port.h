// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "base/ref.h"
#include "forward/downtrack.h"
#include "forward/filler.h"
#include "plugins/sfu/send_port.h"

namespace gstlk::sfu {

class RouterTrack;
class TrackShard;
class Worker;

// A source pad of sfu-router: one subscription. Its settings, and where it belongs, may be changed
// on any thread; what it is sent is made of them by the shard that it is in, on that one's thread.
//
// Order of locks: mutex_ alone; neither the shard nor the SendPort is called under it.
class RouterPort final : public SendPort::Listener,
                         public std::enable_shared_from_this<RouterPort> {
 public:
  explicit RouterPort(GstPad* pad) : pad_(Ref<GstPad>::share(pad)) {}

  // SendPort::Listener.
  void on_port_bound(Worker& worker) override;

  // The pad was linked to a peer, or its track is another: `track` may be null.
  void attach(std::shared_ptr<RouterTrack> track, GstPad* peer);
  void detach();
  // Whether `peer` is what it was attached to: an sfu-transport that was started again has another
  // SendPort.
  bool is_attached_to(GstPad* peer) EXCLUDES(mutex_);

  void set_max_layer(forward::Layer layer);
  void set_paused(bool paused);
  void set_ssrc(uint32_t ssrc) { ssrc_ = ssrc; }
  forward::Layer max_layer() const { return max_layer_.load(); }
  bool paused() const { return paused_.load(); }
  // As of the last packet that was sent; nullopt: none was.
  struct Sending {
    forward::Layer current;
    forward::Layer target;
  };
  std::optional<Sending> sending() const;

  void handle_nack(uint16_t sequence);
  void handle_keyframe_request();

 private:
  friend class TrackShard;

  std::shared_ptr<TrackShard> shard() EXCLUDES(mutex_);
  void apply_settings();
  void expect_wanted();

  Ref<GstPad> pad_;
  uint32_t ssrc_ = 0;
  std::atomic<forward::Layer> max_layer_{forward::kHighestLayer};
  std::atomic<bool> paused_{false};
  // In one word, so that no reader sees half of it.
  struct alignas(uint64_t) PackedSending {
    forward::Layer current;
    forward::Layer target;
    uint32_t known = 0;
  };
  std::atomic<PackedSending> sending_{};

  Mutex mutex_;
  std::shared_ptr<RouterTrack> track_ GUARDED_BY(mutex_);
  std::shared_ptr<TrackShard> shard_ GUARDED_BY(mutex_);
  std::shared_ptr<SendPort> send_port_ GUARDED_BY(mutex_);

  // The shard's thread.
  std::shared_ptr<SendPort> staging_;
  std::unique_ptr<forward::DownTrack> down_track_;
  std::optional<StreamPosition> position_;  // towards an element that is no sfu-transport
  forward::Filler filler_;
};

}  // namespace gstlk::sfu
