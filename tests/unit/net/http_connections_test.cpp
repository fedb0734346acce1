// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_connections.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "base/ref.h"

namespace gstlk::net {
namespace {

using Stage = HttpConnections::Stage;

class HttpConnectionsTest : public testing::Test {
 protected:
  HttpConnectionsTest() {
    std::array<int, 2> ends{};
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data());
    socket_ = Ref<GSocket>::adopt(g_socket_new_from_fd(ends[0], nullptr));
    peer_ = Ref<GSocket>::adopt(g_socket_new_from_fd(ends[1], nullptr));
    g_socket_set_blocking(peer_.get(), FALSE);
    g_object_set_data_full(connection_.get(), "socket", Ref(socket_).release(), g_object_unref);
  }
  bool peer_sees_the_end() {
    char byte;
    return g_socket_receive(peer_.get(), &byte, 1, nullptr, nullptr) == 0;
  }

  HttpConnections connections_;
  Ref<GObject> connection_ =
      Ref<GObject>::adopt(static_cast<GObject*>(g_object_new(G_TYPE_OBJECT, nullptr)));
  Ref<GSocket> socket_;
  Ref<GSocket> peer_;
};

TEST_F(HttpConnectionsTest, AConnectionIsForgottenWithWhatStandsForIt) {
  connections_.add(connection_.get(), socket_.get(), Stage::Request);
  EXPECT_EQ(connections_.size(), 1u);
  connection_.reset();
  EXPECT_EQ(connections_.size(), 0u);
}

// The thread of a TLS handshake may hold the socket when the connection is over already.
TEST_F(HttpConnectionsTest, ASocketMayEndInAnotherThread) {
  connections_.add(connection_.get(), socket_.get(), Stage::Handshake);
  connection_.reset();
  EXPECT_EQ(connections_.size(), 0u);
  std::thread([this] { socket_.reset(); }).join();
  EXPECT_TRUE(peer_sees_the_end());
}

TEST_F(HttpConnectionsTest, WhatIsTakenAwayStays) {
  connections_.add(connection_.get(), socket_.get(), Stage::Request);
  connections_.take_away(connection_.get());
  connections_.shut_down_all();
  EXPECT_FALSE(peer_sees_the_end());
  EXPECT_EQ(connections_.size(), 0u);
}

TEST_F(HttpConnectionsTest, AllAreShutDownAtOnce) {
  connections_.add(connection_.get(), socket_.get(), Stage::Answer);
  connections_.shut_down_all();
  EXPECT_TRUE(peer_sees_the_end());
}

}  // namespace
}  // namespace gstlk::net
