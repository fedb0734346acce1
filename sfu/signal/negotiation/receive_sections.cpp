// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/receive_sections.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace gstlk::signal {
namespace {

using room::MatchBy;
using sdp::MediaDescription;
using sdp::MediaKind;

constexpr size_t kMaxLayers = 3;

sdp::Msid find_msid(const MediaDescription& media) {
  if (media.msid) return *media.msid;
  // webrtcbin says it with the sources only.
  for (const sdp::SsrcDescription& source : media.ssrcs) {
    if (!source.msid.stream.empty()) return source.msid;
  }
  return {};
}

// The place of a LiveKit rid in its set, low to high.
size_t layer_of(const Rid& rid) {
  static constexpr std::array<std::string_view, 6> kOrder = {"q", "h", "f", "2", "1", "0"};
  return static_cast<size_t>(std::ranges::find(kOrder, rid.value) - kOrder.begin());
}

std::vector<Rid> find_rids(const MediaDescription& media) {
  std::vector<Rid> rids;
  for (const std::vector<Rid>& alternatives : media.simulcast.send)
    rids.push_back(alternatives.front());
  if (rids.empty()) {
    for (const sdp::RidDescription& rid : media.rids) {
      if (rid.send) rids.push_back(rid.rid);
    }
  }
  if (rids.size() > kMaxLayers) rids.resize(kMaxLayers);
  std::ranges::stable_sort(rids, {}, layer_of);
  return rids;
}

std::vector<sdp::AnnouncedSsrc> find_ssrcs(const MediaDescription& media) {
  std::unordered_map<Ssrc, Ssrc> rtx_of;
  std::unordered_map<Ssrc, bool> is_rtx;
  for (const sdp::SsrcGroup& group : media.ssrc_groups) {
    if (group.semantics != "FID" || group.ssrcs.size() != 2) continue;
    rtx_of[group.ssrcs[0]] = group.ssrcs[1];
    is_rtx[group.ssrcs[1]] = true;
  }
  std::vector<sdp::AnnouncedSsrc> result;
  for (const sdp::SsrcDescription& source : media.ssrcs) {
    if (is_rtx.contains(source.ssrc)) continue;
    const auto rtx = rtx_of.find(source.ssrc);
    result.push_back(
        {source.ssrc, rtx == rtx_of.end() ? std::nullopt : std::optional(rtx->second)});
  }
  return result;
}

ReceivedTrack read_track(const MediaDescription& media) {
  const sdp::Msid msid = find_msid(media);
  // Simulcast encodings are known by their rid; which of them an SSRC beside it means is not said.
  std::vector<Rid> rids = find_rids(media);
  std::vector<sdp::AnnouncedSsrc> ssrcs;
  if (rids.empty()) ssrcs = find_ssrcs(media);
  return {
      .mid = media.mid,
      .kind = media.kind() == MediaKind::Audio ? room::TrackKind::Audio : room::TrackKind::Video,
      .stream_id = msid.stream == "-" ? "" : msid.stream,
      .track_id = msid.track.empty() ? msid.stream : msid.track,
      .rids = std::move(rids),
      .ssrcs = std::move(ssrcs)};
}

// From the sender that the m-line had before.
bool same_encodings(const ReceivedTrack& track, const ReceivedTrack& before) {
  return track.kind == before.kind && track.rids == before.rids && track.ssrcs == before.ssrcs;
}

}  // namespace

void ReceiveSections::update(const RemoteDescription& offer) {
  std::vector<ReceivedTrack> before = std::exchange(tracks_, {});
  renamed_.clear();
  for (size_t i = 0; i < offer.session.media.size(); i++) {
    const MediaDescription& media = offer.session.media[i];
    if (offer.usable[i] && media.kind() != MediaKind::Application && sdp::sends(media.direction))
      tracks_.push_back(read_track(media));
  }
  std::unordered_map<Mid, const ReceivedTrack*> now;
  for (const ReceivedTrack& track : tracks_) now[track.mid] = &track;
  for (const ReceivedTrack& old : before) {
    const auto same = now.find(old.mid);
    if (same != now.end() && same->second->track_id == old.track_id) continue;
    const PublishHint* hint = find_hint(old.mid);
    if (hint && same != now.end() && same_encodings(*same->second, old))
      renamed_[old.mid] = hint->cid;
    hints_.erase(old.mid);
    ended_.push_back(old.mid);
  }
  for (ReceivedTrack& track : tracks_) {
    const PublishHint* hint = find_hint(track.mid);
    if (hint) track.cid = hint->cid;
  }
}

bool ReceiveSections::is_bound(const PublishHint& hint) const {
  return std::ranges::any_of(tracks_,
                             [&hint](const ReceivedTrack& t) { return t.cid == hint.cid; });
}

void ReceiveSections::bind(ReceivedTrack& track, const PublishHint& hint) {
  track.cid = hint.cid;
  hints_[track.mid] = hint;
}

bool ReceiveSections::fits(const ReceivedTrack& track, const PublishHint& hint, MatchBy by) const {
  if (track.cid || track.kind != hint.kind) return false;
  if (by == MatchBy::Id) return hint.match != MatchBy::Place && track.track_id == hint.cid;
  if (by == MatchBy::Kind) return hint.match == MatchBy::Kind;
  const auto renamed = renamed_.find(track.mid);
  return hint.match == MatchBy::Place && renamed != renamed_.end() && renamed->second == hint.cid;
}

void ReceiveSections::match(std::span<const PublishHint> hints) {
  for (const MatchBy by : {MatchBy::Id, MatchBy::Place, MatchBy::Kind}) {
    for (const PublishHint& hint : hints) {
      if (hint.cid.empty() || is_bound(hint)) continue;
      const auto found = std::ranges::find_if(
          tracks_, [&](const ReceivedTrack& track) { return fits(track, hint, by); });
      if (found != tracks_.end()) bind(*found, hint);
    }
  }
  match_rest(hints);
}

void ReceiveSections::match_rest(std::span<const PublishHint> hints) {
  for (const auto kind : {room::TrackKind::Audio, room::TrackKind::Video}) {
    const auto is_left = [&](const PublishHint& hint) {
      return hint.match == MatchBy::Rest && hint.kind == kind && !hint.cid.empty() &&
             !is_bound(hint);
    };
    const auto is_free = [&](const ReceivedTrack& track) {
      return !track.cid && track.kind == kind;
    };
    if (std::ranges::count_if(hints, is_left) == 1 && std::ranges::count_if(tracks_, is_free) == 1)
      bind(*std::ranges::find_if(tracks_, is_free), *std::ranges::find_if(hints, is_left));
  }
}

std::optional<ReceivedTrack> ReceiveSections::claim(const PublishHint& hint) {
  if (hint.cid.empty() || is_bound(hint)) return std::nullopt;
  match({&hint, 1});
  const auto bound = std::ranges::find(tracks_, std::optional(hint.cid), &ReceivedTrack::cid);
  return bound == tracks_.end() ? std::nullopt : std::optional(*bound);
}

ReceivedTrack* ReceiveSections::find(const Mid& mid) {
  const auto found = std::ranges::find(tracks_, mid, &ReceivedTrack::mid);
  return found == tracks_.end() ? nullptr : &*found;
}

const PublishHint* ReceiveSections::find_hint(const Mid& mid) const {
  const auto found = hints_.find(mid);
  return found == hints_.end() ? nullptr : &found->second;
}

std::vector<Mid> ReceiveSections::take_ended() { return std::exchange(ended_, {}); }

}  // namespace gstlk::signal
