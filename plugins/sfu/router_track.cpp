// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/router_track.h"

#include <gst/video/video.h>

#include <algorithm>
#include <bit>

#include "plugins/sfu/flat_buffer.h"
#include "plugins/sfu/worker.h"
#include "rtp/packet.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_router_debug);
#define GST_CAT_DEFAULT gst_sfu_router_debug

namespace gstlk::sfu {

void RouterTrack::add_sink(GstPad* pad, uint8_t layer) {
  MutexLock lock(mutex_);
  sinks_.push_back({pad, std::min<uint8_t>(layer, forward::kMaxSpatialLayers - 1)});
  configure();
}

void RouterTrack::remove_sink(GstPad* pad) {
  MutexLock lock(mutex_);
  std::erase_if(sinks_, [&](const Sink& sink) { return sink.pad == pad; });
  if (sinks_.empty()) {
    forget_published();
    format_.reset();
  }
}

// Subscribers that stay know by the generation that it begins anew.
void RouterTrack::forget_published() {
  if (published_) start_ = published_->next_start();
  published_.reset();
}

void RouterTrack::set_screen_share(bool screen_share) {
  MutexLock lock(mutex_);
  if (std::exchange(screen_share_, screen_share) != screen_share) configure();
}

void RouterTrack::set_filler_trailer(Bytes trailer) {
  MutexLock lock(mutex_);
  filler_trailer_ = std::move(trailer);
}

Bytes RouterTrack::filler_trailer() const {
  MutexLock lock(mutex_);
  return filler_trailer_;
}

bool RouterTrack::has_sinks() const {
  MutexLock lock(mutex_);
  return !sinks_.empty();
}

void RouterTrack::configure() {
  if (!format_) return;
  forward::PublishedTrackConfig config;
  config.codec = format_->codec;
  config.clock_rate = format_->clock_rate;
  config.screen_share = screen_share_;
  config.encodings = 1;
  for (const Sink& sink : sinks_) {
    config.encodings = std::max<uint8_t>(config.encodings, static_cast<uint8_t>(sink.layer + 1));
  }
  const bool same = published_ && published_->config().codec == config.codec &&
                    published_->config().clock_rate == config.clock_rate &&
                    published_->config().screen_share == config.screen_share &&
                    published_->config().encodings == config.encodings;
  if (same) return;
  forget_published();
  config.start = start_;
  published_.emplace(config);
}

bool RouterTrack::handle_caps(uint8_t layer, GstCaps* caps) {
  const auto format = StreamFormat::from_caps(caps);
  if (!format) return false;
  std::shared_ptr<const Shards> all;
  auto shared_caps = Ref<GstCaps>::share(caps);
  {
    MutexLock lock(mutex_);
    GST_INFO("track %s layer %u: %" GST_PTR_FORMAT, id_.c_str(), layer, caps);
    if (!format_ || !format_->same_codec(*format)) {
      level_ = rtp::AudioLevelObserver(format->clock_rate, level_settings_);
    }
    format_ = *format;
    caps_ = shared_caps;
    configure();
    all = shards_;
  }
  for (const auto& shard : *all) {
    shard->run(
        [format = *format, shared_caps](TrackShard& s) { s.set_format(format, shared_caps); });
  }
  return true;
}

bool RouterTrack::handle_list(uint8_t layer, Ref<GstBufferList> list) {
  list = flattened(std::move(list));
  const Worker* worker = Worker::current();
  const Timestamp time = worker ? worker->now() : Worker::read_clock();
  last_arrival_us_.store(time.time_since_epoch().count(), std::memory_order_relaxed);
  std::shared_ptr<const PacketBatch> batch;
  std::shared_ptr<const Shards> all;
  {
    MutexLock lock(mutex_);
    if (!published_) return false;
    batch = parse(layer, std::move(list), time);
    all = shards_;
  }
  if (batch->packets.empty()) return false;
  // Other threads first: they work while this one does.
  for (const auto& shard : *all) {
    if (shard->worker() && shard->worker() != worker) shard->process(batch);
  }
  for (const auto& shard : *all) {
    if (!shard->worker() || shard->worker() == worker) shard->process(batch);
  }
  return std::ranges::any_of(batch->packets, [](const SharedPacket& packet) {
    return packet.received.descriptor.keyframe && !packet.received.late;
  });
}

std::shared_ptr<PacketBatch> RouterTrack::parse(uint8_t layer, Ref<GstBufferList> list,
                                                Timestamp time) {
  auto batch = std::make_shared<PacketBatch>();
  const guint length = gst_buffer_list_length(list.get());
  batch->packets.reserve(length);
  const rtp::ExtensionMap& extensions = format_->extensions;
  const forward::ExtensionIds ids{extensions.id_of(rtp::ExtensionType::DependencyDescriptor)};
  for (guint i = 0; i < length; ++i) {
    GstBuffer* buffer = gst_buffer_list_get(list.get(), i);
    const ByteView bytes = stable_bytes(buffer);
    auto received = published_->receive(layer, bytes, ids, time);
    if (!received) continue;
    SharedPacket packet{*received, {}, buffer};
    if (const auto view = rtp::PacketView::parse(bytes); view && view->has_extension()) {
      packet.capture_time =
          rtp::find_extension(*view, extensions, rtp::ExtensionType::AbsCaptureTime);
      const auto level = rtp::read_audio_level(
          rtp::find_extension(*view, extensions, rtp::ExtensionType::AudioLevel));
      if (level) level_.on_packet(*level, view->timestamp(), time);
    }
    if (format_->red && PayloadType(bytes[1] & 0x7f) == *format_->red) {
      packet.received.descriptor.codec = rtp::Codec::Red;
    }
    batch->packets.push_back(packet);
  }
  batch->arrived = time;
  batch->state = published_->state(time);
  batch->list = std::move(list);
  return batch;
}

void RouterTrack::handle_sender_report(uint8_t layer, NtpTime ntp, uint32_t timestamp) {
  const Worker* worker = Worker::current();
  const Timestamp time = worker ? worker->now() : Worker::read_clock();
  std::shared_ptr<const Shards> all;
  {
    MutexLock lock(mutex_);
    if (!published_) return;
    published_->handle_sender_report(layer, ntp, timestamp, time);
    all = shards_;
  }
  for (const auto& shard : *all) {
    shard->run([=](TrackShard& s) { s.handle_sender_report(layer, ntp, timestamp); });
  }
}

void RouterTrack::handle_eos() {
  for (const auto& shard : *shards()) {
    shard->run([](TrackShard& s) { s.push_eos(); });
  }
}

std::shared_ptr<const RouterTrack::Shards> RouterTrack::shards() {
  MutexLock lock(mutex_);
  return shards_;
}

std::shared_ptr<TrackShard> RouterTrack::shard_of(Worker* worker) {
  std::shared_ptr<TrackShard> shard;
  std::optional<StreamFormat> format;
  Ref<GstCaps> caps;
  {
    MutexLock lock(mutex_);
    for (const auto& existing : *shards_) {
      if (existing->worker() == worker) return existing;
    }
    shard = std::make_shared<TrackShard>(shared_from_this(), worker);
    auto more = std::make_shared<Shards>(*shards_);
    more->push_back(shard);
    shards_ = std::move(more);
    format = format_;
    caps = caps_;
  }
  if (format) {
    shard->run([format = *format, caps](TrackShard& s) { s.set_format(format, caps); });
  }
  return shard;
}

void RouterTrack::request_keyframes(uint32_t encodings) {
  std::vector<Ref<GstPad>> pads;
  {
    MutexLock lock(mutex_);
    for (const Sink& sink : sinks_) {
      if (encodings >> sink.layer & 1) pads.push_back(Ref<GstPad>::share(sink.pad));
    }
  }
  for (const auto& pad : pads) {
    gst_pad_push_event(pad.get(),
                       gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
  }
}

void RouterTrack::expect_layer(uint8_t spatial) {
  MutexLock lock(mutex_);
  if (published_) published_->expect_layer(spatial);
}

std::vector<RouterTrack::LayerStats> RouterTrack::layers(Timestamp now) const {
  MutexLock lock(mutex_);
  if (!published_) return {};
  const forward::TrackState state = published_->state(now);
  size_t count = state.encodings;
  if (state.svc) count = std::max<size_t>(1, static_cast<size_t>(std::bit_width(state.alive)));
  std::vector<LayerStats> layers(count);
  for (uint8_t i = 0; i < count; ++i) {
    layers[i].bitrate = published_->layer_bitrate(i, now);
    layers[i].alive = state.alive >> i & 1;
    if (state.svc && i + 1U < count) continue;
    const forward::EncodingStats stats = published_->stats(state.svc ? uint8_t{0} : i, now);
    layers[i].width = stats.width;
    layers[i].height = stats.height;
  }
  return layers;
}

double RouterTrack::audio_level() const {
  MutexLock lock(mutex_);
  return level_.level(Worker::read_clock());
}

std::optional<Timestamp> RouterTrack::last_arrival() const {
  const int64_t us = last_arrival_us_.load(std::memory_order_relaxed);
  if (us < 0) return std::nullopt;
  return Timestamp(Duration(us));
}

}  // namespace gstlk::sfu
