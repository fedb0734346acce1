// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/log.h"

namespace gstlk::webhook {

inline LogCategory& log_webhook = register_log_category(*new LogCategory{"sfu-webhook"});

}  // namespace gstlk::webhook
