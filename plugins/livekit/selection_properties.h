// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "plugins/livekit/track_selection.h"

namespace gstlk::client {

// The properties by which elements that receive say which tracks: participants, tracks, sources,
// audio, video. They have the ids from `first` on; the next free one is returned.
guint install_selection_properties(GObjectClass* klass, guint first);
constexpr guint kSelectionProperties = 5;

// False when the id is none of theirs. The caller holds the object's lock.
bool set_selection_property(TrackSelection& selection, guint first, guint id, const GValue* value);
bool get_selection_property(const TrackSelection& selection, guint first, guint id, GValue* value);

}  // namespace gstlk::client
