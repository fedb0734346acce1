// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/turn_keeper.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>

#include "turn/private_folder.h"

namespace gstlk::turn {
namespace {

// A UDP port of loopback that is taken as long as this is there.
class TakenPort {
 public:
  TakenPort() : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~TakenPort() { give_back(); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  void give_back() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

  uint16_t port = 0;

 private:
  int fd_;
};

// With a program that writes down when it is started, and waits for its end.
class TurnKeeperTest : public testing::Test {
 protected:
  TurnKeeperTest() {
    auto folder = make_private_folder();
    EXPECT_TRUE(folder);
    folder_ = *folder;
    std::ofstream(program()) << "#!/bin/sh\necho run >> " << runs() << "\nexec /bin/sleep 60\n";
    chmod(program().c_str(), 0700);
  }
  ~TurnKeeperTest() override { remove_folder(folder_); }

  std::string program() const { return folder_ + "/turnserver"; }
  std::string runs() const { return folder_ + "/runs"; }
  long started() const {
    std::ifstream file(runs());
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  }
  // Whether it is so within some seconds.
  static bool becomes(const std::function<bool()>& condition) {
    for (int i = 0; i < 500 && !condition(); ++i) {
      while (g_main_context_iteration(nullptr, FALSE)) {
      }
      g_usleep(10'000);
    }
    return condition();
  }
  static void wait(Duration duration) {
    const gint64 end = g_get_monotonic_time() + duration.count();
    while (g_get_monotonic_time() < end) {
      g_main_context_iteration(nullptr, FALSE);
      g_usleep(1000);
    }
  }
  static TurnSettings on_port(uint16_t port) {
    TurnSettings settings;
    settings.listen = {"127.0.0.1"};
    settings.udp_port = port;
    settings.plain_urls = {"turn:127.0.0.1:" + std::to_string(port) + "?transport=udp"};
    return settings;
  }
  TurnKeeper keeper() {
    return {program(),
            [this](const TurnSettings* settings) {
              urls_ = settings ? settings->plain_urls : std::vector<std::string>{};
            },
            50ms};
  }
  static uint16_t free_port() { return TakenPort().port; }

  std::string folder_;
  std::vector<std::string> urls_;
};

TEST_F(TurnKeeperTest, AServerWhoseSettingsAreTheSameStays) {
  TurnKeeper keeper = this->keeper();
  const TurnSettings settings = on_port(free_port());
  ASSERT_TRUE(keeper.start(settings));
  EXPECT_EQ(urls_, settings.plain_urls);
  ASSERT_TRUE(becomes([&] { return started() == 1; }));
  keeper.change(settings);
  wait(200ms);
  EXPECT_EQ(started(), 1);
}

TEST_F(TurnKeeperTest, OtherSettingsAreAnotherServer) {
  TurnKeeper keeper = this->keeper();
  TurnSettings settings = on_port(free_port());
  ASSERT_TRUE(keeper.start(settings));
  ASSERT_TRUE(becomes([&] { return started() == 1; }));
  settings.mapped = {{"203.0.113.7", "127.0.0.1"}};
  keeper.change(settings);
  EXPECT_TRUE(becomes([&] { return started() == 2; }));
}

TEST_F(TurnKeeperTest, WhatCannotBeStartedIsTriedAgainUntilItCan) {
  TurnKeeper keeper = this->keeper();
  ASSERT_TRUE(keeper.start(on_port(free_port())));
  ASSERT_TRUE(becomes([&] { return started() == 1; }));
  TakenPort taken;
  keeper.change(on_port(taken.port));
  EXPECT_TRUE(urls_.empty());
  wait(200ms);
  EXPECT_EQ(started(), 1);
  taken.give_back();
  EXPECT_TRUE(becomes([&] { return started() == 2; }));
  EXPECT_EQ(urls_, on_port(taken.port).plain_urls);
}

TEST_F(TurnKeeperTest, ThatTheFirstCannotBeStartedIsAnError) {
  const TakenPort taken;
  TurnKeeper keeper = this->keeper();
  const auto running = keeper.start(on_port(taken.port));
  ASSERT_FALSE(running);
  EXPECT_NE(running.error().message.find("turn.udp_port: cannot listen on UDP 127.0.0.1 port " +
                                         std::to_string(taken.port)),
            std::string::npos)
      << running.error().message;
}

TEST(CheckPorts, AnAddressOfAnotherMachineCannotBeListenedOn) {
  TurnSettings settings;
  settings.udp_port = TakenPort().port;
  for (const char* address : {"2001:db8::dead", "192.0.2.77"}) {
    settings.listen = {address};
    const auto free = check_ports(settings);
    ASSERT_FALSE(free) << address;
    EXPECT_NE(free.error().message.find(address), std::string::npos) << free.error().message;
  }
}

}  // namespace
}  // namespace gstlk::turn
