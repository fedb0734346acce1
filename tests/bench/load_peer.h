// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "media_socket.h"
#include "media_source.h"
#include "transport/transport.h"

namespace gstlk::bench {

struct PeerCounters {
  uint64_t sent = 0;      // RTP packets
  uint64_t received = 0;  // RTP packets
  uint64_t received_bytes = 0;
  uint64_t messages = 0;  // of the kernel: one or several datagrams
  uint64_t nacks = 0;
  uint64_t keyframe_requests = 0;
  // Of a sampling peer:
  uint64_t decrypted = 0;
  uint64_t unreadable = 0;
  uint64_t missing = 0;  // holes in the sequence numbers

  PeerCounters& operator+=(const PeerCounters& other);
};

// One peer connection of the load generator: a socket, ICE and DTLS as a client, and media in one
// direction. Most subscribers only count what arrives; a sampling one reads all of it, to know that
// it is whole and how long it took. Not thread-safe: lives on the LoadEngine's thread, but is made
// on any.
class LoadPeer {
 public:
  struct Config {
    transport::DtlsContext* dtls = nullptr;
    transport::SocketAddress server;
    bool gro = true;
    bool sampling = false;
    MediaKind kind = MediaKind::Video;
    std::vector<MediaSource::Config> publish;
  };
  struct Remote {
    transport::IceCredentials ice;
    std::string fingerprint;
    bool data_channels = false;
  };

  explicit LoadPeer(const Config& config);

  int fd() const { return socket_.fd(); }
  const transport::IceCredentials& local_ice() const { return transport_.local_ice(); }
  const std::string& fingerprint() const { return transport_.local_fingerprint(); }
  bool publishes() const { return !sources_.empty(); }
  unsigned frames_per_second() const { return sources_.front().config().per_second; }

  void start(const Remote& remote, Timestamp now);
  void handle_readable(ReceiveArea& area, Timestamp now);
  void handle_time(Timestamp now);
  // A frame of every source, when the connection is up.
  void send_frame();

  bool connected() const { return transport_.connected(); }
  // When the first media packet was decrypted (sampling) or seen, CLOCK_MONOTONIC.
  std::optional<Timestamp> first_media() const { return first_media_; }
  PeerCounters counters() const;
  uint64_t kernel_drops() const { return socket_.kernel_drops() - drops_at_reset_; }
  // Milliseconds from the publisher's send call to this peer's socket.
  const std::vector<double>& delays() const { return delays_; }
  void reset_counters();

 private:
  // Sequence numbers of one received stream.
  struct Received {
    uint16_t first = 0;
    int64_t highest = 0;
    uint64_t count = 0;
  };

  transport::Transport::Config transport_config(transport::DtlsContext* dtls);
  void handle_message(const MediaSocket::Message& message, Timestamp now);
  void handle_rtp(const MediaSocket::Message& message, Timestamp now);
  void sample(ByteView datagram, int64_t arrival_ns, Timestamp now);
  void handle_rtcp(ByteView datagram);
  void send_rtcp(Timestamp now);
  void flush();

  transport::Transport transport_;
  MediaSocket socket_;
  std::atomic<bool> sctp_wake_{false};
  const bool sampling_;
  const MediaKind kind_;
  std::vector<MediaSource> sources_;
  std::vector<transport::SrtpStreamState> source_states_;
  bool started_ = false;
  Timestamp next_time_{};
  Timestamp next_rtcp_{};
  std::optional<Timestamp> first_media_;
  uint32_t heard_ssrc_ = 0;
  uint64_t drops_at_reset_ = 0;
  PeerCounters counters_;
  std::unordered_map<uint32_t, Received> received_;
  std::vector<double> delays_;
  Bytes packet_;
  Bytes frame_;
};

}  // namespace gstlk::bench
