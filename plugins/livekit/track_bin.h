// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

// The bin of a received track: its chain, with a GstLkTrackOutput at its end. What fails in the
// chain (a picture that a decoder gives up on, a device that is gone) is that track's alone, where
// an error message would end the pipeline with everybody in it: a warning goes up instead, one
// until restore(), and failed() says since when. The output's own errors are about what is linked
// behind it and go through. Not registered: for the elements of this plugin.
#define GSTLK_TYPE_TRACK_BIN (gstlk_track_bin_get_type())
G_DECLARE_FINAL_TYPE(GstLkTrackBin, gstlk_track_bin, GSTLK, TRACK_BIN, GstBin)

// `track` names it in warnings.
GstLkTrackBin* gstlk_track_bin_new(const gchar* name, const gchar* track);

// The monotonic time, in microseconds, at which the chain failed; 0: it has not. Any thread.
gint64 gstlk_track_bin_failed(GstLkTrackBin* bin);

// There is another chain. Any thread.
void gstlk_track_bin_restore(GstLkTrackBin* bin);

G_END_DECLS
