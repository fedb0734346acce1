// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/track_shard.h"

#include <algorithm>

#include "base/prefetch.h"
#include "plugins/sfu/flat_buffer.h"
#include "plugins/sfu/router_port.h"
#include "plugins/sfu/router_track.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/whole_packet.h"
#include "plugins/sfu/worker.h"
#include "rtp/packet.h"

namespace gstlk::sfu {
namespace {

// About two seconds of 720p and of audio with 20 ms packets.
constexpr size_t kVideoRing = 512;
constexpr size_t kAudioRing = 128;
// Many subscribers who wait for a keyframe, or get filler, are looked at together.
constexpr Duration kRequestGrid = 50ms;
constexpr Duration kFillerGrid = 20ms;
// With more subscribers a batch's list is copied for each worker: they all count references to it.
constexpr size_t kFewPorts = 8;
// About, of an sfu-transport's.
constexpr size_t kSendPortSize = 320;

}  // namespace

TrackShard::TrackShard(std::shared_ptr<RouterTrack> track, Worker* worker)
    : track_(track), worker_(worker) {}

Timestamp TrackShard::now() const {
  return worker_ && worker_->is_current() ? worker_->now() : Worker::read_clock();
}

void TrackShard::run(std::function<void(TrackShard&)> task) {
  if (!worker_) {
    {
      MutexLock lock(mutex_);
      task(*this);
    }
    finish();
  } else if (worker_->is_current()) {
    task(*this);
    finish();
  } else {
    worker_->post([self = shared_from_this(), task = std::move(task)] {
      task(*self);
      self->finish();
    });
  }
}

void TrackShard::process(std::shared_ptr<const PacketBatch> batch) {
  if (!has_ports_.load(std::memory_order_relaxed)) return;
  if (worker_ && worker_->is_current()) {
    forward(*batch);
    finish();
    return;
  }
  if (worker_) {
    worker_->post_packets([self = shared_from_this(), batch = std::move(batch)] {
      self->forward(*batch);
      self->finish();
    });
    return;
  }
  run([batch = std::move(batch)](TrackShard& self) { self.forward(*batch); });
}

// What must not happen under the lock of a shard without a worker.
void TrackShard::finish() {
  std::vector<Output> outputs;
  uint32_t wanted = 0;
  if (worker_) {
    wanted = std::exchange(wanted_keyframes_, 0);
    if (!outputs_.empty()) outputs.swap(outputs_);
  } else {
    MutexLock lock(mutex_);
    wanted = std::exchange(wanted_keyframes_, 0);
    outputs.swap(outputs_);
  }
  for (Output& output : outputs) {
    if (output.event) {
      gst_pad_push_event(output.pad.get(), output.event.release());
    } else {
      gst_pad_push_list(output.pad.get(), output.list.release());
    }
  }
  if (wanted == 0) return;
  if (const auto track = track_.lock()) track->request_keyframes(wanted);
}

void TrackShard::forward(const PacketBatch& batch) {
  remember(batch);
  const Timestamp time = now();
  Ref<GstBufferList> list = batch.list;
  if (worker_ && ports_.size() > kFewPorts)
    list = Ref<GstBufferList>::adopt(gst_buffer_list_copy(batch.list.get()));
  bool waiting = false;
  for (size_t i = 0; i < ports_.size(); ++i) {
    prefetch_after(i);
    const std::shared_ptr<RouterPort>& port = ports_[i];
    forward::DownTrack* down_track = port->down_track_.get();
    if (!down_track) continue;
    staged_.clear();
    for (const SharedPacket& packet : batch.packets) {
      const auto decision = down_track->handle(packet.received, batch.state, time);
      if (const auto* forward = std::get_if<forward::Forward>(&decision)) {
        staged_.push_back({&packet, forward->rewrite, false});
      }
    }
    if (!staged_.empty()) send(*port, list);
    if (worker_) worker_->traffic().latency.on_forwarded(batch.arrived, staged_.size());
    waiting |= down_track->next_timeout().has_value();
  }
  if (waiting) poll(time);
}

// Some hundred subscribers, and what is sent to them, do not fit into the cache. So the next ones
// are fetched while this one is served, which is a tenth of what a packet costs: first what the
// port points at, then what that points at.
void TrackShard::prefetch_after(size_t index) const {
  if (index + 3 < ports_.size()) prefetch(ports_[index + 3].get(), sizeof(RouterPort));
  if (index + 2 < ports_.size()) {
    const RouterPort& later = *ports_[index + 2];
    prefetch(later.down_track_.get(), sizeof(forward::DownTrack));
    prefetch(later.pad_.get(), sizeof(GstPad));
    prefetch(later.staging_.get(), kSendPortSize);
  }
  if (index + 1 < ports_.size()) {
    const RouterPort& next = *ports_[index + 1];
    if (next.down_track_) next.down_track_->prefetch_next();
    if (next.staging_) next.staging_->prefetch_next();
  }
}

void TrackShard::remember(const PacketBatch& batch) {
  for (const SharedPacket& packet : batch.packets) {
    const size_t encoding = packet.received.encoding;
    if (encoding >= forward::kMaxSpatialLayers) continue;
    while (rings_.size() <= encoding) {
      rings_.emplace_back(format_ && rtp::is_video(format_->codec) ? kVideoRing : kAudioRing);
    }
    rings_[encoding].insert(packet.received.sequence, Ref<GstBuffer>::share(packet.buffer));
  }
}

void TrackShard::send(RouterPort& port, const Ref<GstBufferList>& list) {
  if (const auto layer = port.down_track_->current_layer()) note_layer(port, *layer);
  if (!port.staging_) {
    send_copies(port);
    return;
  }
  port.staging_->stage(staged_);
  gst_pad_push_list(port.pad_.get(), gst_buffer_list_ref(list.get()));
  // A pad that was unlinked meanwhile did not take it.
  port.staging_->stage({});
}

void TrackShard::note_layer(RouterPort& port, forward::Layer layer) const {
  const auto before = port.sending_.load(std::memory_order_relaxed);
  port.sending_.store({layer, port.down_track_->target_layer(), 1}, std::memory_order_relaxed);
  if (!worker_ || before.known == 0 || before.current.spatial == layer.spatial) return;
  const bool up = layer.spatial > before.current.spatial;
  (up ? worker_->traffic().switches_up : worker_->traffic().switches_down).add();
}

// For a peer that does not share: whole packets of its own.
void TrackShard::send_copies(RouterPort& port) {
  auto list =
      Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(static_cast<guint>(staged_.size())));
  const Timestamp time = now();
  for (const StagedPacket& staged : staged_) {
    gst_buffer_list_add(list.get(), new_whole_packet(staged, Ssrc(port.ssrc_)).release());
    StreamPosition::note(port.position_, staged.rewrite.sequence, staged.rewrite.timestamp, time);
  }
  outputs_.push_back({port.pad_, std::move(list), {}});
}

void TrackShard::add(std::shared_ptr<RouterPort> port, std::shared_ptr<SendPort> send_port) {
  if (std::ranges::find(ports_, port) != ports_.end()) return;
  port->staging_ = std::move(send_port);
  start_port(*port);
  ports_.push_back(std::move(port));
  has_ports_.store(true, std::memory_order_relaxed);
  poll(now());
}

void TrackShard::start_port(RouterPort& port) {
  if (!format_) return;
  forward::DownTrackConfig config;
  config.codec = format_->codec;
  config.clock_rate = format_->clock_rate;
  const auto position = port.staging_ ? port.staging_->position() : port.position_;
  if (position) {
    config.first_sequence = position->next_sequence;
    config.first_timestamp_at = now();
    config.first_timestamp = position->timestamp_at(*config.first_timestamp_at, config.clock_rate);
  } else {
    config.first_sequence = static_cast<uint16_t>(g_random_int_range(0, 0x4000));
    config.first_timestamp = g_random_int();
  }
  config.max_layer = port.max_layer_;
  port.down_track_ = std::make_unique<forward::DownTrack>(config);
  port.down_track_->set_paused(port.paused_);
  start_filler(port);
  GstCaps* caps = gst_caps_copy(caps_.get());
  gst_caps_set_simple(caps, "ssrc", G_TYPE_UINT, port.ssrc_, nullptr);
  gst_structure_remove_fields(gst_caps_get_structure(caps, 0), "mid", "rid", nullptr);
  outputs_.push_back({port.pad_, {}, Ref<GstEvent>::adopt(gst_event_new_caps(caps))});
  gst_caps_unref(caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  outputs_.push_back({port.pad_, {}, Ref<GstEvent>::adopt(gst_event_new_segment(&segment))});
}

// Only a transport's client is in need of it.
void TrackShard::start_filler(RouterPort& port) {
  if (!port.staging_ || port.down_track_->stats().packets > 0) {
    port.filler_.stop();
  } else if (!port.filler_.next_timeout()) {
    port.filler_.start(rtp::is_video(format_->codec), now());
  }
}

void TrackShard::send_filler(RouterPort& port, Timestamp time) {
  const auto rewrite = port.down_track_->fill(time);
  if (!rewrite) return port.filler_.stop();
  const ByteView silence = forward::silence(format_->codec);
  Bytes frame(silence.begin(), silence.end());
  if (const auto track = track_.lock(); track && !frame.empty()) {
    const Bytes trailer = track->filler_trailer();
    frame.insert(frame.end(), trailer.begin(), trailer.end());
  }
  SharedPacket packet;
  packet.received.payload = packet.received.bytes = frame;
  packet.received.descriptor.codec = format_->codec;
  staged_.assign(1, {&packet, *rewrite, false});
  send(port, Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(1)));
}

void TrackShard::remove(RouterPort& port) {
  port.staging_.reset();
  port.down_track_.reset();
  std::erase_if(ports_, [&](const auto& entry) { return entry.get() == &port; });
  if (ports_.empty()) {
    has_ports_.store(false, std::memory_order_relaxed);
    rings_.clear();
    if (worker_) worker_->timers().cancel(*this);
  }
}

void TrackShard::set_format(const StreamFormat& format, Ref<GstCaps> caps) {
  const bool same = format_ && format_->same_codec(format);
  format_ = format;
  caps_ = std::move(caps);
  if (same) return;
  rings_.clear();
  for (const auto& port : ports_) start_port(*port);
  poll(now());
}

void TrackShard::handle_sender_report(uint8_t encoding, NtpTime ntp, uint32_t timestamp) {
  for (const auto& port : ports_) {
    if (!port->down_track_) continue;
    const auto out = port->down_track_->to_out_timestamp(encoding, timestamp);
    if (!out) continue;
    outputs_.push_back({port->pad_, {}, Ref<GstEvent>::adopt(new_sender_report(ntp, *out))});
  }
}

void TrackShard::handle_nack(RouterPort& port, uint16_t sequence) {
  if (!port.down_track_) return;
  if (const auto known = port.staging_ ? port.staging_->round_trip() : std::nullopt) {
    port.down_track_->set_round_trip(*known);
  }
  const auto again = port.down_track_->on_nack(sequence, now());
  if (!again || again->encoding >= rings_.size()) return;
  const Ref<GstBuffer>* buffer = rings_[again->encoding].find(again->sequence);
  if (!buffer || !*buffer) return;
  const ByteView bytes = stable_bytes(buffer->get());
  const auto view = rtp::PacketView::parse(bytes);
  if (!view) return;
  SharedPacket shared;
  shared.buffer = buffer->get();
  shared.received.bytes = bytes;
  shared.received.payload = view->payload();
  shared.received.encoding = again->encoding;
  shared.received.descriptor.codec =
      format_->red == view->payload_type() ? rtp::Codec::Red : format_->codec;
  // Clients send it with every codec; a repetition has it where the first sending had it.
  if (forward::uses_dependency_descriptor(format_->codec)) {
    shared.received.descriptor_bytes =
        rtp::find_extension(*view, format_->extensions, rtp::ExtensionType::DependencyDescriptor);
  }
  shared.capture_time =
      rtp::find_extension(*view, format_->extensions, rtp::ExtensionType::AbsCaptureTime);
  staged_.assign(1, {&shared, again->rewrite, true});
  auto list = Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(1));
  gst_buffer_list_add(list.get(), gst_buffer_ref(buffer->get()));
  send(port, list);
}

void TrackShard::handle_keyframe_request(RouterPort& port) {
  if (port.down_track_) wanted_keyframes_ |= 1u << port.down_track_->target_encoding();
}

void TrackShard::push_eos() {
  for (const auto& port : ports_) {
    // A transport goes on without the track.
    if (port->staging_) continue;
    outputs_.push_back({port->pad_, {}, Ref<GstEvent>::adopt(gst_event_new_eos())});
  }
}

void TrackShard::poll(Timestamp time) {
  std::optional<Timestamp> next;
  // A track that is muted from the start may stay so: its first packet comes back here.
  const auto track = track_.lock();
  const bool has_begun = track && track->last_arrival();
  for (const auto& port : ports_) {
    if (!port->down_track_) continue;
    const auto wanted = has_begun ? port->down_track_->poll_keyframe_request(time) : std::nullopt;
    if (wanted) wanted_keyframes_ |= 1u << *wanted;
    if (port->filler_.poll(time)) send_filler(*port, time);
    const auto consider = [&](std::optional<Timestamp> due, Duration grid) {
      if (due) next = std::min(next.value_or(Timestamp::max()), round_up(*due, grid));
    };
    if (has_begun) consider(port->down_track_->next_timeout(), kRequestGrid);
    consider(port->filler_.next_timeout(), kFillerGrid);
  }
  if (!worker_) return;
  if (next) {
    worker_->timers().schedule(*this, std::max(*next, time + 1ms));
  } else {
    worker_->timers().cancel(*this);
  }
}

void TrackShard::on_timer(Timestamp time) {
  poll(time);
  finish();
}

}  // namespace gstlk::sfu
