// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph/pipeline_graph.h"

#include <string>

#include "base/ref.h"

namespace gstlk::graph {
namespace {

// Calls `visit` with each object of the iterator; the list may change meanwhile, and then it starts
// anew after `restart`.
template <class Object, class Restart, class Visit>
void for_each(GstIterator* iterator, Restart&& restart, Visit&& visit) {
  GValue item = G_VALUE_INIT;
  for (bool more = true; more;) {
    switch (gst_iterator_next(iterator, &item)) {
      case GST_ITERATOR_OK:
        visit(static_cast<Object*>(g_value_get_object(&item)));
        g_value_reset(&item);
        break;
      case GST_ITERATOR_RESYNC:
        restart();
        gst_iterator_resync(iterator);
        break;
      default:
        more = false;
    }
  }
  g_value_unset(&item);
  gst_iterator_free(iterator);
}

std::string name_of(gpointer object) {
  gchar* name = gst_object_get_name(GST_OBJECT(object));
  std::string text = name ? name : "";
  g_free(name);
  return text;
}

std::string owner_of(GstPad* pad) {
  const auto owner = Ref<GstElement>::adopt(gst_pad_get_parent_element(pad));
  return owner ? name_of(owner.get()) : "";
}

// Of the router's side, which is where pads know their track.
std::string track_of(GstPad* pad) {
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(pad), "track")) return "";
  gchar* track = nullptr;
  g_object_get(pad, "track", &track, nullptr);
  std::string text = track ? track : "";
  g_free(track);
  return text;
}

std::string encoding_of(GstPad* pad) {
  GstCaps* caps = gst_pad_get_current_caps(pad);
  if (!caps) return "";
  const char* name = gst_structure_get_string(gst_caps_get_structure(caps, 0), "encoding-name");
  std::string text = name ? name : "";
  gst_caps_unref(caps);
  return text;
}

room::PipelineGraph::Node node_of(GstElement* element) {
  GstElementFactory* factory = gst_element_get_factory(element);
  return {name_of(element), factory ? name_of(factory) : ""};
}

}  // namespace

room::PipelineGraph read_graph(GstBin* bin) {
  room::PipelineGraph graph;
  const auto add_edge = [&graph](GstPad* pad) {
    const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(pad));
    if (!peer) return;
    std::string track = track_of(pad);
    if (track.empty()) track = track_of(peer.get());
    graph.edges.push_back({owner_of(pad), name_of(pad), owner_of(peer.get()), name_of(peer.get()),
                           std::move(track), encoding_of(pad)});
  };
  for_each<GstElement>(
      gst_bin_iterate_elements(bin), [&graph] { graph = {}; },
      [&](GstElement* element) {
        graph.nodes.push_back(node_of(element));
        const size_t before = graph.edges.size();
        for_each<GstPad>(
            gst_element_iterate_src_pads(element), [&graph, before] { graph.edges.resize(before); },
            add_edge);
      });
  return graph;
}

}  // namespace gstlk::graph
