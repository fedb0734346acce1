// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "transport/srtp_keys.h"

namespace gstlk::transport {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// The certificate and settings that all sessions of a process share: a self-signed P-256
// certificate made at start, DTLS 1.2 or newer, SRTP_AEAD_AES_128_GCM before SRTP_AES128_CM_SHA1_80
// (the server's order decides). Outlives its sessions. Thread-safe once created.
class DtlsContext {
 public:
  static Result<std::unique_ptr<DtlsContext>> create();

  // "sha-256 AB:CD:...", as in a=fingerprint. RFC 8122 section 5.
  const std::string& fingerprint() const { return fingerprint_; }
  SSL_CTX* get() const { return context_.get(); }

 private:
  DtlsContext() = default;

  std::unique_ptr<SSL_CTX, SslContextDeleter> context_;
  std::string fingerprint_;
};

enum class DtlsRole : uint8_t { Client, Server };

// One DTLS association (RFC 6347) that keys SRTP (RFC 5764) and carries SCTP (RFC 8261). Driven by
// the owner of the transport: datagrams in, poll_output() until empty, handle_timeout() when due.
// Retransmission times come from OpenSSL, which reads the system's clock by itself; `now` only
// places them on the caller's. Datagrams that make no sense never end an established session, and
// neither does a close_notify: LiveKit's clients send one and go on.
// Not thread-safe.
// Left out: cookies (ICE has verified the address; DTLSv1_listen cannot take the two-record
// ClientHello of browsers), resumption, renegotiation.
class DtlsSession {
 public:
  enum class State : uint8_t {
    New,
    Handshaking,
    Unverified,  // handshake done, remote fingerprint still unknown
    Connected,
    Failed,
  };
  static constexpr Duration kFirstRetransmit = 100ms;
  static constexpr size_t kMtu = 1200;
  // What fits into a datagram of kMtu under any cipher suite.
  static constexpr size_t kMaxApplicationData = kMtu - 64;

  DtlsSession(DtlsContext& context, DtlsRole role);
  ~DtlsSession();
  DtlsSession(const DtlsSession&) = delete;
  DtlsSession& operator=(const DtlsSession&) = delete;

  // "sha-256 AB:CD:..." (or sha-384, sha-512), before or after the handshake. False when it cannot
  // be read.
  [[nodiscard]] bool set_remote_fingerprint(std::string_view fingerprint);
  // A client sends its first flight; for a server it does nothing.
  void start();

  void handle_datagram(ByteView datagram);
  void handle_timeout();
  std::optional<Timestamp> next_timeout(Timestamp now) const;

  // The next datagram to send, at most kMtu.
  std::optional<Bytes> poll_output();
  // The next record of application data that came in: an SCTP packet.
  std::optional<Bytes> poll_application_data();
  // False when not connected or when it is longer than kMaxApplicationData.
  [[nodiscard]] bool send_application_data(ByteView data);
  // Sends close_notify.
  void close();

  State state() const { return state_; }
  DtlsRole role() const { return role_; }
  // Why state() is Failed.
  const std::string& failure() const { return failure_; }
  // Set once Connected, unless the peer wants no SRTP: data channels only.
  const std::optional<SrtpMasterKeys>& srtp_keys() const { return srtp_keys_; }
  bool peer_closed() const { return peer_closed_; }
  uint64_t malformed() const { return malformed_; }

 private:
  friend struct DtlsBio;

  void advance();
  void continue_handshake();
  void read_application_data();
  bool read_record();
  void verify_peer();
  bool export_keys();
  // Every call into OpenSSL stands between them.
  void acquire_memory();
  void release_memory();
  void fail_with(std::string reason);

  std::unique_ptr<SSL, SslDeleter> ssl_;
  DtlsRole role_;
  State state_ = State::New;
  ByteView input_;  // what the BIO gives to OpenSSL during handle_datagram()
  std::deque<Bytes> output_;
  std::deque<Bytes> application_data_;
  std::string remote_fingerprint_;
  std::string failure_;
  std::optional<SrtpMasterKeys> srtp_keys_;
  bool peer_closed_ = false;
  uint64_t malformed_ = 0;
};

}  // namespace gstlk::transport
