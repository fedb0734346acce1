// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <functional>
#include <string>
#include <vector>

namespace gstlk::client {

// How the packets of a data pad are sent: its properties.
struct DataWishes {
  std::string topic;
  bool reliable = true;
  std::vector<std::string> destinations;  // identities; none: everybody
};

GType data_sink_pad_type();

// A sink pad whose buffers are data packets. `send` is called on the streaming thread and outlives
// the pad; what it refuses is dropped.
GstPad* make_data_sink_pad(GstPadTemplate* pad_template, const std::string& name,
                           std::function<bool(GBytes*, const DataWishes&)> send);

}  // namespace gstlk::client
