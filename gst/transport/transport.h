// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "transport/address.h"
#include "transport/data_channel.h"
#include "transport/dtls.h"
#include "transport/ice_client.h"
#include "transport/ice_lite.h"
#include "transport/sctp.h"
#include "transport/srtp.h"

namespace gstlk::transport {

// To be sent, now.
struct Datagram {
  AddressPair path;
  Bytes bytes;
};

// DTLS is done and the peer is who signalling said: srtp_send() and srtp_receive() exist, channels
// may be opened.
struct TransportConnected {};
// ICE heard nothing for kIceDisconnectedAfter, or hears the peer again.
struct TransportDisconnected {};
struct TransportReconnected {};
// For good; only a silent peer may be taken back, by restart_ice().
struct TransportFailed {
  std::string reason;
};
// selected() is another pair; media goes there from now on.
struct TransportMoved {
  AddressPair path;
};
using TransportEvent =
    std::variant<TransportConnected, TransportDisconnected, TransportReconnected, TransportFailed,
                 TransportMoved, DataChannelOpened, DataChannelClosed, DataMessage>;

// ICE + DTLS + SRTP + SCTP to one peer, without sockets: everything of it but the media. The
// worker that owns it hands in STUN and DTLS datagrams, then polls output and events until empty,
// and sleeps until next_timeout(). RTP and RTCP do not pass through: the worker classify()s and
// uses srtp_send() and srtp_receive() itself. Not thread-safe. The exception is explained at
// SctpStack: `sctp_wakeup` may be called by another thread, and asks for poll_output() and
// poll_event() on this one.
class Transport {
 public:
  struct Config {
    DtlsContext* dtls = nullptr;  // outlives the transport
    RandomSource random = nullptr;
    // False: an ICE-lite server, the SFU. True: a client that checks one address, for tests and
    // load.
    bool ice_client = false;
    DtlsRole dtls_role = DtlsRole::Server;
    SrtpReceiveSession::Replay replay = SrtpReceiveSession::Replay::Reject;
    SctpWakeup sctp_wakeup;
  };
  struct Stats {
    uint64_t early_media = 0;  // RTP before there were keys
    uint64_t unknown = 0;      // datagrams of no kind we speak
    uint64_t bad_stun = 0;
  };

  explicit Transport(const Config& config);

  const IceCredentials& local_ice() const;
  const IceCredentials* previous_local_ice() const;
  const std::string& local_fingerprint() const { return config_.dtls->fingerprint(); }

  // From the remote description. Harmless when nothing changed; a new ufrag is the peer's half of
  // an ICE restart.
  void set_remote_ice(const IceCredentials& remote);
  // False when the fingerprint is not one.
  [[nodiscard]] bool set_remote_fingerprint(std::string_view fingerprint);
  // Which side starts DTLS; has to be known before the first DTLS datagram.
  void set_dtls_role(DtlsRole role);
  // ICE client only: where the server is.
  void set_remote_address(const AddressPair& path);
  // New local credentials; see IceLite::restart(). Failed for want of checks, it waits for the
  // first with them, and is TransportReconnected then.
  void restart_ice();
  // The application section was negotiated. Before or after DTLS is connected.
  void enable_data_channels(uint16_t local_port = SctpSession::kDefaultPort,
                            uint16_t remote_port = SctpSession::kDefaultPort);

  // STUN and DTLS; anything else is counted and dropped. `path.local` is where it arrived.
  void handle_datagram(ByteView datagram, const AddressPair& path, Timestamp now);
  std::optional<Datagram> poll_output();
  std::optional<TransportEvent> poll_event();
  std::optional<Timestamp> next_timeout(Timestamp now) const;
  void handle_timeout(Timestamp now);

  // Where media goes; nullopt until the first valid check.
  const std::optional<AddressPair>& selected() const;
  bool connected() const { return connected_; }
  bool failed() const { return failed_; }
  // nullptr until TransportConnected, and after it when the peer does data channels only.
  SrtpSendSession* srtp_send() { return srtp_send_ ? &*srtp_send_ : nullptr; }
  SrtpReceiveSession* srtp_receive() { return srtp_receive_ ? &*srtp_receive_ : nullptr; }

  // See SctpSession. From TransportConnected on, where data channels are enabled: which streams are
  // ours depends on who started DTLS. nullopt and false before.
  std::optional<ChannelId> open_channel(DataChannelConfig config);
  [[nodiscard]] bool send_data(ChannelId id, ByteView bytes, bool binary);
  size_t waiting_data(ChannelId id) const { return sctp_ ? sctp_->waiting(id) : 0; }
  void set_receiving_data(bool receiving);
  void close_channel(ChannelId id);

  const Stats& stats() const { return stats_; }

 private:
  void handle_stun(ByteView datagram, const AddressPair& path, Timestamp now);
  void handle_check(ByteView datagram, const AddressPair& path, Timestamp now);
  void handle_dtls(ByteView datagram, const AddressPair& path);
  bool is_valid(const AddressPair& path) const;
  void aim_client();
  void poll_client(Timestamp now);
  void update_ice_state(Timestamp now);
  IceState ice_state(Timestamp now) const;
  // The session is made when first needed, because only then the role is certain.
  DtlsSession& dtls();
  void start_dtls();
  void update_dtls();
  void finish_connecting();
  void start_sctp();
  void pump_sctp();
  void drain_dtls();
  void fail_with(std::string reason);

  Config config_;
  std::optional<IceLite> lite_;
  std::optional<IceClient> client_;
  std::optional<IceCredentials> remote_ice_;
  std::optional<AddressPair> remote_path_;
  std::optional<DtlsSession> dtls_;
  std::string remote_fingerprint_;
  std::optional<SrtpSendSession> srtp_send_;
  std::optional<SrtpReceiveSession> srtp_receive_;
  std::optional<SctpSession> sctp_;
  bool receiving_data_ = true;
  std::optional<uint16_t> sctp_local_port_;
  uint16_t sctp_remote_port_ = SctpSession::kDefaultPort;
  IceState last_ice_state_ = IceState::New;
  bool connected_ = false;
  bool failed_ = false;
  bool silent_ = false;  // why it failed: no check came
  std::deque<Datagram> output_;
  std::deque<TransportEvent> events_;
  Stats stats_;
};

}  // namespace gstlk::transport
