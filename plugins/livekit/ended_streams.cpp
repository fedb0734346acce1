// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/ended_streams.h"

#include <algorithm>
#include <iterator>

#include "plugins/livekit/received_stream.h"

namespace gstlk::client {

namespace {

// For as long at least packets of a stream that is over may come.
constexpr Duration kLastPackets = 3s;

}  // namespace

void EndedStreams::start(ClientThread& thread) {
  thread_ = &thread;
  timer_ = std::make_unique<ClientTimer>(thread);
}

void EndedStreams::clear() {
  std::vector<Stream> gone = std::exchange(old_, {});
  MutexLock lock(mutex_);
  gone.swap(new_);
}

void EndedStreams::add(Ref<GstPad> source, const std::optional<TrackIdentity>& track) {
  if (!source) return;
  {
    MutexLock lock(mutex_);
    new_.push_back({std::move(source), track});
  }
  ClientThread::get()->post([this] {
    if (timer_ && !timer_->waiting()) timer_->start(kLastPackets, [this] { remove_old(); });
  });
}

void EndedStreams::remove_those_of(const TrackIdentity& track) {
  std::vector<Stream> found;
  const auto take = [&](std::vector<Stream>& streams) {
    const auto rest = std::ranges::stable_partition(
        streams, [&](const Stream& stream) { return stream.track != track; });
    std::ranges::move(rest, std::back_inserter(found));
    streams.erase(rest.begin(), rest.end());
  };
  take(old_);
  {
    MutexLock lock(mutex_);
    take(new_);
  }
  remove(found);
}

void EndedStreams::remove_old() {
  const auto streams = std::exchange(old_, {});
  {
    MutexLock lock(mutex_);
    old_.swap(new_);
  }
  remove(streams);
  if (!old_.empty()) timer_->start(kLastPackets, [this] { remove_old(); });
}

void EndedStreams::remove(const std::vector<Stream>& streams) {
  const ClientThread::Stopping stopping(*thread_);
  for (const Stream& stream : streams)
    remove_stream(stream.source.get(), !is_received_(stream.source.get()));
}

}  // namespace gstlk::client
