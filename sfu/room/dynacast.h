// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "livekit_models.pb.h"

namespace gstlk::room {

// Which qualities of a video track are wanted by anybody, so that its publisher can stop encoding
// the others (LiveKit's SubscribedQualityUpdate). More is asked for at once, less only after it has
// not been wanted for `pause_delay`. The first value waits for a subscriber, or ten seconds. Driven
// by its Publication: change, then poll(), then sleep until next_timeout(). Not thread-safe.
class Dynacast {
 public:
  // The best quality wanted of a codec ("vp8"), OFF for none, in the order of the track's codecs.
  using Qualities = std::vector<std::pair<std::string, ::livekit::VideoQuality>>;

  Dynacast(std::vector<std::string> codecs, Duration pause_delay, Timestamp published);

  void set_wanted(const ParticipantId& subscriber, const std::string& codec,
                  ::livekit::VideoQuality quality);
  void remove(const ParticipantId& subscriber);
  // What anybody wants of the track, now and later, is wanted of this codec; nullopt: of its own.
  void regress(std::optional<std::string> codec);
  // The next poll() repeats what is known: after an unmute or a resume.
  void repeat();

  // What the publisher has to be told now, if something.
  std::optional<Qualities> poll(Timestamp now);
  std::optional<Timestamp> next_timeout() const;

 private:
  struct Codec {
    std::string name;
    ::livekit::VideoQuality told = ::livekit::OFF;
    std::optional<Timestamp> less_since;
  };
  ::livekit::VideoQuality wanted(const std::string& codec) const;
  // Whether `codec.told` changed.
  bool settle(Codec& codec, Timestamp now);

  const Duration pause_delay_;
  const Timestamp first_value_;  // at the latest
  bool started_ = false;
  bool repeat_ = false;
  std::vector<Codec> codecs_;
  std::optional<std::string> regressed_;
  std::map<ParticipantId, std::pair<std::string, ::livekit::VideoQuality>> wanted_;
};

}  // namespace gstlk::room
