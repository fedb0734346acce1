// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph/encoding_link.h"

#include <algorithm>
#include <future>
#include <utility>

#include "graph/room_pipeline.h"

namespace gstlk::graph {
namespace {

// What is to be done at a moment when nothing is being pushed.
struct Insertion {
  GstPad* source;
  GstPad* router_sink;
  GstPad* tee_sink;
  GstPad* branch;
  std::promise<void> done;
};

GstPadProbeReturn insert(GstPad*, GstPadProbeInfo*, gpointer data) {
  auto* insertion = static_cast<Insertion*>(data);
  gst_pad_unlink(insertion->source, insertion->router_sink);
  gst_pad_link_full(insertion->branch, insertion->router_sink, GST_PAD_LINK_CHECK_NOTHING);
  gst_pad_link_full(insertion->source, insertion->tee_sink, GST_PAD_LINK_CHECK_NOTHING);
  insertion->done.set_value();
  return GST_PAD_PROBE_REMOVE;
}

}  // namespace

EncodingLink::EncodingLink(Mid mid, Rid rid, GstPad* source)
    : mid_(std::move(mid)), rid_(std::move(rid)), source_(Ref<GstPad>::share(source)) {}

EncodingLink::~EncodingLink() { disconnect_all(); }

void EncodingLink::connect(RoomPipeline& room, const room::PublishedMedia& media) {
  const auto same_room = [&](const Output& output) { return output.room == &room; };
  if (std::ranges::any_of(outputs_, same_room)) return;
  Output output{&room, room.add_encoding(media, rid_), {}};
  if (!outputs_.empty()) {
    if (!tee_) insert_tee();
    output.branch = Ref<GstPad>::adopt(gst_element_request_pad_simple(tee_.get(), "src_%u"));
  }
  gst_pad_link_full(output.branch ? output.branch.get() : source_.get(), output.router_sink.get(),
                    GST_PAD_LINK_CHECK_NOTHING);
  outputs_.push_back(std::move(output));
}

// Between two pushes of the worker, so that the first room misses nothing. A push takes
// microseconds, and no worker waits for the main thread.
void EncodingLink::insert_tee() {
  Output& first = outputs_.front();
  GstElement* tee = gst_element_factory_make("tee", nullptr);
  tee_ = Ref<GstElement>::share(tee);
  g_object_set(tee, "allow-not-linked", TRUE, nullptr);
  gst_bin_add(GST_BIN(first.room->pipeline()), tee);
  gst_element_sync_state_with_parent(tee);
  const auto tee_sink = Ref<GstPad>::adopt(gst_element_get_static_pad(tee, "sink"));
  first.branch = Ref<GstPad>::adopt(gst_element_request_pad_simple(tee, "src_%u"));
  Insertion insertion{
      source_.get(), first.router_sink.get(), tee_sink.get(), first.branch.get(), {}};
  gst_pad_add_probe(source_.get(), GST_PAD_PROBE_TYPE_IDLE, insert, &insertion, nullptr);
  insertion.done.get_future().wait();
}

void EncodingLink::remove_tee() {
  if (!tee_) return;
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(tee_.get(), "sink"));
  gst_pad_unlink(source_.get(), sink.get());
  gst_element_set_state(tee_.get(), GST_STATE_NULL);
  const auto bin = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(tee_.get())));
  if (bin) gst_bin_remove(GST_BIN(bin.get()), tee_.get());
  tee_.reset();
}

void EncodingLink::remove(const Output& output) {
  gst_pad_unlink(output.branch ? output.branch.get() : source_.get(), output.router_sink.get());
  if (output.branch) gst_element_release_request_pad(tee_.get(), output.branch.get());
  output.room->remove_encoding(output.router_sink);
}

void EncodingLink::disconnect(const RoomPipeline& room) {
  const auto found = std::ranges::find(outputs_, &room, &Output::room);
  if (found == outputs_.end()) return;
  remove(*found);
  outputs_.erase(found);
  if (outputs_.empty()) remove_tee();
}

void EncodingLink::disconnect_all() {
  for (const Output& output : std::exchange(outputs_, {})) remove(output);
  remove_tee();
}

}  // namespace gstlk::graph
