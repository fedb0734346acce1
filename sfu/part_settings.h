// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "graph/media_settings.h"
#include "plugins/sfu/worker_pool.h"
#include "room/settings.h"
#include "webhook/notifier.h"

// What the configuration means for the parts that a daemon is made of.
namespace gstlk {

// The error names what of this machine's addresses cannot be chosen.
Result<sfu::WorkerPoolConfig> worker_config(const config::Config& config);
graph::MediaSettings media_settings(const config::Config& config);
webhook::NotifierSettings webhook_settings(const config::Config& config);
// Without what has to be asked for while it runs.
room::Settings room_settings(const config::Config& config);

}  // namespace gstlk
