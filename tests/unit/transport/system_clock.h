// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/time.h"

namespace gstlk::transport {

// OpenSSL and usrsctp read the system's clock themselves. In this test program it stands still
// until it is told otherwise.
void advance_system_clock(Duration time);

}  // namespace gstlk::transport
