// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/client_thread.h"
#include "plugins/livekit/track_identity.h"

namespace gstlk::client {

// The streams that webrtcbin has received and nothing is made of any more: it keeps each, so they
// are taken out of it, when their last packets have come. Client thread, but for add().
class EndedStreams {
 public:
  // Does an output have packets of the stream that the pad of webrtcbin is of?
  using IsReceived = std::function<bool(GstPad* source)>;

  explicit EndedStreams(IsReceived is_received) : is_received_(std::move(is_received)) {}

  void start(ClientThread& thread);
  void stop() { timer_.reset(); }
  // webrtcbin goes.
  void clear() EXCLUDES(mutex_);
  // Nothing is done for a null `source`, a pad of webrtcbin. `track`: which may be wanted again.
  // Any thread.
  void add(Ref<GstPad> source, const std::optional<TrackIdentity>& track = {}) EXCLUDES(mutex_);
  // At once: what still comes of them is a stream anew.
  void remove_those_of(const TrackIdentity& track) EXCLUDES(mutex_);

 private:
  struct Stream {
    Ref<GstPad> source;
    std::optional<TrackIdentity> track;
  };

  void remove_old() EXCLUDES(mutex_);
  void remove(const std::vector<Stream>& streams);

  const IsReceived is_received_;
  ClientThread* thread_ = nullptr;  // outlives the timer
  // Runs while there are any. Those that were when it began.
  std::unique_ptr<ClientTimer> timer_;
  std::vector<Stream> old_;
  Mutex mutex_;
  std::vector<Stream> new_ GUARDED_BY(mutex_);
};

}  // namespace gstlk::client
