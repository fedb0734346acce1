// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "livekit_models.pb.h"
#include "plugins/livekit/codec.h"
#include "plugins/livekit/outlet.h"

namespace gstlk::client {

// Whose track it is and which, as long as the person stays the same: not the sid, which another
// session of theirs changes.
struct TrackIdentity {
  std::string identity;
  std::string name;
  ::livekit::TrackSource source = ::livekit::UNKNOWN;
  MediaKind kind = MediaKind::Video;
  auto operator<=>(const TrackIdentity&) const = default;
};

// What comes out of a source pad.
enum class OutputForm : uint8_t { Auto, Encoded, Raw, Rtp };

// A source pad of livekitsrc and the chain behind webrtcbin's pad:
//
//   (webrtcbin) ! depayloader ! parser ! (decoder) ! outlet ! pad
//
// The pad stays while connections come and go; the chain is made for each. Locks: none of its own;
// attach() and detach() are called one at a time.
class RemoteOutput {
 public:
  // Adds nothing to `bin`, which outlives this, but a bin of its own.
  RemoteOutput(GstBin* bin, GstPadTemplate* pad_template, const std::string& pad_name,
               const TrackIdentity& track);
  ~RemoteOutput();

  // For gst_element_add_pad().
  GstPad* pad() const { return pad_; }
  const TrackIdentity& track() const { return track_; }
  bool attached() const { return chain_first_ != nullptr; }

  // Lets the RTP of `source`, a pad of webrtcbin, come out. The error says what is missing.
  Result<void> attach(GstPad* source, OutputForm form);
  void detach();
  // The track is gone for good.
  void end();

 private:
  Result<void> build(const Codec* codec, OutputForm form);
  bool wants_raw(const Codec& codec) const;
  GstElement* add(const std::string& factory);

  GstBin* const bin_;
  const TrackIdentity track_;
  Ref<GstElement> own_bin_;
  GstLkOutlet* outlet_ = nullptr;  // in own_bin_
  GstPad* pad_ = nullptr;          // ours until it is added, then the element's
  GstElement* chain_first_ = nullptr;
  Ref<GstPad> source_;
};

}  // namespace gstlk::client
