// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/log.h"

namespace gstlk::turn {

inline LogCategory& log_turn = register_log_category(*new LogCategory{"sfu-turn"});

}  // namespace gstlk::turn
