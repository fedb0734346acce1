// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/log.h"

namespace gstlk::signal {

inline LogCategory& log_signal = register_log_category(*new LogCategory{"sfu-signal"});

}  // namespace gstlk::signal
