// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/plugin.h"

#define PACKAGE "gst-livekit"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, livekit,
                  "Joins LiveKit rooms: publishes and receives media and data",
                  gstlk_client_register_elements, GST_LIVEKIT_VERSION, "LGPL", "gst-livekit",
                  "https://gstreamer.freedesktop.org")
