// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/router_port.h"

#include "plugins/sfu/router_track.h"
#include "plugins/sfu/track_shard.h"

namespace gstlk::sfu {

void RouterPort::attach(std::shared_ptr<RouterTrack> track, GstPad* peer) {
  detach();
  if (!track) return;
  const std::shared_ptr<SendPort> send_port = peer ? query_send_port(peer) : nullptr;
  {
    MutexLock lock(mutex_);
    track_ = track;
    send_port_ = send_port;
  }
  expect_wanted();
  if (send_port) {
    send_port->set_listener(shared_from_this());
    return;
  }
  const std::shared_ptr<TrackShard> shard = track->shard_of(nullptr);
  {
    MutexLock lock(mutex_);
    shard_ = shard;
  }
  shard->run([self = shared_from_this()](TrackShard& s) { s.add(self, nullptr); });
}

void RouterPort::on_port_bound(Worker& worker) {
  std::shared_ptr<RouterTrack> track;
  std::shared_ptr<SendPort> send_port;
  {
    MutexLock lock(mutex_);
    track = track_;
    send_port = send_port_;
  }
  if (!track || !send_port) return;  // detached meanwhile
  const std::shared_ptr<TrackShard> shard = track->shard_of(&worker);
  {
    MutexLock lock(mutex_);
    if (track_ != track) return;
    shard_ = shard;
  }
  shard->run([self = shared_from_this(), send_port](TrackShard& s) { s.add(self, send_port); });
}

void RouterPort::detach() {
  std::shared_ptr<TrackShard> shard;
  std::shared_ptr<SendPort> send_port;
  {
    MutexLock lock(mutex_);
    shard = std::move(shard_);
    send_port = std::move(send_port_);
    track_.reset();
  }
  if (send_port) send_port->set_listener(nullptr);
  if (shard) shard->run([self = shared_from_this()](TrackShard& s) { s.remove(*self); });
}

bool RouterPort::is_attached_to(GstPad* peer) {
  const std::shared_ptr<SendPort> send_port = query_send_port(peer);
  MutexLock lock(mutex_);
  return send_port == send_port_;
}

std::shared_ptr<TrackShard> RouterPort::shard() {
  MutexLock lock(mutex_);
  return shard_;
}

void RouterPort::set_max_layer(forward::Layer layer) {
  const forward::Layer before = max_layer_.exchange(layer);
  if (before == layer) return;
  if (layer.spatial > before.spatial) expect_wanted();
  apply_settings();
}

void RouterPort::set_paused(bool paused) {
  if (paused_.exchange(paused) == paused) return;
  expect_wanted();
  apply_settings();
}

// The publisher may have stopped the layer because nobody wanted it.
void RouterPort::expect_wanted() {
  std::shared_ptr<RouterTrack> track;
  {
    MutexLock lock(mutex_);
    track = track_;
  }
  if (track && !paused_) track->expect_layer(max_layer_.load().spatial);
}

void RouterPort::apply_settings() {
  const auto current = shard();
  if (!current) return;
  current->run([self = shared_from_this()](TrackShard& s) {
    if (!self->down_track_) return;
    self->down_track_->set_max_layer(self->max_layer_);
    self->down_track_->set_paused(self->paused_);
    s.start_filler(*self);
    s.poll(s.now());
  });
}

std::optional<RouterPort::Sending> RouterPort::sending() const {
  const PackedSending packed = sending_.load(std::memory_order_relaxed);
  if (packed.known == 0) return std::nullopt;
  return Sending{packed.current, packed.target};
}

void RouterPort::handle_nack(uint16_t sequence) {
  if (const auto current = shard()) {
    current->run(
        [self = shared_from_this(), sequence](TrackShard& s) { s.handle_nack(*self, sequence); });
  }
}

void RouterPort::handle_keyframe_request() {
  if (const auto current = shard()) {
    current->run([self = shared_from_this()](TrackShard& s) { s.handle_keyframe_request(*self); });
  }
}

}  // namespace gstlk::sfu
