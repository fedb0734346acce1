// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sdp/session_description.h"
#include "signal/negotiation.h"
#include "signal/negotiation/codec_policy.h"

namespace gstlk::signal {

// The m-lines of the server's own offers and the tracks on them, m-line 0 being the data channels'
// (RFC 8829 section 5.2). They keep their order and number; one that lost its track is offered
// inactive and, that once answered, may take another track of its kind. Not thread-safe.
class OfferedSections {
 public:
  explicit OfferedSections(const NegotiationOptions& options);

  void add(SendTrack track);
  // False: unknown.
  bool remove(const TrackId& track);

  // Finds an m-line for every track; returns those for which there is no enabled codec.
  std::vector<TrackId> place();
  std::vector<sdp::MediaDescription> describe(const LocalDescription& local) const;
  std::map<std::string, std::string> mid_to_track_id() const;

  // The client's answer to m-line `index` of `offered`. `usable`: it was not refused.
  void apply(size_t index, const sdp::MediaDescription& offered,
             const sdp::MediaDescription& answer, bool usable, AppliedAnswer& result);

 private:
  struct Section {
    Mid mid;
    sdp::MediaKind kind = sdp::MediaKind::Application;
    std::vector<sdp::Format> formats;
    std::optional<TrackId> track;
    bool sending = false;  // by the last answer
    bool refused = false;  // by the client, for good
  };
  struct Entry {
    SendTrack track;
    std::optional<SendTrack> sent;  // as the last answer has settled it
    std::optional<size_t> section;
    bool refused = false;  // by codec
  };

  const Entry* find(const TrackId& track) const;
  Entry* find(const TrackId& track);
  std::optional<size_t> find_or_add_section(sdp::MediaKind kind);
  std::vector<sdp::Format> choose_formats(const SendTrack& track, bool all) const;
  void apply_media(Section& section, const sdp::MediaDescription& offered,
                   const sdp::MediaDescription& answer, AppliedAnswer& result);

  const NegotiationOptions& options_;
  const CodecPolicy policy_;
  std::vector<Entry> entries_;
  std::vector<Section> sections_;
};

}  // namespace gstlk::signal
