// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <vector>

#include "base/ref.h"
#include "room/media.h"

namespace gstlk::graph {

class RoomPipeline;

// The way of one received encoding into routers: straight into that of the transport's room, and
// through a tee from then on when another room gets it as well. Main thread.
class EncodingLink {
 public:
  EncodingLink(Mid mid, Rid rid, GstPad* source);
  ~EncodingLink();
  // What is moved to is not connected.
  EncodingLink(EncodingLink&& other) noexcept = default;
  EncodingLink& operator=(EncodingLink&& other) noexcept = default;

  const Mid& mid() const { return mid_; }
  GstPad* source() const { return source_.get(); }

  // It is an encoding of `media` in `room`, which outlives the connection. The first room holds the
  // tee, if there is one.
  void connect(RoomPipeline& room, const room::PublishedMedia& media);
  void disconnect(const RoomPipeline& room);
  void disconnect_all();

 private:
  struct Output {
    RoomPipeline* room;
    Ref<GstPad> router_sink;
    Ref<GstPad> branch;  // of the tee; null: the source itself
  };

  void insert_tee();
  void remove_tee();
  void remove(const Output& output);

  Mid mid_;
  Rid rid_;
  Ref<GstPad> source_;
  Ref<GstElement> tee_;
  std::vector<Output> outputs_;
};

}  // namespace gstlk::graph
