// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/source_room.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(livekit_src_debug);
#define GST_CAT_DEFAULT livekit_src_debug

namespace gstlk::client {
namespace {

// After the last of the pads that the room has at the beginning.
constexpr Duration kPadsSettle = 500ms;

}  // namespace

bool SourceRoom::join() {
  GST_OBJECT_LOCK(element_);
  const SourceSettings wanted = settings;
  GST_OBJECT_UNLOCK(element_);
  selection_ = wanted.selection;
  of_uri_ = wanted.of_uri;
  data_.select({wanted.selection.participants, wanted.topics});
  if (!tracks_.join(wanted.connection, {.form = wanted.form,
                                        .latency = wanted.latency,
                                        .hold = std::chrono::seconds(wanted.hold),
                                        .size = {wanted.width, wanted.height},
                                        .encrypted = wanted.form != OutputForm::Raw}))
    return false;
  (void)in_session([this, has_topics = !wanted.topics.empty()](RoomSession& session) {
    // Of a URI's pads one that cannot be decoded is an error.
    if (!of_uri_ || has_topics) session.add(data_);
    settle_ = std::make_unique<ClientTimer>(session.thread());
    return true;
  });
  return true;
}

void SourceRoom::leave() {
  (void)in_session([this](RoomSession& session) {
    stop_listening(session);
    return true;
  });
  tracks_.leave();
  data_.remove_all();
}

// The pads stay until READY: what is behind them still has to get its EOS.
void SourceRoom::disconnect() {
  const auto session = tracks_.member().session();
  if (!session) return;
  send_eos();
  session->thread().post([this, session] { stop_listening(*session); });
  tracks_.disconnect();
}

// Behind the data that came before.
void SourceRoom::send_eos() {
  tracks_.send_eos();
  if (const auto session = tracks_.member().session())
    session->thread().post([this] { data_.send_eos(); });
}

void SourceRoom::stop_listening(RoomSession& session) {
  session.remove(data_);
  settle_.reset();
}

template <class Task>
bool SourceRoom::in_session(Task task) {
  const auto session = tracks_.member().session();
  bool done = false;
  if (session) session->run([&] { done = task(*session); });
  return done;
}

bool SourceRoom::set_subscribed(const std::string& track_sid, bool subscribed) {
  const auto session = tracks_.member().session();
  if (!session) return false;
  bool known = false;
  if (session->run_unless_stopping([&] { known = tracks_.set_subscribed(track_sid, subscribed); }))
    return known;
  // Behind what waits for this thread.
  session->thread().post(
      [this, track_sid, subscribed] { (void)tracks_.set_subscribed(track_sid, subscribed); });
  return true;
}

bool SourceRoom::request_keyframe(const std::string& track_sid) {
  const auto session = tracks_.member().session();
  bool asked = false;
  return session &&
         session->run_unless_stopping([&] { asked = tracks_.request_keyframe(track_sid); }) &&
         asked;
}

GstStructure* SourceRoom::stats() {
  GstStructure* all = gst_structure_new_empty("application/x-livekitsrc-stats");
  tracks_.add_stats(all);
  return all;
}

void SourceRoom::on_output_added(RemoteOutput& output) {
  const bool video = output.track().kind == MediaKind::Video;
  GstPad* pad = gst_ghost_pad_new_from_template(
      output.name().c_str(), output.pad(),
      gst_element_get_pad_template(element_, video ? "video_%u" : "audio_%u"));
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element_, pad);
  {
    MutexLock lock(mutex_);
    streams_.push_back(Ref<GstStream>::share(output.stream()));
  }
  post_collection();
  pads_have_changed();
}

void SourceRoom::on_output_removed(RemoteOutput& output) {
  {
    MutexLock lock(mutex_);
    std::erase_if(streams_, [&](const auto& stream) { return stream.get() == output.stream(); });
  }
  const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(element_, output.name().c_str()));
  if (!pad) return;
  gst_pad_set_active(pad.get(), FALSE);
  gst_element_remove_pad(element_, pad.get());
  post_collection();
}

void SourceRoom::post_collection() {
  const auto collection = Ref<GstStreamCollection>::adopt(gst_stream_collection_new("livekit"));
  {
    MutexLock lock(mutex_);
    for (const auto& stream : streams_)
      gst_stream_collection_add_stream(collection.get(), Ref<GstStream>(stream).release());
  }
  gst_element_post_message(
      element_, gst_message_new_stream_collection(GST_OBJECT(element_), collection.get()));
}

// Who plays a URI waits for all pads of the beginning, and is told when none has come for a while.
// Nobody else: gst-launch-1.0 would forget what is linked to pads that come later.
void SourceRoom::pads_have_changed() {
  const auto session = tracks_.member().session();
  if (!session || !of_uri_) return;
  session->thread().post([this] {
    if (!settle_) return;
    settle_->start(kPadsSettle, [this] {
      settle_.reset();
      gst_element_no_more_pads(element_);
    });
  });
}

}  // namespace gstlk::client
