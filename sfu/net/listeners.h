// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ref.h"
#include "base/result.h"

namespace gstlk::net {

// Listens on TCP addresses and accepts what comes, in the default main context. When the process
// has no descriptors left, connections wait in the kernel's queue until it is tried again:
// libsoup's own listener would take none any more after that. Main thread only.
class Listeners {
 public:
  using OnAccepted = std::function<void(const Ref<GSocket>& socket)>;

  explicit Listeners(OnAccepted on_accepted);
  ~Listeners();
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Listens on each address; none means all of this machine, and so does "::" without one of IPv4.
  // Port 0 takes a free one. Fails when an address is taken, or when none of them exists here; one
  // that does not exist is a warning.
  Result<void> listen(const std::vector<std::string>& addresses, uint16_t port);
  uint16_t port() const;  // of the first; 0 when there is none
  void stop();

 private:
  class Listener;

  bool open(const std::string& address, uint16_t port, GError** error);
  Result<void> listen_everywhere(uint16_t port);

  const OnAccepted on_accepted_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace gstlk::net
