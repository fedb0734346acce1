// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/log.h"

namespace gstlk::agent {

inline LogCategory& log_agent = register_log_category(*new LogCategory{"sfu-agent"});

}  // namespace gstlk::agent
