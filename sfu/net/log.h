// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/log.h"

namespace gstlk::net {

inline LogCategory& log_net = register_log_category(*new LogCategory{"sfu-net"});

}  // namespace gstlk::net
