// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/transport_port.h"

#include <utility>

#include "base/prefetch.h"
#include "plugins/sfu/peer_sender.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/worker.h"

namespace gstlk::sfu {

void TransportPort::set_listener(std::shared_ptr<Listener> listener) {
  const std::shared_ptr<PeerSession> session = session_.lock();
  if (!session) return;
  session->run([self = shared_from_this(), listener = std::move(listener)](PeerSession& peer) {
    self->listener_ = listener;
    if (listener && self->bound_) listener->on_port_bound(*peer.worker());
  });
}

void TransportPort::bind(PeerSender& sender, Worker& worker) {
  if (std::exchange(bound_, &sender) || !listener_) return;
  listener_->on_port_bound(worker);
}

void TransportPort::detach() {
  bound_ = nullptr;
  listener_.reset();
  pad_.reset();
}

void TransportPort::prefetch_next() const {
  prefetch(pad_.get(), sizeof(GstPad));
  if (bound_) bound_->prefetch_next();
}

std::optional<Duration> TransportPort::round_trip() const {
  return bound_ ? bound_->session().round_trip() : std::nullopt;
}

void TransportPort::stage(std::span<const StagedPacket> packets) { staged_ = packets; }

GstFlowReturn TransportPort::push(GstBufferList* list) {
  // Only a router stages, and on this session's thread.
  if (staged_.empty()) return push_packets(Ref<GstBufferList>::adopt(list));
  for (const StagedPacket& staged : std::exchange(staged_, {})) {
    if (bound_) bound_->send_packet(stream_, staged);
  }
  gst_buffer_list_unref(list);
  return GST_FLOW_OK;
}

// From another element, or another thread: whole packets.
GstFlowReturn TransportPort::push_packets(Ref<GstBufferList> list) {
  const std::shared_ptr<PeerSession> session = session_.lock();
  if (!session) return GST_FLOW_FLUSHING;
  Worker* worker = session->worker();
  if (!worker) return GST_FLOW_OK;  // not connected yet: media does not wait
  const auto send = [self = shared_from_this(), list = std::move(list), session, worker] {
    for (guint i = 0; i < gst_buffer_list_length(list.get()); ++i) {
      GstMapInfo map;
      GstBuffer* buffer = gst_buffer_list_get(list.get(), i);
      if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) continue;
      session->sender().send_rtp(self->stream_, {map.data, map.size});
      gst_buffer_unmap(buffer, &map);
    }
    worker->touch(*session);
  };
  if (worker->is_current()) {
    send();
  } else {
    worker->post_packets(send);
  }
  return GST_FLOW_OK;
}

void TransportPort::set_clock_mapping(NtpTime ntp, uint32_t timestamp) {
  const std::shared_ptr<PeerSession> session = session_.lock();
  if (!session) return;
  session->run([self = shared_from_this(), ntp, timestamp](PeerSession& peer) {
    const auto& id = self->stream_.id;
    if (id) peer.sender().session().set_clock_mapping(*id, ntp, timestamp, peer.worker_time());
  });
}

}  // namespace gstlk::sfu
