// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "livekit_models.pb.h"
#include "plugins/livekit/encoding_branch.h"
#include "plugins/livekit/media_format.h"
#include "plugins/livekit/outlet.h"
#include "plugins/livekit/simulcast.h"
#include "plugins/livekit/track_entry.h"

namespace gstlk::client {

// What a pad's properties say about its track.
struct TrackSettings {
  std::string name;
  ::livekit::TrackSource source = ::livekit::UNKNOWN;
  bool simulcast = true;
  bool dtx = false;
  std::string codec;    // for raw media; empty: as fits
  Bitrate min_bitrate;  // zero: as fits
  Bitrate max_bitrate;
};

// Where the RTP of a track goes, decided when it is negotiated.
struct TrackBinding {
  std::string mid;
};

// What is between a track's entries and its outlet, in the track's bin:
//
//   entry ! (convert) ! tee ! gate ! queue ! scale ! encoder ! payloader ! rtpfunnel ! outlet
//                           ! gate ! queue ! scale ! encoder ! payloader ! (simulcast)
//
// Encoded media goes through its parser and payloader alone, RTP through a depayloader before.
// Belongs to a LocalTrack, whose lock is held around every call.
class TrackChain {
 public:
  using Entries = std::span<const std::unique_ptr<TrackEntry>>;

  // `bin` and `outlet`, which is in it, outlive this.
  TrackChain(MediaKind kind, GstElement* bin, GstLkOutlet* outlet);

  // Once, when the formats of all entries are known.
  Result<void> build(Entries entries, const TrackSettings& settings);
  // Sets what the packets carry; what its section of the offer says.
  Ref<GstCaps> bind(const TrackBinding& binding);
  // Raw video comes in another size from now on.
  void rescale(const MediaFormat& format, const TrackSettings& settings);

  const Codec* codec() const { return codec_; }
  // They stay as long as this.
  const std::vector<std::unique_ptr<EncodingBranch>>& branches() const { return branches_; }

 private:
  Result<void> build_for(Entries entries);
  Result<void> build_video(TrackEntry& entry);
  Result<void> build_audio(TrackEntry& entry);
  Result<void> build_encoded(Entries entries);
  VideoEncoding encoding_of_size(int width, int height) const;
  GstElement* add_encoded_branch(TrackEntry& entry, const VideoEncoding& encoding,
                                 bool is_simulcast);
  Result<void> add_branch(GstElement* from, const VideoEncoding& encoding, const Codec& codec);
  void finish(std::vector<GstElement*> payloaders);
  VideoWishes wishes(const MediaFormat& format) const;
  std::string rtp_caps(const TrackBinding& binding) const;
  // Not in the bin yet; something harmless where it is missing.
  GstElement* make(const char* factory);
  GstElement* add(const char* factory);
  GstElement* add(GstElement* element);
  GstElement* add_caps(const std::string& caps);
  GstElement* add_parser(const Codec& codec, GstElement* payloader);
  GstElement* add_payloader(EncodingBranch& branch);
  void link(GstElement* from, GstElement* to);

  const MediaKind kind_;
  GstElement* const bin_;
  GstLkOutlet* const outlet_;
  const guint timestamp_offset_ = g_random_int();
  GstElement* rtp_filter_ = nullptr;  // in bin_
  TrackSettings settings_;
  const Codec* codec_ = nullptr;
  std::vector<std::unique_ptr<EncodingBranch>> branches_;
  std::string missing_;  // an element that is not installed
  bool bound_ = false;
};

}  // namespace gstlk::client
