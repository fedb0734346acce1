// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/webrtcbin_shutdown.h"

#include <utility>
#include <vector>

#include "base/ref.h"

namespace gstlk::client {
namespace {

template <class F>
void for_each_child(GstElement* bin, F visit) {
  GstIterator* children = gst_bin_iterate_elements(GST_BIN(bin));
  const auto call = [](const GValue* child, gpointer data) {
    (*static_cast<F*>(data))(GST_ELEMENT(g_value_get_object(child)));
  };
  while (gst_iterator_foreach(children, call, &visit) == GST_ITERATOR_RESYNC)
    gst_iterator_resync(children);
  gst_iterator_free(children);
}

Ref<GObject> property(const Ref<GObject>& object, const char* name) {
  GObject* value = nullptr;
  if (object) g_object_get(object.get(), name, &value, nullptr);
  return Ref<GObject>::adopt(value);
}

// Those of ICE; the same several times, where m-lines share one.
std::vector<Ref<GObject>> ice_transports(GstElement* webrtcbin) {
  std::vector<Ref<GObject>> transports;
  const auto add = [&](const Ref<GObject>& user) {
    if (auto ice = property(property(user, "transport"), "transport"))
      transports.push_back(std::move(ice));
  };
  GArray* transceivers = nullptr;
  g_signal_emit_by_name(webrtcbin, "get-transceivers", &transceivers);
  for (guint i = 0; transceivers && i < transceivers->len; ++i)
    add(property(Ref<GObject>::share(g_array_index(transceivers, GObject*, i)), "receiver"));
  if (transceivers) g_array_unref(transceivers);
  add(property(Ref<GObject>::share(G_OBJECT(webrtcbin)), "sctp-transport"));
  return transports;
}

}  // namespace

void shut_down(GstElement* webrtcbin) {
  // A receiving transport that hears of another ICE state after it was shut blocks its pads anew,
  // with a reference to itself that nobody takes back.
  for (const Ref<GObject>& ice : ice_transports(webrtcbin)) {
    for_each_child(webrtcbin, [&](GstElement* child) {
      g_signal_handlers_disconnect_matched(ice.get(), G_SIGNAL_MATCH_DATA, 0, 0, nullptr, nullptr,
                                           child);
    });
  }
  gst_element_set_state(webrtcbin, GST_STATE_NULL);
  // Its own thread ends after its children: what that adds in between would play on by itself.
  for_each_child(webrtcbin,
                 [](GstElement* child) { gst_element_set_state(child, GST_STATE_NULL); });
}

}  // namespace gstlk::client
