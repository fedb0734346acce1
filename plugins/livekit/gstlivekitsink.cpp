// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-livekitsink
 * @title: livekitsink
 *
 * Joins a LiveKit room and publishes what comes to its pads, one track for each. Raw media is
 * encoded for real time, video in up to three sizes (simulcast), of which only those are encoded
 * that somebody watches and the network carries. Encoded media and RTP are never encoded again. A
 * lost connection is made anew inside, and the tracks are published again; sources and encoders go
 * on meanwhile.
 *
 * Pads of encoded video with the same `track` are the encodings of one track, the smallest first.
 *
 * The pads carry properties: `track`, `track-name`, `source`, `muted`, `simulcast`, `codec`,
 * `min-bitrate`, `max-bitrate`, `dtx`. A buffer at a data pad is one data packet.
 *
 * |[
 * gst-launch-1.0 livekitsink name=s ws-url=ws://127.0.0.1:7880 api-key=devkey secret-key=secret \
 *     room-name=room identity=kiosk \
 *   videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1 ! s.video_0 \
 *   audiotestsrc is-live=true ! s.audio_0
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/livekit/gstlivekitsink.h"

#include "plugins/livekit/client_properties.h"
#include "plugins/livekit/data_pad.h"
#include "plugins/livekit/livekit_sink_pad.h"
#include "plugins/livekit/peer_connection.h"
#include "plugins/livekit/sink_room.h"

GST_DEBUG_CATEGORY(livekit_sink_debug);
#define GST_CAT_DEFAULT livekit_sink_debug

using namespace gstlk::client;

#define VIDEO_CAPS                                                                   \
  "video/x-raw; video/x-h264; video/x-h265; video/x-vp8; video/x-vp9; video/x-av1; " \
  "application/x-rtp, media=(string)video"
#define AUDIO_CAPS "audio/x-raw; audio/x-opus; application/x-rtp, media=(string)audio"

static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(VIDEO_CAPS));
static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE("audio_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(AUDIO_CAPS));
static GstStaticPadTemplate data_template =
    GST_STATIC_PAD_TEMPLATE("data_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);

struct _GstLiveKitSink {
  GstBin parent;
  SinkRoom* impl;
};

static void gst_livekit_sink_child_proxy_init(gpointer interface, gpointer);
G_DEFINE_FINAL_TYPE_WITH_CODE(GstLiveKitSink, gst_livekit_sink, GST_TYPE_BIN,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                                    gst_livekit_sink_child_proxy_init))

enum { PROP_0, PROP_STATS, PROP_FIRST_OF_CLIENT };
enum { SIGNAL_PUBLISH_DATA, SIGNAL_DISCONNECT, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

// The children are the pads, so that gst-launch takes "video_0::codec=vp8".

static GObject* gst_livekit_sink_get_child(GstChildProxy* proxy, guint index) {
  GST_OBJECT_LOCK(proxy);
  auto* pad = static_cast<GObject*>(g_list_nth_data(GST_ELEMENT(proxy)->sinkpads, index));
  if (pad) g_object_ref(pad);
  GST_OBJECT_UNLOCK(proxy);
  return pad;
}

static guint gst_livekit_sink_count_children(GstChildProxy* proxy) {
  GST_OBJECT_LOCK(proxy);
  const guint count = GST_ELEMENT(proxy)->numsinkpads;
  GST_OBJECT_UNLOCK(proxy);
  return count;
}

static void gst_livekit_sink_child_proxy_init(gpointer interface, gpointer) {
  auto* proxy = static_cast<GstChildProxyInterface*>(interface);
  proxy->get_child_by_index = gst_livekit_sink_get_child;
  proxy->get_children_count = gst_livekit_sink_count_children;
}

static GstPad* gst_livekit_sink_request_new_pad(GstElement* element, GstPadTemplate* pad_template,
                                                const gchar* name, const GstCaps*) {
  GstPad* pad = GST_LIVEKIT_SINK(element)->impl->request_pad(pad_template, name);
  if (pad) gst_child_proxy_child_added(GST_CHILD_PROXY(element), G_OBJECT(pad), GST_PAD_NAME(pad));
  return pad;
}

static void gst_livekit_sink_release_pad(GstElement* element, GstPad* pad) {
  gst_child_proxy_child_removed(GST_CHILD_PROXY(element), G_OBJECT(pad), GST_PAD_NAME(pad));
  GST_LIVEKIT_SINK(element)->impl->release_pad(pad);
}

static GstStateChangeReturn gst_livekit_sink_change_state(GstElement* element,
                                                          GstStateChange change) {
  auto* self = GST_LIVEKIT_SINK(element);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !self->impl->join())
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_livekit_sink_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    self->impl->leave();
  return result;
}

// What happens to a connection is the session's to mend.
static void gst_livekit_sink_handle_message(GstBin* bin, GstMessage* message) {
  if (PeerConnection::take_error(message)) return gst_message_unref(message);
  GST_BIN_CLASS(gst_livekit_sink_parent_class)->handle_message(bin, message);
}

static void gst_livekit_sink_set_property(GObject* object, guint id, const GValue* value,
                                          GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SINK(object);
  GST_OBJECT_LOCK(self);
  const bool known = set_client_property(self->impl->settings, PROP_FIRST_OF_CLIENT, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_sink_get_property(GObject* object, guint id, GValue* value,
                                          GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SINK(object);
  if (id == PROP_STATS) return g_value_take_boxed(value, self->impl->stats());
  GST_OBJECT_LOCK(self);
  const bool known = get_client_property(self->impl->settings, PROP_FIRST_OF_CLIENT, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static gboolean gst_livekit_sink_publish_data(GstLiveKitSink* self, GBytes* payload,
                                              const gchar* topic, gboolean reliable) {
  return self->impl->publish_data(payload, {.topic = topic ? topic : "", .reliable = !!reliable});
}

static void gst_livekit_sink_disconnect(GstLiveKitSink* self) { self->impl->disconnect(); }

static void gst_livekit_sink_finalize(GObject* object) {
  delete GST_LIVEKIT_SINK(object)->impl;
  G_OBJECT_CLASS(gst_livekit_sink_parent_class)->finalize(object);
}

static void gst_livekit_sink_init(GstLiveKitSink* self) {
  self->impl = new SinkRoom(GST_ELEMENT(self));
  // EOS is for this element to post: nothing inside is a sink of the pipeline.
  gst_bin_set_suppressed_flags(
      GST_BIN(self), static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK));
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SINK);
}

static void gst_livekit_sink_class_init(GstLiveKitSinkClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(livekit_sink_debug, "livekitsink", 0, "LiveKit sink");
  object_class->set_property = gst_livekit_sink_set_property;
  object_class->get_property = gst_livekit_sink_get_property;
  object_class->finalize = gst_livekit_sink_finalize;
  element_class->request_new_pad = gst_livekit_sink_request_new_pad;
  element_class->release_pad = gst_livekit_sink_release_pad;
  element_class->change_state = gst_livekit_sink_change_state;
  GST_BIN_CLASS(klass)->handle_message = gst_livekit_sink_handle_message;

  install_client_properties(object_class, PROP_FIRST_OF_CLIENT);
  g_object_class_install_property(
      object_class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "For each pad: packets, bytes and, for each encoding, its size, whether "
                         "it is encoded, target-bitrate (bit/s) and frames-encoded",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  /**
   * GstLiveKitSink::publish-data:
   * @payload: at most 64,000 bytes
   * @topic: (nullable): of the packet
   * @reliable: in order and repeated, or neither
   *
   * Returns: FALSE when the room is not connected, too much waits to be sent, or it is too large.
   */
  signals[SIGNAL_PUBLISH_DATA] = g_signal_new_class_handler(
      "publish-data", G_TYPE_FROM_CLASS(klass),
      static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(gst_livekit_sink_publish_data), nullptr, nullptr, nullptr, G_TYPE_BOOLEAN, 3,
      G_TYPE_BYTES, G_TYPE_STRING, G_TYPE_BOOLEAN);
  /**
   * GstLiveKitSink::disconnect:
   *
   * Leaves the room, soon after this returns: a thread that brings media may emit this. To READY
   * and back joins it again.
   */
  signals[SIGNAL_DISCONNECT] = g_signal_new_class_handler(
      "disconnect", G_TYPE_FROM_CLASS(klass),
      static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(gst_livekit_sink_disconnect), nullptr, nullptr, nullptr, G_TYPE_NONE, 0);

  gst_element_class_add_static_pad_template_with_gtype(element_class, &video_template,
                                                       GST_TYPE_LIVEKIT_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &audio_template,
                                                       GST_TYPE_LIVEKIT_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &data_template,
                                                       data_sink_pad_type());
  gst_element_class_set_static_metadata(element_class, "LiveKit sink", "Sink/Network/WebRTC",
                                        "Publishes media and data in a LiveKit room",
                                        "gst-livekit");
}
