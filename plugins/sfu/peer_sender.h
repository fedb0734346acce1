// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/peer_stats.h"
#include "plugins/sfu/route.h"
#include "plugins/sfu/send_port.h"
#include "plugins/sfu/send_stream.h"
#include "rtp/send_session.h"
#include "transport/transport.h"

namespace gstlk::sfu {

class TransportPort;
class Worker;
class WorkerPool;

// What goes to one peer: the streams of its ports become SRTP, written and encrypted straight into
// the worker's send batch, on the route that ICE has chosen; what the peer's RTCP asks of them
// becomes upstream events on their pads. Reports are rtp::SendSession's.
//
// Session's thread only. Pads get events here; one may come back in with the packet that was asked
// for.
class PeerSender {
 public:
  // `transport` outlives this.
  PeerSender(transport::Transport& transport, WorkerPool& pool);

  // Where everything goes from now on, out of `worker`'s sockets. Nowhere when it is not valid.
  void set_route(Worker& worker, const Route& route);
  // The ICE/TCP connection is closed.
  void forget(const TcpConnection& connection) {
    if (route_.tcp == &connection) route_ = {};
  }

  // --- ports ---

  void set_media(std::vector<MediaSection> sections);
  void add(std::shared_ptr<TransportPort> port);
  void remove(const std::shared_ptr<TransportPort>& port);
  // The connection is up: the ports that are there get packets.
  void bind_ports(Worker& worker);
  // The end: no port is left, and no route.
  void clear();

  // --- a packet's way ---

  // A push comes soon: what it will touch may be fetched into the cache.
  void prefetch_next() const;
  // Sends a packet of `stream`; see SendPort. RED goes out as the Opus inside it where the peer did
  // not negotiate RED.
  void send_packet(SendStream& stream, const StagedPacket& staged);
  // A whole RTP packet from an element that knows no SendPort.
  void send_rtp(SendStream& stream, ByteView packet);
  // Whether there are keys and a route.
  bool is_ready() const { return transport_.srtp_send() && route_.valid(); }
  // `compound` becomes SRTCP. Only when is_ready().
  void send_rtcp(Bytes& compound);

  // --- what the peer's RTCP asks for ---

  void act_on(std::span<const rtp::SendEvent> events);
  void report_playout_delays(Timestamp now);

  rtp::SendSession& session() { return session_; }
  const rtp::SendSession& session() const { return session_; }
  void write_stats(PeerStats& stats, Timestamp now);

 private:
  // An SSRC that no port has now, but a later one may: the keys stay.
  struct Retired {
    Ssrc ssrc;
    SendProgress progress;
  };
  static constexpr size_t kMaxRetired = 256;

  void configure(TransportPort& port);
  void send_unwrapped(SendStream& stream, const StagedPacket& staged);
  void send_payload(SendStream& stream, const StagedPacket& staged, rtp::Codec codec,
                    ByteView bytes);
  TransportPort* find(rtp::SendStreamId id) const;

  transport::Transport& transport_;
  Worker* worker_ = nullptr;  // whose thread this is, once there is a route
  Route route_;
  rtp::SendSession session_;
  std::vector<MediaSection> sections_;
  std::vector<std::shared_ptr<TransportPort>> ports_;
  std::vector<Retired> retired_;  // the oldest first
  uint64_t packets_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace gstlk::sfu
