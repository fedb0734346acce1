// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/plugin.h"

#include "plugins/sfu/gstsfurouter.h"
#include "plugins/sfu/gstsfutransport.h"

gboolean gstlk_sfu_register_elements(GstPlugin* plugin) {
  return gst_element_register(plugin, "sfu-router", GST_RANK_NONE, GST_TYPE_SFU_ROUTER) &&
         gst_element_register(plugin, "sfu-transport", GST_RANK_NONE, GST_TYPE_SFU_TRANSPORT);
}
