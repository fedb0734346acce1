// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/gstsfutransportsignals.h"

#include "base/ref.h"
#include "plugins/sfu/gstsfutransport.h"
#include "plugins/sfu/peer_session.h"

enum {
  SIGNAL_DATA_MESSAGE,
  SIGNAL_DATA_CHANNEL,
  SIGNAL_BUFFERED_AMOUNT_LOW,
  SIGNAL_SEND_DATA,
  SIGNAL_BUFFERED_AMOUNT,
  SIGNAL_OPEN_DATA_CHANNEL,
  SIGNAL_RESTART_ICE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

namespace gstlk::sfu {

template <class Visit>
void ElementListener::with_element(Visit&& visit) {
  const auto element = Ref<GstElement>::adopt(GST_ELEMENT_CAST(g_weak_ref_get(&element_)));
  if (element) visit(element.get());
}

void ElementListener::on_state(PeerState state) {
  state_ = state;
  with_element([](GstElement* element) { g_object_notify(G_OBJECT(element), "state"); });
}

void ElementListener::on_data_channel(const std::string& label) {
  with_element([&](GstElement* element) {
    g_signal_emit(element, signals[SIGNAL_DATA_CHANNEL], 0, label.c_str());
  });
}

void ElementListener::on_data(const std::string& label, GBytes* message) {
  with_element([&](GstElement* element) {
    g_signal_emit(element, signals[SIGNAL_DATA_MESSAGE], 0, label.c_str(), message);
  });
}

void ElementListener::on_data_low(const std::string& label) {
  with_element([&](GstElement* element) {
    g_signal_emit(element, signals[SIGNAL_BUFFERED_AMOUNT_LOW], 0, label.c_str());
  });
}

}  // namespace gstlk::sfu

static gboolean send_data(GstSfuTransport* self, const gchar* label, GBytes* message) {
  const auto session = gst_sfu_transport_get_session(self);
  gsize size = 0;
  const auto* data = static_cast<const uint8_t*>(g_bytes_get_data(message, &size));
  return session && label && session->send_data(label, {data, size});
}

static guint64 buffered_amount(GstSfuTransport* self, const gchar* label) {
  const auto session = gst_sfu_transport_get_session(self);
  return session && label ? session->data_buffered(label) : 0;
}

static void open_data_channel(GstSfuTransport* self, const gchar* label, gboolean ordered,
                              gint max_retransmits) {
  const auto session = gst_sfu_transport_get_session(self);
  if (!session || !label) return;
  gstlk::transport::DataChannelConfig config;
  config.label = label;
  config.ordered = ordered;
  if (max_retransmits >= 0) config.max_retransmits = static_cast<uint32_t>(max_retransmits);
  session->open_data_channel(std::move(config));
}

static void restart_ice(GstSfuTransport* self) {
  if (const auto session = gst_sfu_transport_get_session(self)) session->restart_ice();
}

void gst_sfu_transport_install_signals(GObjectClass* klass) {
  const GType type = G_TYPE_FROM_CLASS(klass);
  /**
   * GstSfuTransport::data-message:
   * @label: of the data channel
   * @message: one whole message
   *
   * Emitted on a worker thread, in order for each channel. Who keeps references to 256 KB of
   * messages slows the peer down: nothing more is read from it until half of that is released.
   */
  signals[SIGNAL_DATA_MESSAGE] =
      g_signal_new("data-message", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                   G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BYTES);
  /**
   * GstSfuTransport::data-channel:
   * @label: of the data channel
   *
   * A channel is open, whoever opened it. Emitted on a worker thread.
   */
  signals[SIGNAL_DATA_CHANNEL] = g_signal_new("data-channel", type, G_SIGNAL_RUN_LAST, 0, nullptr,
                                              nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * GstSfuTransport::buffered-amount-low:
   * @label: of the data channel
   *
   * buffered-amount was above 16 KB and no longer is. Emitted on a worker thread.
   */
  signals[SIGNAL_BUFFERED_AMOUNT_LOW] =
      g_signal_new("buffered-amount-low", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                   G_TYPE_NONE, 1, G_TYPE_STRING);
  const auto action = static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);
  /**
   * GstSfuTransport::send-data:
   * @label: of an open data channel
   * @message: at most 65535 bytes
   *
   * Action, any thread. FALSE: 4 MB wait already, or the element is not READY.
   */
  signals[SIGNAL_SEND_DATA] =
      g_signal_new_class_handler("send-data", type, action, G_CALLBACK(send_data), nullptr, nullptr,
                                 nullptr, G_TYPE_BOOLEAN, 2, G_TYPE_STRING, G_TYPE_BYTES);
  /**
   * GstSfuTransport::buffered-amount:
   * @label: of a data channel
   *
   * Action, any thread. Bytes of messages given to send-data that wait to be sent; what is on its
   * way to the peer does not count.
   */
  signals[SIGNAL_BUFFERED_AMOUNT] =
      g_signal_new_class_handler("buffered-amount", type, action, G_CALLBACK(buffered_amount),
                                 nullptr, nullptr, nullptr, G_TYPE_UINT64, 1, G_TYPE_STRING);
  /**
   * GstSfuTransport::open-data-channel:
   * @label: of the new channel
   * @ordered: whether messages arrive in the order of sending
   * @max_retransmits: -1 is reliable
   *
   * Action, any thread. The channel opens when SCTP is up.
   */
  signals[SIGNAL_OPEN_DATA_CHANNEL] = g_signal_new_class_handler(
      "open-data-channel", type, action, G_CALLBACK(open_data_channel), nullptr, nullptr, nullptr,
      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_BOOLEAN, G_TYPE_INT);
  /**
   * GstSfuTransport::restart-ice:
   *
   * Action: new local credentials; those before are answered until the first check with the new.
   * Waits for the worker thread, so not from one.
   */
  signals[SIGNAL_RESTART_ICE] =
      g_signal_new_class_handler("restart-ice", type, action, G_CALLBACK(restart_ice), nullptr,
                                 nullptr, nullptr, G_TYPE_NONE, 0);
}
