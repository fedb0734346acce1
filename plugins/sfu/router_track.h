// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "forward/published_track.h"
#include "plugins/sfu/stream_format.h"
#include "plugins/sfu/track_shard.h"
#include "rtp/audio_level_observer.h"

namespace gstlk::sfu {

class Worker;

// One published track: its encodings come in through sink pads, its subscribers are in shards.
// Thread-safe. A packet is parsed under the lock and handed to the shards without it; pads are
// pushed on, and shards called, without it as well.
class RouterTrack final : public std::enable_shared_from_this<RouterTrack> {
 public:
  RouterTrack(std::string id, const rtp::AudioLevelSettings& level_settings)
      : id_(std::move(id)), level_settings_(level_settings), level_(48'000, level_settings) {}

  const std::string& id() const { return id_; }

  void add_sink(GstPad* pad, uint8_t layer) EXCLUDES(mutex_);
  void remove_sink(GstPad* pad) EXCLUDES(mutex_);
  void set_screen_share(bool screen_share) EXCLUDES(mutex_);
  void set_filler_trailer(Bytes trailer) EXCLUDES(mutex_);
  // What ends the frames that we make ourselves.
  Bytes filler_trailer() const EXCLUDES(mutex_);

  // From a sink pad of the track.
  bool handle_caps(uint8_t layer, GstCaps* caps) EXCLUDES(mutex_);
  // True: a keyframe begins in it.
  bool handle_list(uint8_t layer, Ref<GstBufferList> list) EXCLUDES(mutex_);
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
  void forget_published() REQUIRES(mutex_);
  std::shared_ptr<PacketBatch> parse(uint8_t layer, Ref<GstBufferList> list, Timestamp now)
      REQUIRES(mutex_);
  std::shared_ptr<const Shards> shards() EXCLUDES(mutex_);

  const std::string id_;
  const rtp::AudioLevelSettings level_settings_;
  mutable Mutex mutex_;
  std::vector<Sink> sinks_ GUARDED_BY(mutex_);
  bool screen_share_ GUARDED_BY(mutex_) = false;
  Bytes filler_trailer_ GUARDED_BY(mutex_);
  std::optional<StreamFormat> format_ GUARDED_BY(mutex_);
  Ref<GstCaps> caps_ GUARDED_BY(mutex_);
  // By layer: the ids differ between simulcast encodings only with a strange sender.
  std::optional<forward::PublishedTrack> published_ GUARDED_BY(mutex_);
  forward::TrackStart start_ GUARDED_BY(mutex_);  // of the next one
  rtp::AudioLevelObserver level_ GUARDED_BY(mutex_);
  std::shared_ptr<const Shards> shards_ GUARDED_BY(mutex_) = std::make_shared<Shards>();
  std::atomic<int64_t> last_arrival_us_{-1};
};

}  // namespace gstlk::sfu
