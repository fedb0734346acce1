// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/router_track.h"

#include <gst/video/video.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "base/prefetch.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/worker.h"
#include "rtp/packet.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_router_debug);
#define GST_CAT_DEFAULT gst_sfu_router_debug

namespace gstlk::sfu {
namespace {

// About two seconds of 720p and of audio with 20 ms packets.
constexpr size_t kVideoRing = 512;
constexpr size_t kAudioRing = 128;
// About, of an sfu-transport's.
constexpr size_t kSendPortSize = 320;

gboolean read_extension(GQuark field, const GValue* value, gpointer data) {
  const char* name = g_quark_to_string(field);
  if (!g_str_has_prefix(name, "extmap-")) return TRUE;
  const int id = atoi(name + strlen("extmap-"));
  // GStreamer writes either the URI, or an array of direction, URI and attributes.
  const char* uri = nullptr;
  if (G_VALUE_HOLDS_STRING(value)) {
    uri = g_value_get_string(value);
  } else if (GST_VALUE_HOLDS_ARRAY(value) && gst_value_array_get_size(value) > 1) {
    uri = g_value_get_string(gst_value_array_get_value(value, 1));
  }
  if (uri && id > 0 && id < 256) {
    static_cast<rtp::ExtensionMap*>(data)->add(static_cast<uint8_t>(id), uri);
  }
  return TRUE;
}

// The bytes of a buffer that stays mapped as long as it lives: system memory in one piece, as
// network elements make it.
ByteView stable_bytes(GstBuffer* buffer) {
  if (gst_buffer_n_memory(buffer) != 1) return {};
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return {};
  const ByteView bytes(map.data, map.size);
  gst_buffer_unmap(buffer, &map);
  return bytes;
}

Ref<GstBuffer> flattened(GstBuffer* buffer) {
  const gsize size = gst_buffer_get_size(buffer);
  auto copy = Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, size, nullptr));
  GstMapInfo map;
  gst_buffer_map(copy.get(), &map, GST_MAP_WRITE);
  gst_buffer_extract(buffer, 0, map.data, size);
  gst_buffer_unmap(copy.get(), &map);
  gst_buffer_copy_into(copy.get(), buffer, GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  return copy;
}

// A list whose buffers are all in one piece; the same list where they are already.
Ref<GstBufferList> flattened(Ref<GstBufferList> list) {
  const guint length = gst_buffer_list_length(list.get());
  bool flat = true;
  for (guint i = 0; i < length; ++i) {
    flat &= gst_buffer_n_memory(gst_buffer_list_get(list.get(), i)) == 1;
  }
  if (flat) return list;
  auto copy = Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(length));
  for (guint i = 0; i < length; ++i) {
    gst_buffer_list_add(copy.get(), flattened(gst_buffer_list_get(list.get(), i)).release());
  }
  return copy;
}

}  // namespace

std::optional<StreamFormat> StreamFormat::from_caps(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* name = gst_structure_get_string(structure, "encoding-name");
  int clock_rate = 0;
  if (!name || !gst_structure_get_int(structure, "clock-rate", &clock_rate) || clock_rate <= 0) {
    return std::nullopt;
  }
  StreamFormat format;
  format.codec = rtp::codec_from_name(name);
  format.clock_rate = static_cast<uint32_t>(clock_rate);
  int red = 0;
  if (gst_structure_get_int(structure, "red-payload", &red)) {
    format.red = PayloadType(static_cast<uint8_t>(red));
  }
  gst_structure_foreach(structure, read_extension, &format.extensions);
  return format;
}

// --- RouterPort ---

void RouterPort::attach(std::shared_ptr<RouterTrack> track, GstPad* peer) {
  detach();
  if (!track) return;
  const std::shared_ptr<SendPort> send_port = peer ? query_send_port(peer) : nullptr;
  {
    MutexLock lock(mutex_);
    track_ = track;
    send_port_ = send_port;
  }
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

std::shared_ptr<TrackShard> RouterPort::shard() {
  MutexLock lock(mutex_);
  return shard_;
}

void RouterPort::set_max_layer(forward::Layer layer) {
  const forward::Layer before = max_layer_.exchange(layer);
  if (before == layer) return;
  if (layer.spatial > before.spatial) {
    std::shared_ptr<RouterTrack> track;
    {
      MutexLock lock(mutex_);
      track = track_;
    }
    if (track) track->expect_layer(layer.spatial);
  }
  apply_settings();
}

void RouterPort::set_paused(bool paused) {
  if (paused_.exchange(paused) != paused) apply_settings();
}

void RouterPort::set_muted(bool muted) {
  if (muted_.exchange(muted) != muted) apply_settings();
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

// --- TrackShard ---

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
    if (!staged_.empty()) send(*port, batch.list);
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
  if (const auto layer = port.down_track_->current_layer()) {
    port.sending_.store({*layer, port.down_track_->target_layer(), 1}, std::memory_order_relaxed);
  }
  if (!port.staging_) {
    send_copies(port);
    return;
  }
  port.staging_->stage(staged_);
  gst_pad_push_list(port.pad_.get(), gst_buffer_list_ref(list.get()));
  // A pad that was unlinked meanwhile did not take it.
  port.staging_->stage({});
}

// For a peer that does not share: whole packets of its own.
void TrackShard::send_copies(RouterPort& port) {
  auto list =
      Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(static_cast<guint>(staged_.size())));
  for (const StagedPacket& staged : staged_) {
    const forward::ReceivedPacket& packet = staged.packet->received;
    const size_t header = static_cast<size_t>(packet.payload.data() - packet.bytes.data());
    const size_t payload = forward::rewritten_size(staged.rewrite, packet.payload.size());
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, header + payload, nullptr);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    std::copy_n(packet.bytes.begin(), header, map.data);
    // The header extension stays as it came; padding is gone.
    map.data[0] = static_cast<uint8_t>(map.data[0] & ~0x20);
    map.data[1] = static_cast<uint8_t>((map.data[1] & 0x7f) | (staged.rewrite.marker ? 0x80 : 0));
    store_u16(map.data + 2, staged.rewrite.sequence);
    store_u32(map.data + 4, staged.rewrite.timestamp);
    store_u32(map.data + 8, port.ssrc_);
    forward::write_payload(staged.rewrite, packet.payload, {map.data + header, payload});
    gst_buffer_unmap(buffer, &map);
    if (staged.packet->buffer) {
      GST_BUFFER_PTS(buffer) = GST_BUFFER_PTS(staged.packet->buffer);
      GST_BUFFER_DTS(buffer) = GST_BUFFER_DTS(staged.packet->buffer);
    }
    if (staged.rewrite.marker) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_MARKER);
    gst_buffer_list_add(list.get(), buffer);
  }
  outputs_.push_back({port.pad_, std::move(list), {}});
}

void TrackShard::add(std::shared_ptr<RouterPort> port, std::shared_ptr<SendPort> send_port) {
  if (std::ranges::find(ports_, port) != ports_.end()) return;
  port->staging_ = std::move(send_port);
  start_port(*port);
  ports_.push_back(std::move(port));
  poll(now());
}

void TrackShard::start_port(RouterPort& port) {
  if (!format_) return;
  forward::DownTrackConfig config;
  config.codec = format_->codec;
  config.clock_rate = format_->clock_rate;
  config.first_sequence = static_cast<uint16_t>(g_random_int_range(0, 0x4000));
  config.first_timestamp = g_random_int();
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
  if (!port.staging_ || !port.muted_ || port.down_track_->stats().packets > 0) {
    port.filler_.stop();
  } else if (!port.filler_.next_timeout()) {
    port.filler_.start(rtp::is_video(format_->codec), now());
  }
}

void TrackShard::send_filler(RouterPort& port, Timestamp time) {
  const auto rewrite = port.down_track_->fill(time);
  if (!rewrite) return port.filler_.stop();
  SharedPacket packet;
  packet.received.payload = forward::silence(format_->codec);
  packet.received.bytes = packet.received.payload;
  packet.received.descriptor.codec = format_->codec;
  staged_.assign(1, {&packet, *rewrite, false});
  send(port, Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(1)));
}

void TrackShard::remove(RouterPort& port) {
  port.staging_.reset();
  port.down_track_.reset();
  std::erase_if(ports_, [&](const auto& entry) { return entry.get() == &port; });
  if (ports_.empty()) {
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
  for (const auto& port : ports_) {
    if (!port->down_track_) continue;
    if (const auto encoding = port->down_track_->poll_keyframe_request(time)) {
      wanted_keyframes_ |= 1u << *encoding;
    }
    if (port->filler_.poll(time)) send_filler(*port, time);
    for (const auto due : {port->down_track_->next_timeout(), port->filler_.next_timeout()}) {
      if (due && (!next || *due < *next)) next = due;
    }
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

// --- RouterTrack ---

void RouterTrack::add_sink(GstPad* pad, uint8_t layer) {
  MutexLock lock(mutex_);
  sinks_.push_back({pad, std::min<uint8_t>(layer, forward::kMaxSpatialLayers - 1)});
  configure();
}

void RouterTrack::remove_sink(GstPad* pad) {
  MutexLock lock(mutex_);
  std::erase_if(sinks_, [&](const Sink& sink) { return sink.pad == pad; });
  if (sinks_.empty()) {
    published_.reset();
    format_.reset();
  }
}

void RouterTrack::set_screen_share(bool screen_share) {
  MutexLock lock(mutex_);
  if (std::exchange(screen_share_, screen_share) != screen_share) configure();
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
  if (!same) published_.emplace(config);
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
      level_ = rtp::AudioLevelObserver(format->clock_rate);
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

void RouterTrack::handle_list(uint8_t layer, Ref<GstBufferList> list) {
  list = flattened(std::move(list));
  const Worker* worker = Worker::current();
  const Timestamp time = worker ? worker->now() : Worker::read_clock();
  last_arrival_us_.store(time.time_since_epoch().count(), std::memory_order_relaxed);
  std::shared_ptr<const PacketBatch> batch;
  std::shared_ptr<const Shards> all;
  {
    MutexLock lock(mutex_);
    if (!published_) return;
    batch = parse(layer, std::move(list), time);
    all = shards_;
  }
  if (batch->packets.empty()) return;
  // Other threads first: they work while this one does.
  for (const auto& shard : *all) {
    if (shard->worker() && shard->worker() != worker) shard->process(batch);
  }
  for (const auto& shard : *all) {
    if (!shard->worker() || shard->worker() == worker) shard->process(batch);
  }
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
