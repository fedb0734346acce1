// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <map>
#include <string>
#include <vector>

#include "plugins/livekit/room_session.h"

namespace gstlk::client {

// The data packets of a room as source pads of an element, one for each topic that comes. A buffer
// is a packet; it carries a GstCustomMeta "GstLiveKitDataMeta" with the fields identity, topic
// (strings) and reliable (boolean). Each pad has a thread of its own, since what is behind it may
// block; it holds the newest packets only. Client thread, but for remove_all().
class DataOutputs : public RoomListener {
 public:
  static constexpr size_t kMaxTopics = 16;
  static constexpr unsigned kMaxWaiting = 256;  // packets of a topic

  // Globs; none: everybody's, every topic.
  struct Selection {
    std::vector<std::string> participants;
    std::vector<std::string> topics;
  };

  DataOutputs(GstElement* element, GstPadTemplate* pad_template)
      : element_(element), pad_template_(pad_template) {}

  // For a session that begins.
  void select(const Selection& selection) {
    selection_ = selection;
    ended_ = false;
  }
  void on_data(const ::livekit::DataPacket& packet, bool reliable) override;
  // All pads end behind what waits; nothing comes after it, nor another pad.
  void send_eos();
  // While nothing comes any more. Any thread.
  void remove_all();

 private:
  GstElement* source_for(const std::string& topic);
  GstElement* add_source(const std::string& topic, const std::string& name);

  GstElement* const element_;
  GstPadTemplate* const pad_template_;
  Selection selection_;
  bool ended_ = false;
  std::map<std::string, GstElement*> sources_;  // by topic; children of the element
};

}  // namespace gstlk::client
