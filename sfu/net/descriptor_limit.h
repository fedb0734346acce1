// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

// How many descriptors a process may have open. The soft limit, often 1024, is for programs that
// use select(), which nothing here does; the hard one is what the administrator allows.
namespace gstlk::net {

uint64_t descriptor_limit();
// What descriptor_limit() is after raise_descriptor_limit().
uint64_t highest_descriptor_limit();
void raise_descriptor_limit();

}  // namespace gstlk::net
