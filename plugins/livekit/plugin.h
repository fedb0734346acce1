// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

// Registers the elements of a room's clients; `plugin` may be null (static use).
gboolean gstlk_client_register_elements(GstPlugin* plugin);
