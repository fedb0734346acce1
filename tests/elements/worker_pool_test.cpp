// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/worker_pool.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/rand.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/ref.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/transport_port.h"
#include "support/no_descriptors.h"
#include "transport/ice_client.h"

namespace gstlk::sfu {
namespace {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A client's UDP socket on loopback.
class ClientSocket {
 public:
  ClientSocket() : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address = loopback(0);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  ~ClientSocket() { close(fd_); }
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  // An ICE check with these credentials; whether it was answered.
  bool check(const transport::IceCredentials& remote, uint16_t port, int milliseconds) {
    transport::IceClient ice(
        [](std::span<uint8_t> out) { RAND_bytes(out.data(), static_cast<int>(out.size())); });
    ice.set_remote(remote, {});
    std::array<uint8_t, 512> packet;
    const size_t size = ice.poll_check(Worker::read_clock(), packet);
    const sockaddr_in to = loopback(port);
    sendto(fd_, packet.data(), size, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, milliseconds) != 1) return false;
    return recv(fd_, packet.data(), packet.size(), 0) > 0;
  }

 private:
  int fd_;
};

// A pool on ports that were free a moment ago. Anybody's connection, that of an earlier test too,
// may take one before the pool has it: then on others.
std::shared_ptr<WorkerPool> make_pool(WorkerPoolConfig& config, bool with_tcp) {
  config.addresses = {"127.0.0.1"};
  for (int attempt = 0; attempt < 20; attempt++) {
    config.udp_port = ClientSocket().port();
    config.tcp_port = with_tcp ? ClientSocket().port() : 0;
    if (auto pool = WorkerPool::create(config)) return std::move(*pool);
  }
  return nullptr;
}

class WorkerPoolTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  void SetUp() override {
    WorkerPoolConfig config;
    config.workers = 2;
    pool_ = make_pool(config, false);
    ASSERT_TRUE(pool_);
    port_ = config.udp_port;
    session_ = PeerSession::create(*pool_, {});
  }

  static bool is_gone(const std::weak_ptr<PeerSession>& session) {
    for (int i = 0; i < 500 && !session.expired(); i++) usleep(10'000);
    return session.expired();
  }

  uint16_t port_ = 0;
  std::shared_ptr<WorkerPool> pool_;
  std::shared_ptr<PeerSession> session_;
};

TEST_F(WorkerPoolTest, NobodyKeepsASessionWhoseChecksArrivedAtEveryWorker) {
  // Far more addresses than a session remembers; the kernel spreads them over the workers.
  std::array<ClientSocket, 64> client;
  for (ClientSocket& socket : client) EXPECT_TRUE(socket.check(session_->local_ice(), port_, 5000));
  session_->close();
  const std::weak_ptr<PeerSession> session = std::exchange(session_, nullptr);
  EXPECT_TRUE(is_gone(session));
}

TEST_F(WorkerPoolTest, ACheckWithAWrongPasswordIsNotAnswered) {
  transport::IceCredentials wrong = session_->local_ice();
  wrong.pwd[0] = wrong.pwd[0] == 'a' ? 'b' : 'a';
  ClientSocket first;
  EXPECT_FALSE(first.check(wrong, port_, 50));
  EXPECT_EQ(session_->worker(), nullptr);
  EXPECT_TRUE(first.check(session_->local_ice(), port_, 5000));
  std::array<ClientSocket, 8> others;
  for (ClientSocket& socket : others) EXPECT_FALSE(socket.check(wrong, port_, 50));
  session_->close();
}

TEST_F(WorkerPoolTest, ASecondPoolOnThePortIsAnErrorThatNamesIt) {
  WorkerPoolConfig config;
  config.addresses = {"127.0.0.1"};
  config.udp_port = port_;
  const auto second = WorkerPool::create(config);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(std::to_string(port_)), std::string::npos);
}

// The key is the same: no number of it may be used twice.
TEST_F(WorkerPoolTest, ANewPortOfAnSsrcGoesOnWhereTheOldOneEnded) {
  const auto pad = Ref<GstPad>::sink(gst_pad_new("sink", GST_PAD_SINK));
  const auto port = [&](const char* mid, uint32_t ssrc) {
    TransportPort::Config config{.mid = Mid(mid), .ssrc = Ssrc(ssrc)};
    return std::make_shared<TransportPort>(session_, pad.get(), config);
  };
  const auto first = port("1", 7);
  session_->add_port(first);
  first->stream().progress.on_sent(40'000, 900, Timestamp(1s));
  first->stream().progress.rtx_sequence = 12;
  session_->remove_port(first);
  const auto second = port("2", 7);
  session_->add_port(second);
  ASSERT_TRUE(second->position());
  EXPECT_EQ(second->position()->next_sequence, 40'001);
  EXPECT_EQ(second->stream().progress.rtx_sequence, 12);
  const auto other = port("3", 8);
  session_->add_port(other);
  EXPECT_FALSE(other->position());
  session_->close();
}

// What a pool gives away of connections that begin with these bytes.
class GuestsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  ~GuestsTest() override {
    for (const int fd : clients_) close(fd);
  }

  void open(bool takes_tls, unsigned workers = 0) {
    WorkerPoolConfig config;
    config.workers = workers;
    config.takes_tls = takes_tls;
    config.on_guest = [this](int fd, Greeting greeting) {
      std::array<char, 8> begin{};
      const ssize_t count = recv(fd, begin.data(), begin.size(), 0);
      close(fd);
      MutexLock lock(mutex_);
      guests_.emplace_back(greeting, std::string(begin.data(), count > 0 ? size_t(count) : 0));
    };
    pool_ = make_pool(config, true);
    ASSERT_TRUE(pool_);
    port_ = config.tcp_port;
  }
  void begin_with(std::string_view bytes) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in to = loopback(port_);
    ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    ASSERT_EQ(::send(fd, bytes.data(), bytes.size(), 0), ssize_t(bytes.size()));
    clients_.push_back(fd);
  }
  using Guests = std::vector<std::pair<Greeting, std::string>>;
  Guests wait_for(size_t count) {
    for (int i = 0; i < 500; i++) {
      {
        MutexLock lock(mutex_);
        if (guests_.size() >= count) return guests_;
      }
      usleep(10'000);
    }
    MutexLock lock(mutex_);
    return guests_;
  }

  uint16_t port_ = 0;
  Mutex mutex_;
  Guests guests_ GUARDED_BY(mutex_);
  std::vector<int> clients_;
  std::shared_ptr<WorkerPool> pool_;  // ends first
};

TEST_F(GuestsTest, TheFirstByteTellsHttpAndTlsFromFrames) {
  open(true);
  begin_with("P");
  EXPECT_EQ(wait_for(1), (Guests{{Greeting::Http, "P"}}));
  begin_with("\x16\x03\x01");
  EXPECT_EQ(wait_for(2).back(), (std::pair(Greeting::Tls, std::string("\x16\x03\x01"))));
  begin_with(std::string_view("\x00\x14\x00\x01", 4));
  begin_with("GET /");
  EXPECT_EQ(wait_for(3).back(), (std::pair(Greeting::Http, std::string("GET /"))));
  EXPECT_EQ(wait_for(3).size(), 3u);
}

// Connections of ICE/TCP that have no session.
class SilentTcpTest : public GuestsTest {
 protected:
  // Whether the other side has closed it, now or within some time.
  bool is_closed(size_t client, int milliseconds) const {
    pollfd waiting{clients_[client], POLLIN, 0};
    char byte = 0;
    return poll(&waiting, 1, milliseconds) == 1 && recv(clients_[client], &byte, 1, 0) <= 0;
  }
  static int64_t processor_microseconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return 1'000'000 * (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
  }

  static constexpr std::string_view kBegun{"\x00\x14\x00\x01", 4};
};

TEST_F(SilentTcpTest, OfManyTheLastStay) {
  open(false, 1);
  for (int i = 0; i < 600; i++) begin_with(kBegun);
  EXPECT_TRUE(is_closed(0, 5000));
  EXPECT_TRUE(is_closed(87, 5000));
  EXPECT_FALSE(is_closed(88, 50));
  EXPECT_FALSE(is_closed(599, 50));
}

TEST_F(SilentTcpTest, WhatIsTooLongForACheckIsNotWaitedFor) {
  open(false, 1);
  begin_with("\x0f\xff" + std::string(1500, 'x'));
  EXPECT_FALSE(is_closed(0, 50));
  ASSERT_GT(::send(clients_[0], std::string(1500, 'x').data(), 1500, 0), 0);
  EXPECT_TRUE(is_closed(0, 5000));
}

TEST_F(SilentTcpTest, WithoutDescriptorsNobodyIsBusyUntilThereAreSomeAgain) {
  open(false, 1);
  begin_with(kBegun);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  clients_.push_back(client);
  {
    const NoDescriptors none;
    sockaddr_in to = loopback(port_);
    connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    const int64_t before = processor_microseconds();
    usleep(500'000);
    EXPECT_LT(processor_microseconds() - before, 100'000);
  }
  ASSERT_GT(::send(client, "GET /", 5, 0), 0);
  EXPECT_EQ(wait_for(1), (Guests{{Greeting::Http, "GET /"}}));
}

TEST_F(GuestsTest, TlsIsLeftAloneWhereNobodyWantsIt) {
  open(false);
  begin_with("\x16\x03\x01");
  begin_with("GET /");
  usleep(50'000);
  EXPECT_EQ(wait_for(1), (Guests{{Greeting::Http, "GET /"}}));
}

}  // namespace
}  // namespace gstlk::sfu
