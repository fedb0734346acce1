// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doctor/checks.h"

// What this machine is like. Main thread only.
namespace gstlk::doctor {

// Listens there for a moment; errno, or 0.
int probe_port(const Port& port);
// A number of /proc/sys: "net.core.rmem_max". nullopt where that cannot be read.
std::optional<uint64_t> read_sysctl(const std::string& name);
// From each of these addresses, for some seconds at most.
StunAnswers ask_stun_servers(const std::vector<std::string>& local,
                             const std::vector<std::string>& servers);
// Whether the kernel has been told that something keeps the clock right.
bool is_clock_synchronized();

}  // namespace gstlk::doctor
