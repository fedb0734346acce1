// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "base/bytes.h"
#include "base/ref.h"

namespace gstlk::sfu {

// Received packets are kept as buffers and read as bytes, again and again: so a buffer has to be
// flat, one piece of system memory, as network elements make it. Thread-safe.

// The bytes of a flat buffer, good as long as it lives; empty when it is not flat.
ByteView stable_bytes(GstBuffer* buffer);

// A list whose buffers are all flat; the same list where they are already.
Ref<GstBufferList> flattened(Ref<GstBufferList> list);

}  // namespace gstlk::sfu
