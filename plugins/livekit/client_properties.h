// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "plugins/livekit/connection_settings.h"

namespace gstlk::client {

// The properties by which every element of a client says which room it joins and as whom. They have
// the ids from `first` on; the next free one is returned.
guint install_client_properties(GObjectClass* klass, guint first);

// False when the id is none of theirs. The caller holds the object's lock.
bool set_client_property(ConnectionSettings& settings, guint first, guint id, const GValue* value);
bool get_client_property(const ConnectionSettings& settings, guint first, guint id, GValue* value);

}  // namespace gstlk::client
