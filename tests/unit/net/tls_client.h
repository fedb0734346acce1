// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "run_until.h"

namespace gstlk::net {

struct FreeSsl {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSsl>;
using Ssl = std::unique_ptr<SSL, FreeSsl>;

// What a client says first.
inline std::string make_client_hello() {
  const SslContext context(SSL_CTX_new(TLS_client_method()));
  const Ssl ssl(SSL_new(context.get()));
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_connect(ssl.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl.get()), &data);
  return {data, static_cast<size_t>(size)};
}

// One that reads nothing of what it is sent. It is at the other end of a socket pair, which has
// room for an exact number of messages.
class TlsClient {
 public:
  // `serve` is given the server's end.
  explicit TlsClient(const std::function<void(int fd)>& serve) {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    fd_ = ends[0];
    serve(ends[1]);
    SSL_set_fd(ssl_.get(), fd_);
    EXPECT_TRUE(run_until([this] { return SSL_connect(ssl_.get()) == 1; }));
  }
  ~TlsClient() { close(fd_); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  void send(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  }
  // From any thread: the server has nobody left to wait for.
  void hang_up() { shutdown(fd_, SHUT_RDWR); }

 private:
  int fd_ = -1;
  const SslContext context_{SSL_CTX_new(TLS_client_method())};
  const Ssl ssl_{SSL_new(context_.get())};
};

}  // namespace gstlk::net
