// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>

G_BEGIN_DECLS

// The last element of a received track's chain: from a webrtcbin that comes and goes to a pad that
// stays. Pads `sink` and `src`, any caps. Whatever arrives comes out as one stream with the name
// that it was given; what arrives while it is shut is dropped. Flow errors end here: that the caps
// are not taken, which nobody else tells of, is an error message. EOS ends here too. Not
// registered: for the elements of this plugin.
//
// Its source pad has a thread, in front of which media waits in an OutputQueue: whoever is linked
// behind it holds up nobody else, but loses media when it takes none for seconds.
//
// While nothing comes (muted, a connection lost, silence that is not sent) fill_gap() lets those
// behind it go on.
#define GSTLK_TYPE_TRACK_OUTPUT (gstlk_track_output_get_type())
G_DECLARE_FINAL_TYPE(GstLkTrackOutput, gstlk_track_output, GSTLK, TRACK_OUTPUT, GstElement)

// Takes the tags. `stream` names it.
GstLkTrackOutput* gstlk_track_output_new(const gchar* name, GstStream* stream, GstTagList* tags,
                                         guint group);

// Shut at first. Any thread.
void gstlk_track_output_set_open(GstLkTrackOutput* output, gboolean open);

// A gap event up to `behind` before now, when nothing came for half a second. Any thread.
void gstlk_track_output_fill_gap(GstLkTrackOutput* output, GstClockTime behind);

// Asks upstream for a keyframe. Any thread.
void gstlk_track_output_request_keyframe(GstLkTrackOutput* output);

// A flow error in front of it, of the same track. Streaming thread.
void gstlk_track_output_tell(GstLkTrackOutput* output, GstFlowReturn flow);

// Nothing comes out any more behind what waits. Any thread; returns at once.
void gstlk_track_output_end(GstLkTrackOutput* output);
// The end has come out: nobody is waited for when it stops. Any thread.
gboolean gstlk_track_output_is_drained(GstLkTrackOutput* output);

struct GstLkTrackOutputCounts {
  uint64_t buffers;
  uint64_t bytes;
  uint64_t gaps;
  uint64_t dropped;  // buffers that nobody took in time
};
// Of what came out since it was made. Any thread.
GstLkTrackOutputCounts gstlk_track_output_get_counts(GstLkTrackOutput* output);

G_END_DECLS
