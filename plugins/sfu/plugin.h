// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

// Registers sfu-router and sfu-transport; with a null plugin, in this process alone, which is how
// the daemon and the tests get them without an installed plugin.
gboolean gstlk_sfu_register_elements(GstPlugin* plugin);
