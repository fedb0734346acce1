// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/plugin.h"

#include "plugins/livekit/gstlivekitcompositesrc.h"
#include "plugins/livekit/gstlivekitrecorder.h"
#include "plugins/livekit/gstlivekitsink.h"
#include "plugins/livekit/gstlivekitsrc.h"

gboolean gstlk_client_register_elements(GstPlugin* plugin) {
  return gst_element_register(plugin, "livekitcompositesrc", GST_RANK_NONE,
                              GST_TYPE_LIVEKIT_COMPOSITE_SRC) &&
         gst_element_register(plugin, "livekitrecorder", GST_RANK_NONE,
                              GST_TYPE_LIVEKIT_RECORDER) &&
         gst_element_register(plugin, "livekitsink", GST_RANK_NONE, GST_TYPE_LIVEKIT_SINK) &&
         gst_element_register(plugin, "livekitsrc", GST_RANK_NONE, GST_TYPE_LIVEKIT_SRC);
}
