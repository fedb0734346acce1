// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/listeners.h"

#include <gio/gnetworking.h>

#include <algorithm>
#include <utility>

#include "net/log.h"

namespace gstlk::net {
namespace {

// GLib's is 10: of 200 clients that connect at once most would be dropped, and come again after 1,
// 3, 7, ... seconds.
constexpr int kBacklog = 1024;
// In one turn of the main loop; what else there is to do comes between.
constexpr int kMaxAccepts = 32;
// Until it is tried again when there was no descriptor.
constexpr guint kPauseMilliseconds = 100;

Unexpected<Error> listen_error(uint16_t port, GError* error) {
  const std::string reason = error->message;
  g_error_free(error);
  return fail("cannot listen on port " + std::to_string(port) + ": " + reason);
}

Ref<GSocket> listening_socket(GSocketAddress* address, GError** error) {
  const GSocketFamily family = g_socket_address_get_family(address);
  auto socket = Ref<GSocket>::adopt(
      g_socket_new(family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error));
  if (!socket) return {};
  if (family == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, TRUE, nullptr);
  g_socket_set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, TRUE, nullptr);  // is inherited
  g_socket_set_blocking(socket.get(), FALSE);
  g_socket_set_listen_backlog(socket.get(), kBacklog);
  if (!g_socket_bind(socket.get(), address, TRUE, error) || !g_socket_listen(socket.get(), error))
    return {};
  return socket;
}

// "::" alone has every IPv4 address too, as for LiveKit; beside an IPv4 address it is IPv6.
bool is_every_address(const std::vector<std::string>& addresses) {
  const auto is_ipv6 = [](const std::string& address) {
    return address.find(':') != std::string::npos;
  };
  return std::ranges::all_of(addresses, is_ipv6) && std::ranges::count(addresses, "::") != 0;
}

}  // namespace

class Listeners::Listener {
 public:
  Listener(Ref<GSocket> socket, const OnAccepted& on_accepted)
      : socket_(std::move(socket)), on_accepted_(on_accepted) {
    watch();
  }
  ~Listener() {
    g_source_remove(source_);
    g_socket_close(socket_.get(), nullptr);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  uint16_t port() const {
    auto address = Ref<GSocketAddress>::adopt(g_socket_get_local_address(socket_.get(), nullptr));
    return address ? g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address.get())) : 0;
  }

 private:
  void watch() {
    GSource* source = g_socket_create_source(socket_.get(), G_IO_IN, nullptr);
    g_source_set_callback(source, G_SOURCE_FUNC(on_readable), this, nullptr);
    source_ = g_source_attach(source, nullptr);
    g_source_unref(source);
  }

  // False: not for a while. It would be woken again at once.
  bool accept() {
    for (int i = 0; i < kMaxAccepts; i++) {
      GError* error = nullptr;
      auto accepted = Ref<GSocket>::adopt(g_socket_accept(socket_.get(), nullptr, &error));
      if (accepted) {
        hold_breath_ = false;
        on_accepted_(accepted);
        continue;
      }
      const bool none = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      if (!none && !std::exchange(hold_breath_, true))
        LOG_WARNING(log_net, "connections have to wait: %s", error->message);
      g_error_free(error);
      return none;
    }
    return true;
  }

  static gboolean on_readable(GSocket*, GIOCondition, gpointer data) {
    auto* self = static_cast<Listener*>(data);
    if (self->accept()) return G_SOURCE_CONTINUE;
    self->source_ = g_timeout_add(kPauseMilliseconds, on_rested, self);
    return G_SOURCE_REMOVE;
  }

  static gboolean on_rested(gpointer data) {
    static_cast<Listener*>(data)->watch();
    return G_SOURCE_REMOVE;
  }

  const Ref<GSocket> socket_;
  const OnAccepted& on_accepted_;  // of the Listeners
  guint source_ = 0;
  bool hold_breath_ = false;  // the last one could not be accepted
};

Listeners::Listeners(OnAccepted on_accepted) : on_accepted_(std::move(on_accepted)) {}

Listeners::~Listeners() = default;

bool Listeners::open(const std::string& address, uint16_t port, GError** error) {
  auto where =
      Ref<GSocketAddress>::adopt(g_inet_socket_address_new_from_string(address.c_str(), port));
  Ref<GSocket> socket = listening_socket(where.get(), error);
  if (!socket) return false;
  listeners_.push_back(std::make_unique<Listener>(std::move(socket), on_accepted_));
  return true;
}

// Two sockets, so that IPv4 addresses are what they are. A machine may have no IPv6.
Result<void> Listeners::listen_everywhere(uint16_t port) {
  GError* error = nullptr;
  if (!open("0.0.0.0", port, &error)) return listen_error(port, error);
  if (open("::", this->port(), &error)) return {};
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
    stop();
    return listen_error(port, error);
  }
  g_error_free(error);
  return {};
}

Result<void> Listeners::listen(const std::vector<std::string>& addresses, uint16_t port) {
  if (addresses.empty() || is_every_address(addresses)) return listen_everywhere(port);
  std::string missing;
  for (const std::string& address : addresses) {
    if (!g_hostname_is_ip_address(address.c_str()))
      return fail("\"" + address + "\" is not an IP address");
    GError* error = nullptr;
    if (open(address, port, &error)) continue;
    // Taken by somebody else is fatal; an address family that this machine has not is not.
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
      return listen_error(port, error);
    missing = address + ": " + error->message;
    g_error_free(error);
    LOG_WARNING(log_net, "not listening on %s", missing.c_str());
  }
  if (listeners_.empty()) return fail("cannot listen on " + missing);
  return {};
}

uint16_t Listeners::port() const { return listeners_.empty() ? 0 : listeners_.front()->port(); }

void Listeners::stop() { listeners_.clear(); }

}  // namespace gstlk::net
