// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libsoup/soup.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/ref.h"
#include "livekit/messages.h"
#include "livekit_rtc.pb.h"

namespace gstlk::testing {

// The server's side of signal connections, on a thread of its own: lets everybody in, keeps what is
// asked and answers nothing but what a test tells it to. There is no media. Thread-safe.
class FakeRoom {
 public:
  FakeRoom() {
    thread_ = std::thread([this] { serve(); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return port_ != 0; });
  }
  ~FakeRoom() {
    GSource* quit = g_idle_source_new();
    g_source_set_callback(
        quit,
        [](gpointer loop) {
          g_main_loop_quit(static_cast<GMainLoop*>(loop));
          return G_SOURCE_REMOVE;
        },
        loop_.get(), nullptr);
    g_source_attach(quit, context_.get());
    g_source_unref(quit);
    thread_.join();
  }

  std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_); }

  // The tokens of the joins so far.
  std::vector<std::string> tokens() const {
    std::lock_guard lock(mutex_);
    return tokens_;
  }
  size_t joins() const { return tokens().size(); }
  // What the newest participant asked for, in its order.
  std::vector<::livekit::SignalRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // How many of the newest participant's requests `matches`.
  size_t count(const std::function<bool(const ::livekit::SignalRequest&)>& matches) const {
    size_t found = 0;
    for (const auto& request : requests()) found += matches(request) ? 1 : 0;
    return found;
  }
  // Who comes from now on is kept waiting, or no more.
  void keep_waiting(bool waits) { waits_ = waits; }
  // Who comes from now on is told to use relays alone.
  void force_relay() { relays_ = true; }
  // To the newest participant.
  void send(const ::livekit::SignalResponse& message) {
    in_thread([this, bytes = livekit::to_protobuf(message)] {
      if (connection_)
        soup_websocket_connection_send_binary(connection_.get(), bytes.data(), bytes.size());
    });
  }
  // The newest participant's connection goes.
  void hang_up() {
    in_thread([this] {
      if (connection_) soup_websocket_connection_close(connection_.get(), 1001, nullptr);
    });
  }

 private:
  void serve() {
    g_main_context_push_thread_default(context_.get());
    const auto server = Ref<SoupServer>::adopt(soup_server_new(nullptr, nullptr));
    soup_server_add_websocket_handler(server.get(), "/rtc", nullptr, nullptr, on_join, this,
                                      nullptr);
    soup_server_listen_local(server.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, nullptr);
    GSList* uris = soup_server_get_uris(server.get());
    {
      std::lock_guard lock(mutex_);
      port_ = g_uri_get_port(static_cast<GUri*>(uris->data));
    }
    changed_.notify_all();
    g_slist_free_full(uris, [](gpointer uri) { g_uri_unref(static_cast<GUri*>(uri)); });
    g_main_loop_run(loop_.get());
    if (connection_) g_signal_handlers_disconnect_by_data(connection_.get(), this);
    connection_.reset();
    soup_server_disconnect(server.get());
    g_main_context_pop_thread_default(context_.get());
  }

  void in_thread(std::function<void()> task) {
    GSource* source = g_idle_source_new();
    g_source_set_callback(
        source,
        [](gpointer data) {
          (*static_cast<std::function<void()>*>(data))();
          return G_SOURCE_REMOVE;
        },
        new std::function<void()>(std::move(task)),
        [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
    g_source_attach(source, context_.get());
    g_source_unref(source);
  }

  static void on_join(SoupServer*, SoupServerMessage* message, const char*,
                      SoupWebsocketConnection* connection, gpointer data) {
    auto* self = static_cast<FakeRoom*>(data);
    const char* header = soup_message_headers_get_one(
        soup_server_message_get_request_headers(message), "Authorization");
    if (self->connection_) g_signal_handlers_disconnect_by_data(self->connection_.get(), self);
    self->connection_ = Ref<SoupWebsocketConnection>::share(connection);
    g_signal_connect(connection, "message", G_CALLBACK(on_message), self);
    {
      std::lock_guard lock(self->mutex_);
      self->tokens_.emplace_back(header ? std::string(header).substr(7) : "");
      self->requests_.clear();
    }
    if (self->waits_) return;
    ::livekit::SignalResponse response;
    auto* join = response.mutable_join();
    join->set_subscriber_primary(true);
    join->mutable_participant()->set_sid("PA_us");
    join->mutable_participant()->set_identity("us");
    if (self->relays_) join->mutable_client_configuration()->set_force_relay(::livekit::ENABLED);
    const Bytes bytes = livekit::to_protobuf(response);
    soup_websocket_connection_send_binary(connection, bytes.data(), bytes.size());
  }

  static void on_message(SoupWebsocketConnection*, gint, GBytes* message, gpointer data) {
    auto* self = static_cast<FakeRoom*>(data);
    gsize size = 0;
    const auto* bytes = static_cast<const uint8_t*>(g_bytes_get_data(message, &size));
    ::livekit::SignalRequest request;
    if (!livekit::from_protobuf({bytes, size}, request)) return;
    std::lock_guard lock(self->mutex_);
    self->requests_.push_back(request);
  }

  const Ref<GMainContext> context_ = Ref<GMainContext>::adopt(g_main_context_new());
  const Ref<GMainLoop> loop_ = Ref<GMainLoop>::adopt(g_main_loop_new(context_.get(), FALSE));
  Ref<SoupWebsocketConnection> connection_;  // on the thread
  std::atomic<bool> waits_ = false;
  std::atomic<bool> relays_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int port_ = 0;
  std::vector<std::string> tokens_;
  std::vector<::livekit::SignalRequest> requests_;
  std::thread thread_;
};

}  // namespace gstlk::testing
