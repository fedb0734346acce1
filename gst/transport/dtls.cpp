// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/dtls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <sys/time.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "transport/dtls_certificate.h"

namespace gstlk::transport {

// The datagram BIO of a session: reads what handle_datagram() was given, writes to the output
// queue. OpenSSL's memory BIO would lose the borders between datagrams.
struct DtlsBio {
  static DtlsSession& session(BIO* bio) { return *static_cast<DtlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, int size) {
    ByteView& input = session(bio).input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t used = std::min(input.size(), static_cast<size_t>(size));
    std::copy_n(input.begin(), used, out);
    input = {};
    return static_cast<int>(used);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const ByteView datagram = as_bytes({bytes, static_cast<size_t>(size)});
    std::deque<Bytes>& output = session(bio).output_;
    // A peer that asks for retransmissions faster than they are polled gets no more memory.
    if (output.size() < kMaxQueue) output.emplace_back(datagram.begin(), datagram.end());
    return size;
  }

  static long control(BIO*, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH:
        return 1;
      case BIO_CTRL_DGRAM_QUERY_MTU:
        return DtlsSession::kMtu;
      default:
        return 0;
    }
  }

  static BIO_METHOD* method() {
    static BIO_METHOD* const instance = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return instance;
  }

  static BIO* create(DtlsSession* session) {
    BIO* bio = BIO_new(method());
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    return bio;
  }

  // How long OpenSSL waits before it sends a flight again; twice as long each time.
  // It gives up after twelve times, here 45 s.
  static unsigned retransmit_after(SSL*, unsigned last_us) {
    static constexpr unsigned kLongest = 6'400'000;
    return last_us == 0 ? DtlsSession::kFirstRetransmit.count() : std::min(last_us * 2, kLongest);
  }

  static constexpr size_t kMaxQueue = 256;
};

namespace {

LogCategory log_dtls{"sfu-dtls"};
[[maybe_unused]] const LogCategory& registered = register_log_category(log_dtls);

// Until the remote fingerprint is known, what the peer sends waits here.
constexpr size_t kMaxEarlyData = 64;
constexpr size_t kMaxRecord = 16384;

// The chain means nothing; the fingerprint is compared when the handshake is done.
int accept_any_chain(int, X509_STORE_CTX*) { return 1; }

std::string last_error() {
  char text[256] = "unknown error";
  if (const unsigned long code = ERR_peek_last_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

bool configure(SSL_CTX* context, const Certificate& own) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any_chain);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_use_certificate(context, own.certificate.get()) == 1 &&
         SSL_CTX_use_PrivateKey(context, own.key.get()) == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL") == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
         // This one returns 0 for success.
         SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") == 0;
}

}  // namespace

Result<std::unique_ptr<DtlsContext>> DtlsContext::create() {
  const Certificate own = make_certificate();
  if (!own.certificate) return fail("cannot make a certificate: " + last_error());
  std::unique_ptr<DtlsContext> made(new DtlsContext);
  made->context_.reset(SSL_CTX_new(DTLS_method()));
  if (!made->context_ || !configure(made->context_.get(), own))
    return fail("cannot configure DTLS: " + last_error());
  made->fingerprint_ = fingerprint_of(*own.certificate, "sha-256");
  return made;
}

DtlsSession::DtlsSession(DtlsContext& context, DtlsRole role)
    : ssl_(SSL_new(context.get())), role_(role) {
  SSL* ssl = ssl_.get();
  BIO* bio = DtlsBio::create(this);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_mtu(ssl, kMtu);
  DTLS_set_timer_cb(ssl, DtlsBio::retransmit_after);
  if (role == DtlsRole::Server)
    SSL_set_accept_state(ssl);
  else
    SSL_set_connect_state(ssl);
}

DtlsSession::~DtlsSession() = default;

bool DtlsSession::set_remote_fingerprint(std::string_view fingerprint) {
  std::string normal = normalize_fingerprint(fingerprint);
  if (normal.empty()) return false;
  remote_fingerprint_ = std::move(normal);
  if (state_ == State::Unverified) verify_peer();
  return true;
}

void DtlsSession::start() {
  if (state_ != State::New || role_ != DtlsRole::Client) return;
  state_ = State::Handshaking;
  advance();
}

void DtlsSession::handle_datagram(ByteView datagram) {
  if (state_ == State::Failed || datagram.empty()) return;
  if (state_ == State::New) state_ = State::Handshaking;
  input_ = datagram;
  advance();
  input_ = {};
}

void DtlsSession::handle_timeout() {
  // Nothing is sent again later: the last flight only when the peer repeats its own.
  if (state_ != State::Handshaking) return;
  acquire_memory();
  if (DTLSv1_handle_timeout(ssl_.get()) < 0) fail_with("handshake timed out");
}

std::optional<Timestamp> DtlsSession::next_timeout(Timestamp now) const {
  if (state_ != State::Handshaking) return std::nullopt;
  timeval left;
  if (DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
  return now + Duration(left.tv_sec * int64_t{1'000'000} + left.tv_usec);
}

void DtlsSession::advance() {
  acquire_memory();
  if (state_ == State::Handshaking) continue_handshake();
  if (state_ == State::Unverified || state_ == State::Connected) read_application_data();
}

void DtlsSession::continue_handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    state_ = State::Unverified;
    if (!remote_fingerprint_.empty()) verify_peer();
    return;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  fail_with("handshake failed: " + last_error());
}

void DtlsSession::verify_peer() {
  const X509Ptr certificate(SSL_get1_peer_certificate(ssl_.get()));
  const std::string_view algorithm =
      std::string_view(remote_fingerprint_).substr(0, remote_fingerprint_.find(' '));
  if (!certificate || fingerprint_of(*certificate, algorithm) != remote_fingerprint_)
    return fail_with("the peer's certificate is not the one that was signalled");
  if (!export_keys()) return fail_with("cannot export SRTP keys: " + last_error());
  state_ = State::Connected;
  LOG_INFO(log_dtls, "connected, %s", SSL_get_cipher(ssl_.get()));
  release_memory();
}

bool DtlsSession::export_keys() {
  const SRTP_PROTECTION_PROFILE* selected = SSL_get_selected_srtp_profile(ssl_.get());
  if (!selected) return true;
  const SrtpProfile profile = selected->id == SRTP_AEAD_AES_128_GCM ? SrtpProfile::AeadAes128Gcm
                                                                    : SrtpProfile::Aes128CmSha1_80;
  SrtpMasterKey client{profile};
  SrtpMasterKey server{profile};
  const size_t salt = srtp_salt_size(profile);
  static constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";
  std::array<uint8_t, 60> material;
  const size_t size = 2 * (client.key.size() + salt);
  if (SSL_export_keying_material(ssl_.get(), material.data(), size, kLabel.data(), kLabel.size(),
                                 nullptr, 0, 0) != 1)
    return false;
  // RFC 5764 section 4.2: client key, server key, client salt, server salt.
  ByteReader reader(ByteView(material).first(size));
  for (SrtpMasterKey* side : {&client, &server})
    std::ranges::copy(reader.bytes(side->key.size()), side->key.begin());
  for (SrtpMasterKey* side : {&client, &server})
    std::ranges::copy(reader.bytes(salt), side->salt.begin());
  const bool is_client = role_ == DtlsRole::Client;
  srtp_keys_ = SrtpMasterKeys{is_client ? client : server, is_client ? server : client};
  return true;
}

void DtlsSession::read_application_data() {
  while (read_record()) {
  }
  release_memory();
}

bool DtlsSession::read_record() {
  std::array<uint8_t, kMaxRecord> record;
  const int size = SSL_read(ssl_.get(), record.data(), static_cast<int>(record.size()));
  if (size > 0) {
    const bool room = state_ == State::Connected || application_data_.size() < kMaxEarlyData;
    if (room) application_data_.emplace_back(record.begin(), record.begin() + size);
    return true;
  }
  const int error = SSL_get_error(ssl_.get(), size);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
  if (error == SSL_ERROR_ZERO_RETURN) {
    // OpenSSL would refuse to read on.
    peer_closed_ = true;
    SSL_set_shutdown(ssl_.get(), SSL_get_shutdown(ssl_.get()) & ~SSL_RECEIVED_SHUTDOWN);
    return false;
  }
  ++malformed_;
  LOG_DEBUG(log_dtls, "bad record: %s", last_error().c_str());
  return false;
}

void DtlsSession::acquire_memory() {
  ERR_clear_error();
  // Reading makes the record buffers when they are missing; writing takes them for granted.
  SSL_alloc_buffers(ssl_.get());
}

void DtlsSession::release_memory() {
  // SSL_MODE_RELEASE_BUFFERS alone leaves a DTLS session its 34 kB of record buffers.
  SSL_free_buffers(ssl_.get());
}

std::optional<Bytes> DtlsSession::poll_output() {
  if (output_.empty()) return std::nullopt;
  Bytes datagram = std::move(output_.front());
  output_.pop_front();
  return datagram;
}

std::optional<Bytes> DtlsSession::poll_application_data() {
  if (state_ != State::Connected || application_data_.empty()) return std::nullopt;
  Bytes data = std::move(application_data_.front());
  application_data_.pop_front();
  return data;
}

bool DtlsSession::send_application_data(ByteView data) {
  if (state_ != State::Connected || data.empty() || data.size() > kMaxApplicationData) return false;
  acquire_memory();
  const int written = SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size()));
  if (written <= 0) LOG_DEBUG(log_dtls, "cannot send: %s", last_error().c_str());
  release_memory();
  return written > 0;
}

void DtlsSession::close() {
  if (state_ != State::Connected && state_ != State::Unverified) return;
  acquire_memory();
  SSL_shutdown(ssl_.get());
  release_memory();
}

void DtlsSession::fail_with(std::string reason) {
  state_ = State::Failed;
  failure_ = std::move(reason);
  application_data_.clear();
  LOG_INFO(log_dtls, "failed: %s", failure_.c_str());
}

}  // namespace gstlk::transport
