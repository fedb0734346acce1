// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/web_socket_connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_frames.h"

namespace gstlk::net {
namespace {

constexpr size_t kLimit = 10'000;

class Collect : public WebSocketListener {
 public:
  explicit Collect(std::vector<std::string>& messages) : messages_(messages) {}
  void on_text(std::string_view message) override { messages_.emplace_back(message); }
  void on_binary(std::string_view message) override { messages_.emplace_back(message); }

 private:
  std::vector<std::string>& messages_;
};

// A stream that takes nothing until `open` is cancelled, as TLS over a socket that is full.
struct Narrow {
  GOutputStream parent;
  GOutputStream* below;
  GCancellable* open;
};
struct NarrowClass {
  GOutputStreamClass parent;
};

gssize narrow_write(GPollableOutputStream* stream, const void* data, gsize size, GError** error) {
  auto* self = reinterpret_cast<Narrow*>(stream);
  if (!g_cancellable_is_cancelled(self->open)) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "full");
    return -1;
  }
  return g_pollable_output_stream_write_nonblocking(G_POLLABLE_OUTPUT_STREAM(self->below), data,
                                                    size, nullptr, error);
}

GSource* narrow_source(GPollableOutputStream* stream, GCancellable*) {
  GSource* source = g_pollable_source_new(G_OBJECT(stream));
  GSource* child = g_cancellable_source_new(reinterpret_cast<Narrow*>(stream)->open);
  g_source_set_dummy_callback(child);
  g_source_add_child_source(source, child);
  g_source_unref(child);
  return source;
}

void narrow_pollable_init(GPollableOutputStreamInterface* interface) {
  interface->write_nonblocking = narrow_write;
  interface->create_source = narrow_source;
}

G_DEFINE_TYPE_WITH_CODE(Narrow, narrow, G_TYPE_OUTPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_OUTPUT_STREAM, narrow_pollable_init))
void narrow_class_init(NarrowClass*) {}
void narrow_init(Narrow*) {}

// One end of a socket pair is the connection's, the other is a client made of bytes.
class WebSocketConnectionTest : public testing::Test {
 protected:
  WebSocketConnectionTest() { connect(nullptr); }

  ~WebSocketConnectionTest() override { ::close(client_); }

  // With `open`, nothing can be written until it is cancelled.
  void connect(GCancellable* open) {
    connection_.reset();
    if (client_ != -1) ::close(client_);
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    client_ = ends[1];
    auto socket = Ref<GSocket>::adopt(g_socket_new_from_fd(ends[0], nullptr));
    below_ = Ref<GIOStream>::adopt(
        G_IO_STREAM(g_socket_connection_factory_create_connection(socket.get())));
    Ref<GIOStream> stream = below_;
    if (open) {
      narrow_ = Ref<GObject>::adopt(G_OBJECT(g_object_new(narrow_get_type(), nullptr)));
      auto* narrow = reinterpret_cast<Narrow*>(narrow_.get());
      narrow->below = g_io_stream_get_output_stream(below_.get());
      narrow->open = open;
      stream = Ref<GIOStream>::adopt(g_simple_io_stream_new(
          g_io_stream_get_input_stream(below_.get()), G_OUTPUT_STREAM(narrow_.get())));
    }
    connection_ = std::make_unique<WebSocketConnection>(
        kLimit, deflate_, [this](WebSocketConnection&) { connection_.reset(); });
    connection_->set_listener(std::make_unique<Collect>(messages_));
    connection_->attach(std::move(stream), std::move(socket), false);
  }

  void turn() {
    while (g_main_context_iteration(nullptr, FALSE)) {
    }
  }

  // Sends all, which takes turns of the connection.
  void send(std::string_view bytes) {
    for (int stuck = 0; !bytes.empty() && stuck < 1000; stuck++) {
      const ssize_t count = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count > 0) {
        bytes.remove_prefix(static_cast<size_t>(count));
        stuck = 0;
      }
      turn();
    }
    EXPECT_TRUE(bytes.empty());
  }

  // Everything that the connection sent; ends where it waits or the end has come.
  std::string receive() {
    std::string received;
    char chunk[65536];
    ssize_t count = 0;
    do {
      turn();
      count = ::recv(client_, chunk, sizeof chunk, 0);
      if (count > 0) received.append(chunk, static_cast<size_t>(count));
    } while (count > 0);
    at_end_ = count == 0;
    return received;
  }

  static std::string close_frame(uint16_t code) {
    return frame_header(Opcode::Close, false, 2) + close_payload(code);
  }

  int client_ = -1;
  bool at_end_ = false;
  PermessageDeflate deflate_;
  std::vector<std::string> messages_;
  Ref<GIOStream> below_;
  Ref<GObject> narrow_;
  std::unique_ptr<WebSocketConnection> connection_;
};

TEST_F(WebSocketConnectionTest, TellsWhatComesAndSendsWhatItIsGiven) {
  send(client_frame(Opcode::Text, "hello ", 0) + client_frame(Opcode::Continuation, "there"));
  EXPECT_EQ(messages_, std::vector<std::string>{"hello there"});
  connection_->send_text(std::make_shared<const std::string>("hi"));
  EXPECT_EQ(receive(), frame_header(Opcode::Text, false, 2) + "hi");
}

TEST_F(WebSocketConnectionTest, AMessageInFragmentsOverTheLimitEndsTheConnection) {
  for (int i = 0; i < 1000; i++) {
    send(client_frame(i == 0 ? Opcode::Binary : Opcode::Continuation, std::string(5'000, 'x'), 0));
  }
  EXPECT_EQ(receive(), close_frame(1009));
  EXPECT_TRUE(at_end_);
  EXPECT_TRUE(messages_.empty());
  ASSERT_TRUE(connection_);  // it reads on, so that the client can read why
  ::shutdown(client_, SHUT_WR);
  turn();
  EXPECT_FALSE(connection_);
}

TEST_F(WebSocketConnectionTest, GarbageEndsTheConnection) {
  send("GET / HTTP/1.1\r\n\r\n" + std::string(1'000'000, '\xaa'));
  EXPECT_EQ(receive(), close_frame(1002));
}

TEST_F(WebSocketConnectionTest, ACloseIsAnsweredWithItsCode) {
  send(client_frame(Opcode::Close, close_payload(4001)));
  EXPECT_EQ(receive(), close_frame(4001));
  EXPECT_TRUE(at_end_);
  EXPECT_FALSE(connection_);
}

TEST_F(WebSocketConnectionTest, NothingIsToldAfterClose) {
  connection_->close(1000);
  send(client_frame(Opcode::Text, "late"));
  EXPECT_TRUE(messages_.empty());
  EXPECT_EQ(receive(), close_frame(1000));
  send(client_frame(Opcode::Close, close_payload(1000)));
  turn();
  EXPECT_FALSE(connection_);
}

TEST_F(WebSocketConnectionTest, WhoPingsAndDoesNotReadGetsTheLastPongOnly) {
  const std::string pong = frame_header(Opcode::Pong, false, 125);
  constexpr int kPings = 100'000;
  std::string pings;
  for (int i = 0; i < 100; i++) pings += client_frame(Opcode::Ping, std::string(125, '.'));
  for (int i = 0; i < kPings; i += 100) send(pings);
  send(client_frame(Opcode::Ping, std::string(125, '!')));
  const std::string received = receive();
  EXPECT_LT(received.size(), kPings * 127u / 4);
  EXPECT_TRUE(received.ends_with(pong + std::string(125, '!')));
}

TEST_F(WebSocketConnectionTest, APongDoesNotGoBeforeWhatWasTried) {
  const auto open = Ref<GCancellable>::adopt(g_cancellable_new());
  connect(open.get());
  connection_->send_text(std::make_shared<const std::string>("first"));
  connection_->send_text(std::make_shared<const std::string>("second"));
  send(client_frame(Opcode::Ping, "!"));
  EXPECT_EQ(receive(), "");
  g_cancellable_cancel(open.get());
  EXPECT_EQ(receive(), frame_header(Opcode::Text, false, 5) + "first" +
                           frame_header(Opcode::Pong, false, 1) + "!" +
                           frame_header(Opcode::Text, false, 6) + "second");
}

TEST_F(WebSocketConnectionTest, AClientThatIsGoneEndsTheConnection) {
  ::shutdown(client_, SHUT_RDWR);
  turn();
  EXPECT_FALSE(connection_);
}

TEST_F(WebSocketConnectionTest, TheEndOfTheServerIsSaid) {
  connection_.reset();
  EXPECT_EQ(receive(), close_frame(1001));
  EXPECT_TRUE(at_end_);
}

}  // namespace
}  // namespace gstlk::net
