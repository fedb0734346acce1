// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/log.h"

namespace gstlk::room {

inline LogCategory& log_room = register_log_category(*new LogCategory{"sfu-room"});

}  // namespace gstlk::room
