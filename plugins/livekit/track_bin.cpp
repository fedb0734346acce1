// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_bin.h"

#include <atomic>
#include <string>

#include "plugins/livekit/track_output.h"

namespace {

struct TrackBin {
  std::string track;
  std::atomic<gint64> failed = 0;
};

}  // namespace

struct _GstLkTrackBin {
  GstBin parent;
  TrackBin* impl;
};

G_DEFINE_FINAL_TYPE(GstLkTrackBin, gstlk_track_bin, GST_TYPE_BIN)

static void gstlk_track_bin_chain_failed(GstLkTrackBin* self, GstMessage* message) {
  gint64 none = 0;
  if (!self->impl->failed.compare_exchange_strong(none, g_get_monotonic_time())) return;
  GError* error = nullptr;
  gchar* details = nullptr;
  gst_message_parse_error(message, &error, &details);
  GST_ELEMENT_WARNING(
      self, STREAM, DECODE,
      ("%s stands still: %s It is tried anew. If it stays so, take another codec or decoder.",
       self->impl->track.c_str(), error->message),
      ("%s: %s", GST_OBJECT_NAME(GST_MESSAGE_SRC(message)), details ? details : ""));
  g_free(details);
  g_error_free(error);
}

static void gstlk_track_bin_handle_message(GstBin* bin, GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR ||
      GSTLK_IS_TRACK_OUTPUT(GST_MESSAGE_SRC(message)))
    return GST_BIN_CLASS(gstlk_track_bin_parent_class)->handle_message(bin, message);
  gstlk_track_bin_chain_failed(GSTLK_TRACK_BIN(bin), message);
  gst_message_unref(message);
}

static void gstlk_track_bin_finalize(GObject* object) {
  delete GSTLK_TRACK_BIN(object)->impl;
  G_OBJECT_CLASS(gstlk_track_bin_parent_class)->finalize(object);
}

static void gstlk_track_bin_init(GstLkTrackBin* self) { self->impl = new TrackBin(); }

static void gstlk_track_bin_class_init(GstLkTrackBinClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = gstlk_track_bin_finalize;
  GST_BIN_CLASS(klass)->handle_message = gstlk_track_bin_handle_message;
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "Track bin", "Generic/Bin",
                                        "Keeps the errors of a received track to it",
                                        "gst-livekit");
}

GstLkTrackBin* gstlk_track_bin_new(const gchar* name, const gchar* track) {
  auto* self = GSTLK_TRACK_BIN(g_object_new(GSTLK_TYPE_TRACK_BIN, "name", name, nullptr));
  self->impl->track = track;
  return self;
}

gint64 gstlk_track_bin_failed(GstLkTrackBin* bin) { return bin->impl->failed; }

void gstlk_track_bin_restore(GstLkTrackBin* bin) { bin->impl->failed = 0; }
