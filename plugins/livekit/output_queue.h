// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include "base/ref.h"
#include "base/time.h"

namespace gstlk::client {

// What of a track waits for whoever is linked behind it. What is live cannot be made to wait, so
// that there is an end to it: of video that does not fit all is lost up to a keyframe that does, of
// everything else the oldest. Sticky events (caps, segments, the end) stay; others are lost like
// media. Not thread-safe.
class OutputQueue {
 public:
  struct Limits {
    // Longer than a muxer waits for the first of another track, mostly.
    Duration time = std::chrono::seconds(5);
    // Five raw pictures of 3840x2160.
    uint64_t bytes = 64 << 20;
  };
  enum class Loss { Oldest, UpToKeyframe };
  enum class Pushed { Taken, Lost, WantsKeyframe };
  using Item = std::variant<Ref<GstBuffer>, Ref<GstEvent>>;

  explicit OutputQueue(Loss loss) : OutputQueue(loss, Limits()) {}
  OutputQueue(Loss loss, const Limits& limits) : loss_(loss), limits_(limits) {}

  // WantsKeyframe: it was lost, and a keyframe would not be. Once a second at most.
  Pushed push(Ref<GstBuffer> buffer, Timestamp now);
  void push(Ref<GstEvent> event, Timestamp now);
  // nullopt: nothing waits.
  std::optional<Item> pop();
  void clear();
  bool empty() const { return waiting_.empty(); }
  // Buffers, since it was made.
  uint64_t lost() const { return lost_; }

 private:
  struct Waiting {
    Item item;
    uint64_t bytes;
    Timestamp arrived;
  };

  bool is_full(uint64_t more, Timestamp now) const;
  std::deque<Waiting>::const_iterator oldest() const;
  void lose_oldest();
  Pushed lose(Timestamp now, bool full);

  const Loss loss_;
  const Limits limits_;
  std::deque<Waiting> waiting_;
  uint64_t bytes_ = 0;
  uint64_t lost_ = 0;
  bool losing_ = false;  // up to a keyframe
  std::optional<Timestamp> asked_;
};

}  // namespace gstlk::client
