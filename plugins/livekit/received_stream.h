// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "base/ref.h"

namespace gstlk::client {

// A stream that webrtcbin receives, by the pad of webrtcbin from which it comes.

// The jitter buffer whose packets come out; null when there is none any more.
Ref<GstElement> jitter_buffer_of(GstPad* source);

// Nothing comes out any more: not linked, its media would end the connection. The probe that does
// it.
gulong drop_media(GstPad* source);

// Takes the stream out of webrtcbin, which keeps each that ever came: its pad, and a jitter buffer
// with two threads. Not on a streaming thread, nor while the pad is linked; what comes of it
// nevertheless is a stream anew.
void remove_stream(GstPad* source);

}  // namespace gstlk::client
