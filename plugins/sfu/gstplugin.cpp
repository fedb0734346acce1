// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/plugin.h"

#define PACKAGE "gst-livekit"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, livekitsfu,
                  "Selective forwarding unit and server-side WebRTC transport",
                  gstlk_sfu_register_elements, GST_LIVEKIT_VERSION, "LGPL", "gst-livekit",
                  "https://gstreamer.freedesktop.org")
