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

// Before webrtcbin receives. What it has `rtpbin`, its own, make for forward error correction, of
// which there is none here, would keep a pad, an element and packets of each stream for good.
void keep_nothing_for_fec(GstElement* webrtcbin, GstElement* rtpbin);

// Takes the stream out of webrtcbin, which keeps each that ever came: its pad, and a jitter buffer
// with two threads, unless that is another one's, too (one SSRC whose payload type has changed).
// Not on a streaming thread, nor while the pad is linked; what comes of it nevertheless is a stream
// anew.
void remove_stream(GstPad* source, bool with_jitter_buffer);

}  // namespace gstlk::client
