// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/offered_sections.h"

#include <algorithm>
#include <utility>

#include "sdp/parse.h"
#include "sdp/text.h"
#include "signal/negotiation/downstream.h"
#include "signal/negotiation/header_extensions.h"

namespace gstlk::signal {
namespace {

using sdp::Direction;
using sdp::Format;
using sdp::MediaDescription;
using sdp::MediaKind;

constexpr uint32_t kMaxMessageSize = 65535;

const Format* find_payload_type(const std::vector<Format>& formats, PayloadType payload_type) {
  const auto found = std::ranges::find(formats, payload_type, &Format::payload_type);
  return found == formats.end() ? nullptr : &*found;
}

// What of ours the answer has kept, in its order.
std::vector<Format> settle_formats(const std::vector<Format>& offered,
                                   const std::vector<Format>& answered) {
  std::vector<Format> result;
  for (const Format& theirs : answered) {
    const Format* ours = find_payload_type(offered, theirs.payload_type);
    if (!ours || !sdp::equals_ignoring_case(ours->encoding_name, theirs.encoding_name)) continue;
    Format& settled = result.emplace_back(*ours);
    settled.nack &= theirs.nack;
    settled.pli &= theirs.pli;
    settled.fir &= theirs.fir;
    settled.transport_cc &= theirs.transport_cc;
    settled.remb &= theirs.remb;
  }
  std::erase_if(result, [&answered](const Format& format) {
    return format.apt && !find_payload_type(answered, *format.apt);
  });
  return result;
}

std::vector<sdp::HeaderExtension> settle_extensions(
    const std::vector<sdp::HeaderExtension>& offered,
    const std::vector<sdp::HeaderExtension>& answered) {
  std::vector<sdp::HeaderExtension> result;
  std::ranges::copy_if(offered, std::back_inserter(result), [&](const sdp::HeaderExtension& ours) {
    return std::ranges::any_of(answered, [&ours](const sdp::HeaderExtension& theirs) {
      return theirs.id == ours.id && theirs.uri == ours.uri;
    });
  });
  return result;
}

}  // namespace

OfferedSections::OfferedSections(const NegotiationOptions& options)
    : options_(options), policy_(options.subscribe_codecs) {
  sections_.push_back({.mid = Mid("0")});
}

const OfferedSections::Entry* OfferedSections::find(const TrackId& track) const {
  const auto found = std::ranges::find_if(
      entries_, [&track](const Entry& entry) { return entry.track.track == track; });
  return found == entries_.end() ? nullptr : &*found;
}

OfferedSections::Entry* OfferedSections::find(const TrackId& track) {
  return const_cast<Entry*>(std::as_const(*this).find(track));
}

void OfferedSections::add(SendTrack track) {
  if (Entry* known = find(track.track)) {
    known->track = std::move(track);
    known->refused = false;
  } else {
    entries_.push_back({.track = std::move(track)});
  }
}

bool OfferedSections::remove(const TrackId& track) {
  for (Section& section : sections_) {
    if (section.track == track) section.track.reset();
  }
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.track.track == track; }) >
         0;
}

std::optional<size_t> OfferedSections::find_or_add_section(MediaKind kind) {
  if (options_.reuse_sections) {
    const auto idle = std::ranges::find_if(sections_, [kind](const Section& section) {
      return section.kind == kind && !section.track && !section.sending && !section.refused;
    });
    if (idle != sections_.end()) return static_cast<size_t>(idle - sections_.begin());
  }
  if (sections_.size() == sdp::kMaxMediaSections) return std::nullopt;
  sections_.push_back({.mid = Mid(std::to_string(sections_.size())), .kind = kind});
  return sections_.size() - 1;
}

// The first section of its kind offers every codec behind the track's: what a client (pion) leaves
// out of its first answer it does not take in later sections.
std::vector<Format> OfferedSections::choose_formats(const SendTrack& track, bool all) const {
  std::vector<Format> formats = policy_.offer(media_kind(track.kind), track.codecs);
  if (all) policy_.append_others(media_kind(track.kind), formats);
  for (Format& format : formats) {
    (options_.send_side_bandwidth_estimation ? format.remb : format.transport_cc) = false;
  }
  adapt_audio(track, formats);
  return formats;
}

std::vector<TrackId> OfferedSections::place() {
  std::vector<TrackId> unsupported;
  for (Entry& entry : entries_) {
    if (entry.refused) continue;
    std::vector<Format> formats = choose_formats(entry.track, false);
    if (formats.empty()) {
      entry.refused = true;
      if (entry.section) sections_[*std::exchange(entry.section, {})].track.reset();
      unsupported.push_back(entry.track.track);
      continue;
    }
    const MediaKind kind = media_kind(entry.track.kind);
    if (!entry.section) entry.section = find_or_add_section(kind);
    if (!entry.section) continue;
    Section& section = sections_[*entry.section];
    const bool first = &section == &*std::ranges::find(sections_, kind, &Section::kind);
    section.formats = first ? choose_formats(entry.track, true) : std::move(formats);
    section.track = entry.track.track;
  }
  return unsupported;
}

std::vector<MediaDescription> OfferedSections::describe(const LocalDescription& local) const {
  std::vector<MediaDescription> result;
  for (const Section& section : sections_) {
    MediaDescription& media = result.emplace_back();
    media.mid = section.mid;
    media.port = section.refused ? 0 : 9;
    if (!section.refused) describe_transport(local, sdp::Setup::ActPass, media);
    if (section.kind == MediaKind::Application) {
      media.media = "application";
      media.protocol = "UDP/DTLS/SCTP";
      media.data_channel = true;
      media.max_message_size = kMaxMessageSize;
      media.candidates = local.candidates;
      media.end_of_candidates = !local.candidates.empty();
      continue;
    }
    media.media = section.kind == MediaKind::Audio ? "audio" : "video";
    media.protocol = "UDP/TLS/RTP/SAVPF";
    media.formats = section.formats;
    media.rtcp_mux = media.rtcp_rsize = true;
    media.extensions = offer_extensions({section.kind, false, true, false}, options_);
    const Entry* entry = section.track ? find(*section.track) : nullptr;
    media.direction = sdp::direction(entry != nullptr, false);
    if (entry) describe_track(entry->track, media);
  }
  return result;
}

std::map<std::string, std::string> OfferedSections::mid_to_track_id() const {
  std::map<std::string, std::string> result;
  for (const Section& section : sections_) {
    if (section.track) result[section.mid.value] = section.track->value;
  }
  return result;
}

void OfferedSections::apply(size_t index, const MediaDescription& offered,
                            const MediaDescription& answer, bool usable, AppliedAnswer& result) {
  Section& section = sections_[index];
  section.sending = false;
  if (section.kind != MediaKind::Application) {
    MediaDescription settled = offered;
    if (!usable) settled.formats.clear();
    section.refused |= answer.rejected();
    apply_media(section, settled, answer, result);
  } else if (usable) {
    sdp::MediaPlan plan = make_plan(offered);
    plan.sctp_port = answer.sctp_port;
    plan.max_message_size =
        answer.max_message_size == 0 ? kMaxMessageSize : answer.max_message_size;
    result.plans.push_back(std::move(plan));
  }
}

void OfferedSections::apply_media(Section& section, const MediaDescription& offered,
                                  const MediaDescription& answer, AppliedAnswer& result) {
  MediaDescription settled = offered;
  settled.formats = settle_formats(offered.formats, answer.formats);
  settled.extensions = settle_extensions(offered.extensions, answer.extensions);
  // A track may have left, another arrived, or its codecs changed since the offer: what it is sent
  // as goes on until it is offered anew.
  Entry* entry = section.track ? find(*section.track) : nullptr;
  const auto is_offered = [&offered](const SendTrack& track) {
    return !offered.ssrcs.empty() && offered.ssrcs[0].ssrc == track.ssrc;
  };
  const bool current = entry && is_offered(entry->track);
  std::optional<SendTrack> described;
  if (entry) described = current ? entry->track : std::exchange(entry->sent, std::nullopt);
  const auto media = described && is_offered(*described) && sdp::receives(answer.direction)
                         ? subscribed_media(*described, section.mid, settled.formats)
                         : std::nullopt;
  section.sending =
      sdp::sends(offered.direction) && sdp::receives(answer.direction) && !settled.formats.empty();
  if (media) {
    result.sent.push_back(*media);
    entry->sent = std::move(described);
  } else if (entry && (current || section.refused)) {
    if (current) result.unsupported.push_back(entry->track.track);
    entry->refused = current;
    entry->section.reset();
    section.track.reset();
  }
  if (settled.formats.empty()) return;
  settled.direction = sdp::direction(media.has_value(), false);
  result.plans.push_back(make_plan(settled));
}

}  // namespace gstlk::signal
