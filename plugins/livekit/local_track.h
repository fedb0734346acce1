// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "livekit_models.pb.h"
#include "plugins/livekit/layer_rates.h"
#include "plugins/livekit/media_format.h"
#include "plugins/livekit/outlet.h"
#include "plugins/livekit/simulcast.h"
#include "plugins/livekit/stream_check.h"
#include "plugins/livekit/track_chain.h"
#include "plugins/livekit/track_entry.h"

namespace gstlk::client {

struct EncodingStats {
  std::string rid;
  int width = 0;
  int height = 0;
  bool enabled = false;
  Bitrate target;
  uint64_t frames_encoded = 0;
};

struct TrackStats {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  std::vector<EncodingStats> encodings;
};

// One track of livekitsink, from its sink pads to RTP, in a bin of its own:
//
//   TrackEntry ! TrackChain ! outlet
//
// The chain is built when caps have arrived, on the streaming thread. Thread-safe.
class LocalTrack {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // Caps have arrived and the chain is going to be built. Streaming thread.
    virtual TrackSettings track_settings() = 0;
    // Its format is known, and it can be published. Streaming thread.
    virtual void on_track_ready() = 0;
    // It cannot be published, or no more, and why. Streaming thread.
    virtual void on_track_error(const std::string& why) = 0;
    // It is published, but those who watch will complain. Streaming thread.
    virtual void on_track_warning(const std::string& why) {}
  };

  // `listener` outlives this.
  LocalTrack(MediaKind kind, const std::string& name, Listener& listener);
  ~LocalTrack();

  // Has pads `sink` and `src`.
  GstElement* bin() const { return bin_.get(); }
  MediaKind kind() const { return kind_; }

  // Another pad for a further encoding of encoded video, like `sink`. nullptr when the format is
  // known already, or there are enough.
  GstPad* add_sink() EXCLUDES(mutex_);

  // nullopt until caps have arrived at all pads.
  std::optional<MediaFormat> format() const EXCLUDES(mutex_);
  const Codec* codec() const EXCLUDES(mutex_);
  std::vector<VideoEncoding> encodings() const EXCLUDES(mutex_);

  // Before its `src` is linked. What its section of the offer says.
  Ref<GstCaps> bind(const TrackBinding& binding) EXCLUDES(mutex_);
  // Media goes out. Until then nothing is encoded.
  void set_connected(bool connected) EXCLUDES(mutex_);
  void set_muted(bool muted) EXCLUDES(mutex_);
  // By quality; encodings of others stay.
  void enable(::livekit::VideoQuality quality, bool enabled) EXCLUDES(mutex_);
  // For all encodings that are wanted; those that it does not carry are shut. Often, so that it is
  // known how much those have that are encoded elsewhere.
  void set_bitrate(Bitrate total, Timestamp now) EXCLUDES(mutex_);
  // What all of them that are wanted may take, shut or not.
  Bitrate max_bitrate() const EXCLUDES(mutex_);
  // Without which some of them are shut.
  Bitrate least_bitrate() const EXCLUDES(mutex_);
  TrackStats stats() const EXCLUDES(mutex_);

 private:
  GstPad* add_entry(const std::string& name) REQUIRES(mutex_);
  void handle_caps(TrackEntry& entry, GstCaps* caps) EXCLUDES(mutex_);
  Result<void> take_format(TrackEntry& entry, const MediaFormat& format,
                           const TrackSettings& settings) REQUIRES(mutex_);
  void share_out(Bitrate total, Timestamp now) REQUIRES(mutex_);
  void check_streams() REQUIRES(mutex_);
  // Does `change` with the lock, opens and shuts the gates, and asks for keyframes without it.
  template <class Change>
  void change_gates(Change change) EXCLUDES(mutex_);

  const MediaKind kind_;
  Listener& listener_;
  Ref<GstElement> bin_;
  GstLkOutlet* const outlet_;  // in bin_

  mutable Mutex mutex_;
  TrackChain chain_ GUARDED_BY(mutex_);
  Bitrate min_bitrate_ GUARDED_BY(mutex_);
  LayerRates rates_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<TrackEntry>> entries_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<StreamCheck>> checks_ GUARDED_BY(mutex_);
  std::optional<MediaFormat> format_ GUARDED_BY(mutex_);
  bool connected_ GUARDED_BY(mutex_) = false;
  bool muted_ GUARDED_BY(mutex_) = false;
};

}  // namespace gstlk::client
