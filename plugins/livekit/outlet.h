// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <vector>

G_BEGIN_DECLS

// Between a track's chain and what takes it, which comes and goes: a webrtcbin of a published one,
// a mixer's pad of a composed one. Pads `sink` and `src`, any caps. What arrives while it is shut,
// or is refused behind it, is dropped and called well received, so that neither source nor encoder
// stops; EOS and flushes end here. Not registered: for the elements of this plugin.
//
// Whenever it is opened it sends the caps once for each SSRC: webrtcbin finds the way back to a
// keyframe request's encoding, and what to retransmit, by the SSRCs that it saw in caps. Without
// SSRCs the caps go through as they are.
#define GSTLK_TYPE_OUTLET (gstlk_outlet_get_type())
G_DECLARE_FINAL_TYPE(GstLkOutlet, gstlk_outlet, GSTLK, OUTLET, GstElement)

// Shut at first. Any thread.
void gstlk_outlet_set_open(GstLkOutlet* outlet, gboolean open);

// Of the encodings that come through. Before caps arrive.
void gstlk_outlet_set_ssrcs(GstLkOutlet* outlet, std::vector<uint32_t> ssrcs);

// Of what went out since it was made. Any thread.
void gstlk_outlet_get_counts(GstLkOutlet* outlet, uint64_t* packets, uint64_t* bytes);

G_END_DECLS
