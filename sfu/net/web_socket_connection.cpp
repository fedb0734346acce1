// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/web_socket_connection.h"

#include <gio/gnetworking.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/log.h"

namespace gstlk::net {
namespace {

constexpr guint kPingIntervalSeconds = 10;
// For the peer to read what is queued and to answer the close frame.
constexpr guint kCloseTimeoutSeconds = 5;
constexpr size_t kMaxUnread = 8 * 1024 * 1024;
// Below this compression costs more than it saves.
constexpr size_t kMinCompressed = 1024;
// In one turn of the main loop; others wait.
constexpr int kMaxReads = 4;
// A peer that is gone without a word: the kernel gives up on its acknowledgements.
constexpr gint kUnacknowledgedMilliseconds = 30'000;

void remove_source(guint& source) {
  if (source != 0) g_source_remove(std::exchange(source, 0));
}

guint attach_source(GSource* source, GSourceFunc callback, gpointer data) {
  g_source_set_callback(source, callback, data, nullptr);
  const guint id = g_source_attach(source, nullptr);
  g_source_unref(source);
  return id;
}

}  // namespace

WebSocketConnection::WebSocketConnection(size_t max_message_size, PermessageDeflate& deflate,
                                         std::function<void(WebSocketConnection&)> on_gone)
    : max_message_size_(max_message_size), deflate_(deflate), on_gone_(std::move(on_gone)) {}

WebSocketConnection::~WebSocketConnection() {
  if (stream_ && !gone_) {
    // The last word, if there is room for it.
    queue_close(static_cast<uint16_t>(CloseCode::GoingAway));
    flush();
  }
  for (guint* source :
       {&read_source_, &write_source_, &ping_source_, &close_source_, &gone_source_}) {
    remove_source(*source);
  }
  if (!stream_) return;
  // TLS takes its leave, and would wait until the socket has room for that.
  if (!queue_.empty() || g_socket_condition_check(socket_.get(), G_IO_OUT) == 0)
    g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
  g_io_stream_close(stream_.get(), nullptr, nullptr);
}

void WebSocketConnection::set_listener(std::unique_ptr<WebSocketListener> listener) {
  listener_ = std::move(listener);
}

void WebSocketConnection::attach(Ref<GIOStream> stream, Ref<GSocket> socket, bool compressed) {
  stream_ = std::move(stream);
  socket_ = std::move(socket);
  compressed_ = compressed;
  reader_.emplace(max_message_size_, compressed ? &deflate_ : nullptr);
  g_socket_set_option(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMilliseconds,
                      nullptr);
  ping_source_ = g_timeout_add_seconds(kPingIntervalSeconds, on_ping_due, this);
  for (const Pending& pending : std::exchange(pending_, {})) {
    unread_ -= pending.payload->size();
    queue_message(pending.opcode, pending.payload);
  }
  if (close_code_ != 0) queue_close(close_code_);
  flush();
  wait_to_read();
}

void WebSocketConnection::send_text(const std::shared_ptr<const std::string>& payload) {
  send(Opcode::Text, payload);
}

void WebSocketConnection::send_binary(const std::shared_ptr<const std::string>& payload) {
  send(Opcode::Binary, payload);
}

void WebSocketConnection::send(Opcode opcode, const Payload& payload) {
  if (close_code_ != 0 || gone_) return;
  if (unread_ + payload->size() > kMaxUnread) {
    LOG_WARNING(log_net, "closing a WebSocket whose client does not read: %zu bytes wait", unread_);
    close(static_cast<uint16_t>(CloseCode::PolicyViolation));
  } else if (stream_) {
    queue_message(opcode, payload);
    flush();
  } else {
    pending_.push_back({opcode, payload});
    unread_ += payload->size();
  }
}

void WebSocketConnection::queue_message(Opcode opcode, const Payload& payload) {
  if (compressed_ && payload->size() >= kMinCompressed) {
    queue_frame(opcode, true, std::make_shared<const std::string>(deflate_.compress(*payload)));
  } else {
    queue_frame(opcode, false, payload);
  }
}

void WebSocketConnection::queue_frame(Opcode opcode, bool compressed, Payload payload) {
  std::string header = frame_header(opcode, compressed, payload->size());
  queue_.push_back({opcode, std::move(header), std::move(payload)});
  unread_ += queue_.back().size();
}

// "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to previous
// Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed
// Ping frame" (section 5.5.3): so pings cannot fill the queue.
void WebSocketConnection::answer_ping(std::string payload) {
  if (close_queued_) return;
  auto next = queue_.begin();
  if (next != queue_.end() && next->tried) ++next;
  if (next != queue_.end() && next->opcode == Opcode::Pong) {
    unread_ -= next->size();
    next = queue_.erase(next);
  }
  std::string header = frame_header(Opcode::Pong, false, payload.size());
  unread_ += header.size() + payload.size();
  queue_.insert(next, {Opcode::Pong, std::move(header),
                       std::make_shared<const std::string>(std::move(payload))});
  flush();
}

void WebSocketConnection::close(uint16_t code) {
  if (close_code_ != 0 || gone_) return;
  close_code_ = code;
  if (!stream_) return;
  queue_close(code);
  flush();
}

void WebSocketConnection::queue_close(uint16_t code) {
  if (close_queued_) return;
  close_queued_ = true;
  close_code_ = code;
  remove_source(ping_source_);
  queue_frame(Opcode::Close, false, std::make_shared<const std::string>(close_payload(code)));
  close_source_ = g_timeout_add_seconds(kCloseTimeoutSeconds, on_close_timeout, this);
}

// Writes until the socket takes no more.
void WebSocketConnection::flush() {
  while (!gone_ && write_source_ == 0 && !queue_.empty()) {
    Frame& frame = queue_.front();
    if (!write_some(frame)) return;
    if (frame.sent < frame.size()) continue;
    unread_ -= frame.size();
    queue_.pop_front();
  }
  if (!gone_ && queue_.empty() && close_queued_) finish_writing();
}

// False: not now.
bool WebSocketConnection::write_some(Frame& frame) {
  frame.tried = true;
  const size_t of_payload = frame.sent - std::min(frame.sent, frame.header.size());
  std::array<GOutputVector, 2> parts{};
  size_t count = 0;
  if (frame.sent < frame.header.size()) {
    parts[count++] = {frame.header.data() + frame.sent, frame.header.size() - frame.sent};
  }
  if (of_payload < frame.payload->size()) {
    parts[count++] = {frame.payload->data() + of_payload, frame.payload->size() - of_payload};
  }
  gsize written = 0;
  auto* output = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream_.get()));
  switch (g_pollable_output_stream_writev_nonblocking(output, parts.data(), count, &written,
                                                      nullptr, nullptr)) {
    case G_POLLABLE_RETURN_OK:
      frame.sent += written;
      return true;
    case G_POLLABLE_RETURN_WOULD_BLOCK:
      wait_to_write();
      return false;
    case G_POLLABLE_RETURN_FAILED:
      break;
  }
  schedule_gone();
  return false;
}

// The server closes first (section 7.1.1), after both close frames. Until the peer's has come what
// it sends is read and thrown away: closing over it would reset the connection, and our close frame
// might be lost.
void WebSocketConnection::finish_writing() {
  if (close_received_) return schedule_gone();
  g_socket_shutdown(socket_.get(), FALSE, TRUE, nullptr);
}

void WebSocketConnection::read() {
  std::array<char, 16384> chunk;
  auto* input = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream_.get()));
  for (int i = 0; i < kMaxReads && !gone_; i++) {
    GError* error = nullptr;
    const gssize count = g_pollable_input_stream_read_nonblocking(input, chunk.data(), chunk.size(),
                                                                  nullptr, &error);
    if (count > 0) {
      if (!done_reading_) handle_bytes({chunk.data(), static_cast<size_t>(count)});
      continue;
    }
    const bool later = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    g_clear_error(&error);
    if (!later) schedule_gone();
    break;
  }
  if (!gone_) wait_to_read();
}

void WebSocketConnection::handle_bytes(std::string_view bytes) {
  reader_->handle_bytes(bytes);
  while (!done_reading_ && !gone_) {
    const auto message = reader_->next();
    if (!message) return fail(message.error());
    if (!*message) return;
    handle_message(**message);
  }
}

void WebSocketConnection::handle_message(const WebSocketMessage& message) {
  switch (message.opcode) {
    case Opcode::Text:
      if (close_code_ == 0 && listener_) listener_->on_text(message.payload);
      return;
    case Opcode::Binary:
      if (close_code_ == 0 && listener_) listener_->on_binary(message.payload);
      return;
    case Opcode::Ping:
      return answer_ping(message.payload);
    case Opcode::Close:
      return handle_close(message.payload);
    case Opcode::Pong:
    case Opcode::Continuation:
      return;
  }
}

void WebSocketConnection::handle_close(std::string_view payload) {
  const Result<uint16_t, CloseCode> code = read_close(payload);
  if (!code) return fail(code.error());
  done_reading_ = true;
  close_received_ = true;
  queue_close(*code);
  flush();
}

void WebSocketConnection::fail(CloseCode code) {
  LOG_DEBUG(log_net, "closing a WebSocket over what it sent: %d", static_cast<int>(code));
  done_reading_ = true;
  queue_close(static_cast<uint16_t>(code));
  flush();
}

// What is below may be a buffer whose sources do not survive a read: each is for one time.
void WebSocketConnection::wait_to_read() {
  if (read_source_ != 0 || gone_) return;
  auto* input = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream_.get()));
  read_source_ = attach_source(g_pollable_input_stream_create_source(input, nullptr),
                               G_SOURCE_FUNC(on_readable), this);
}

void WebSocketConnection::wait_to_write() {
  if (write_source_ != 0 || gone_) return;
  auto* output = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream_.get()));
  write_source_ = attach_source(g_pollable_output_stream_create_source(output, nullptr),
                                G_SOURCE_FUNC(on_writable), this);
}

// From the main loop: the cause may be inside a call of the listener's.
void WebSocketConnection::schedule_gone() {
  if (std::exchange(gone_, true)) return;
  gone_source_ = g_idle_add_full(G_PRIORITY_DEFAULT, on_idle, this, nullptr);
}

gboolean WebSocketConnection::on_readable(GObject*, gpointer self) {
  auto* connection = static_cast<WebSocketConnection*>(self);
  connection->read_source_ = 0;
  connection->read();
  return G_SOURCE_REMOVE;
}

gboolean WebSocketConnection::on_writable(GObject*, gpointer self) {
  auto* connection = static_cast<WebSocketConnection*>(self);
  connection->write_source_ = 0;
  connection->flush();
  return G_SOURCE_REMOVE;
}

gboolean WebSocketConnection::on_ping_due(gpointer self) {
  auto* connection = static_cast<WebSocketConnection*>(self);
  // Behind other frames that wait it would tell nothing.
  if (connection->queue_.empty()) {
    connection->queue_frame(Opcode::Ping, false, std::make_shared<const std::string>());
    connection->flush();
  }
  return G_SOURCE_CONTINUE;
}

gboolean WebSocketConnection::on_close_timeout(gpointer self) {
  auto* connection = static_cast<WebSocketConnection*>(self);
  connection->close_source_ = 0;
  connection->schedule_gone();
  return G_SOURCE_REMOVE;
}

gboolean WebSocketConnection::on_idle(gpointer self) {
  auto* connection = static_cast<WebSocketConnection*>(self);
  connection->gone_source_ = 0;
  connection->on_gone_(*connection);
  return G_SOURCE_REMOVE;
}

}  // namespace gstlk::net
