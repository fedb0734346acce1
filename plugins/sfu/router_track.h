// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "forward/downtrack.h"
#include "forward/filler.h"
#include "forward/packet_ring.h"
#include "forward/published_track.h"
#include "plugins/sfu/send_port.h"
#include "plugins/sfu/timer_queue.h"
#include "rtp/audio_level_observer.h"
#include "rtp/header_extension.h"

namespace gstlk::sfu {

class RouterTrack;
class TrackShard;
class Worker;

// What caps say of a stream.
struct StreamFormat {
  rtp::Codec codec = rtp::Codec::Unknown;
  uint32_t clock_rate = 90'000;
  std::optional<PayloadType> red;  // packets with it are RED around the codec
  rtp::ExtensionMap extensions;

  static std::optional<StreamFormat> from_caps(const GstCaps* caps);
  // What makes another stream of it; the ids of header extensions do not.
  bool same_codec(const StreamFormat& other) const {
    return codec == other.codec && clock_rate == other.clock_rate;
  }
};

// The received packets of one push, parsed once, on their way to all shards. Immutable once made.
struct PacketBatch {
  Ref<GstBufferList> list;
  std::vector<SharedPacket> packets;  // of `list`, without what was malformed
  forward::TrackState state;
};

// A source pad of sfu-router: one subscription.
class RouterPort final : public SendPort::Listener,
                         public std::enable_shared_from_this<RouterPort> {
 public:
  explicit RouterPort(GstPad* pad) : pad_(Ref<GstPad>::share(pad)) {}

  // SendPort::Listener.
  void on_port_bound(Worker& worker) override;

  // The pad was linked to a peer, or its track is another: `track` may be null.
  void attach(std::shared_ptr<RouterTrack> track, GstPad* peer);
  void detach();

  void set_max_layer(forward::Layer layer);
  void set_paused(bool paused);
  void set_muted(bool muted);
  void set_ssrc(uint32_t ssrc) { ssrc_ = ssrc; }
  forward::Layer max_layer() const { return max_layer_.load(); }
  bool paused() const { return paused_.load(); }
  bool muted() const { return muted_.load(); }
  // As of the last packet that was sent; nullopt: none was.
  struct Sending {
    forward::Layer current;
    forward::Layer target;
  };
  std::optional<Sending> sending() const;

  void handle_nack(uint16_t sequence);
  void handle_keyframe_request();

 private:
  friend class RouterTrack;
  friend class TrackShard;

  std::shared_ptr<TrackShard> shard() EXCLUDES(mutex_);
  void apply_settings();

  Ref<GstPad> pad_;
  uint32_t ssrc_ = 0;
  std::atomic<forward::Layer> max_layer_{forward::kHighestLayer};
  std::atomic<bool> paused_{false};
  std::atomic<bool> muted_{false};
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
  forward::Filler filler_;
};

// The subscribers of one track that live on one worker, with the packets they may ask for again;
// or, without a worker, those whose peer is some other element, served on whatever thread pushes.
//
// A worker's shard is touched by its thread alone and takes no lock. The other kind has a lock, and
// pushes and sends events only after letting go of it.
class TrackShard final : public std::enable_shared_from_this<TrackShard>, private Timer {
 public:
  TrackShard(std::shared_ptr<RouterTrack> track, Worker* worker);

  Worker* worker() const { return worker_; }
  // Runs on the shard's thread: now when this is it, or when it has none.
  void run(std::function<void(TrackShard&)> task);
  void process(std::shared_ptr<const PacketBatch> batch);

  // --- inside run() ---
  void add(std::shared_ptr<RouterPort> port, std::shared_ptr<SendPort> send_port);
  void remove(RouterPort& port);
  void set_format(const StreamFormat& format, Ref<GstCaps> caps);
  void handle_sender_report(uint8_t encoding, NtpTime ntp, uint32_t timestamp);
  void handle_nack(RouterPort& port, uint16_t sequence);
  void handle_keyframe_request(RouterPort& port);
  void push_eos();
  // Keyframe requests and filler that are due.
  void poll(Timestamp now);
  void start_filler(RouterPort& port);
  Timestamp now() const;

 private:
  struct Output {
    Ref<GstPad> pad;
    Ref<GstBufferList> list;
    Ref<GstEvent> event;
  };

  void on_timer(Timestamp now) override;
  void forward(const PacketBatch& batch);
  void prefetch_after(size_t index) const;
  void remember(const PacketBatch& batch);
  void send(RouterPort& port, const Ref<GstBufferList>& list);
  void send_copies(RouterPort& port);
  void send_filler(RouterPort& port, Timestamp now);
  void start_port(RouterPort& port);
  void finish();

  const std::weak_ptr<RouterTrack> track_;
  Worker* const worker_;
  Mutex mutex_;  // held around every task when there is no worker

  std::optional<StreamFormat> format_;
  Ref<GstCaps> caps_;
  std::vector<forward::PacketRing<Ref<GstBuffer>>> rings_;
  std::vector<std::shared_ptr<RouterPort>> ports_;
  std::vector<StagedPacket> staged_;
  uint32_t wanted_keyframes_ = 0;  // a bit per encoding, to be asked for after the lock is gone
  std::vector<Output> outputs_;    // likewise
  bool busy_ = false;
};

// One published track: its encodings come in through sink pads, its subscribers are in shards.
class RouterTrack final : public std::enable_shared_from_this<RouterTrack> {
 public:
  explicit RouterTrack(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }

  void add_sink(GstPad* pad, uint8_t layer) EXCLUDES(mutex_);
  void remove_sink(GstPad* pad) EXCLUDES(mutex_);
  void set_screen_share(bool screen_share) EXCLUDES(mutex_);

  // From a sink pad of the track.
  bool handle_caps(uint8_t layer, GstCaps* caps) EXCLUDES(mutex_);
  void handle_list(uint8_t layer, Ref<GstBufferList> list) EXCLUDES(mutex_);
  void handle_sender_report(uint8_t layer, NtpTime ntp, uint32_t timestamp) EXCLUDES(mutex_);
  void handle_eos() EXCLUDES(mutex_);

  // The shard for `worker` (null: for other elements), made when it is the first of it.
  std::shared_ptr<TrackShard> shard_of(Worker* worker) EXCLUDES(mutex_);
  void request_keyframes(uint32_t encodings) EXCLUDES(mutex_);
  void expect_layer(uint8_t spatial) EXCLUDES(mutex_);
  bool has_sinks() const EXCLUDES(mutex_);

  // Spatial layers by their number: simulcast encodings, or those inside the only one (SVC).
  struct LayerStats {
    Bitrate bitrate;     // whole packets, of the last second
    uint16_t width = 0;  // of the last keyframe that said so; with SVC of the highest layer alone
    uint16_t height = 0;
    bool alive = false;
  };
  std::vector<LayerStats> layers(Timestamp now) const EXCLUDES(mutex_);
  // RFC 6464 level, smoothed, linear 0..1.
  double audio_level() const EXCLUDES(mutex_);
  // Of the last packet of any encoding.
  std::optional<Timestamp> last_arrival() const;

 private:
  struct Sink {
    GstPad* pad;
    uint8_t layer;
  };
  using Shards = std::vector<std::shared_ptr<TrackShard>>;

  void configure() REQUIRES(mutex_);
  std::shared_ptr<PacketBatch> parse(uint8_t layer, Ref<GstBufferList> list, Timestamp now)
      REQUIRES(mutex_);
  std::shared_ptr<const Shards> shards() EXCLUDES(mutex_);

  const std::string id_;
  mutable Mutex mutex_;
  std::vector<Sink> sinks_ GUARDED_BY(mutex_);
  bool screen_share_ GUARDED_BY(mutex_) = false;
  std::optional<StreamFormat> format_ GUARDED_BY(mutex_);
  Ref<GstCaps> caps_ GUARDED_BY(mutex_);
  // By layer: the ids differ between simulcast encodings only with a strange sender.
  std::optional<forward::PublishedTrack> published_ GUARDED_BY(mutex_);
  rtp::AudioLevelObserver level_ GUARDED_BY(mutex_){48'000};
  std::shared_ptr<const Shards> shards_ GUARDED_BY(mutex_) = std::make_shared<Shards>();
  std::atomic<int64_t> last_arrival_us_{-1};
};

}  // namespace gstlk::sfu
