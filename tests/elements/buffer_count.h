// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>

namespace gstlk::client {

// Counts what passes `pad` from now on; `count` outlives its streaming.
inline void count_buffers(GstPad* pad, std::atomic<int>& count) {
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      +[](GstPad*, GstPadProbeInfo*, gpointer data) {
        ++*static_cast<std::atomic<int>*>(data);
        return GST_PAD_PROBE_OK;
      },
      &count, nullptr);
}

}  // namespace gstlk::client
