// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace gstlk::sfu {
class SfuTransport;
}

// The properties of sfu-transport, and how they are read from and written to what is behind it.
void gst_sfu_transport_install_properties(GObjectClass* klass);
void gst_sfu_transport_set_property(gstlk::sfu::SfuTransport& impl, GObject* object, guint id,
                                    const GValue* value, GParamSpec* spec);
void gst_sfu_transport_get_property(gstlk::sfu::SfuTransport& impl, GObject* object, guint id,
                                    GValue* value, GParamSpec* spec);
