// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "forward/packet_ring.h"
#include "forward/published_track.h"
#include "plugins/sfu/send_port.h"
#include "plugins/sfu/stream_format.h"
#include "plugins/sfu/timer_queue.h"

namespace gstlk::sfu {

class RouterPort;
class RouterTrack;
class Worker;

// The received packets of one push, parsed once, on their way to all shards. Immutable once made.
struct PacketBatch {
  Ref<GstBufferList> list;
  std::vector<SharedPacket> packets;  // of `list`, without what was malformed
  Timestamp arrived{};
  forward::TrackState state;
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
  void note_layer(RouterPort& port, forward::Layer layer) const;
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
  std::atomic<bool> has_ports_{false};  // any thread may ask: without one, packets are not for it
  std::vector<StagedPacket> staged_;
  uint32_t wanted_keyframes_ = 0;  // a bit per encoding, to be asked for after the lock is gone
  std::vector<Output> outputs_;    // likewise
};

}  // namespace gstlk::sfu
