// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doctor/machine.h"

#include <gio/gio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/ref.h"
#include "base/time.h"
#include "net/stun_query.h"

namespace gstlk::doctor {
namespace {

constexpr Duration kStunLimit = 3s;

Ref<GSocketAddress> to_socket_address(const Port& port) {
  const std::string host = port.address.empty() ? "::" : port.address;
  GSocketAddress* address = g_inet_socket_address_new_from_string(host.c_str(), port.port);
  return address ? Ref<GSocketAddress>::adopt(address) : Ref<GSocketAddress>();
}

int try_to_listen(int fd, const Port& port, const sockaddr* address, socklen_t size) {
  const int on = 1;
  // As the HTTP server does: connections that have just ended are nobody's.
  if (port.tcp) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, address, size) != 0) return errno;
  return port.tcp && listen(fd, 1) != 0 ? errno : 0;
}

}  // namespace

int probe_port(const Port& port) {
  const Ref<GSocketAddress> address = to_socket_address(port);
  if (!address) return EADDRNOTAVAIL;
  sockaddr_storage storage{};
  if (!g_socket_address_to_native(address.get(), &storage, sizeof storage, nullptr))
    return EADDRNOTAVAIL;
  const auto size = static_cast<socklen_t>(g_socket_address_get_native_size(address.get()));
  const int fd = socket(storage.ss_family, (port.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (fd < 0 && port.address.empty() && errno == EAFNOSUPPORT) {
    return probe_port({port.tcp, "0.0.0.0", port.port, port.purpose, port.key});
  }
  if (fd < 0) return errno;
  const int error = try_to_listen(fd, port, reinterpret_cast<const sockaddr*>(&storage), size);
  close(fd);
  return error;
}

std::optional<uint64_t> read_sysctl(const std::string& name) {
  std::string path = "/proc/sys/" + name;
  std::replace(path.begin() + 10, path.end(), '.', '/');
  char* data = nullptr;
  if (!g_file_get_contents(path.c_str(), &data, nullptr, nullptr)) return std::nullopt;
  const uint64_t value = g_ascii_strtoull(data, nullptr, 10);
  g_free(data);
  return value;
}

StunAnswers ask_stun_servers(const std::vector<std::string>& local,
                             const std::vector<std::string>& servers) {
  StunAnswers answers;
  if (local.empty()) answers.why = "there is no IPv4 address to ask from";
  size_t waiting = local.size();
  std::vector<std::unique_ptr<net::StunQuery>> queries;
  for (const std::string& address : local) {
    queries.push_back(std::make_unique<net::StunQuery>(
        address, servers, kStunLimit, [&, address](const Result<std::string>& answer) {
          --waiting;
          if (answer) {
            answers.found[address] = *answer;
          } else {
            answers.why = answer.error().message;
          }
        }));
  }
  while (waiting > 0) g_main_context_iteration(nullptr, TRUE);
  return answers;
}

bool is_clock_synchronized() {
  timex state{};
  return adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

}  // namespace gstlk::doctor
