// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/send_sections.h"

#include <algorithm>
#include <utility>

#include "signal/negotiation/downstream.h"

namespace gstlk::signal {

using room::TrackKind;
using sdp::MediaKind;

SendSections::Entry* SendSections::find_entry(const TrackId& track) {
  const auto found = std::ranges::find_if(
      entries_, [&track](const Entry& entry) { return entry.track.track == track; });
  return found == entries_.end() ? nullptr : &*found;
}

void SendSections::add(SendTrack track) {
  dirty_ = true;
  if (Entry* known = find_entry(track.track)) {
    known->track = std::move(track);
    known->refused = false;
  } else {
    entries_.push_back({.track = std::move(track)});
  }
}

void SendSections::remove(const TrackId& track) {
  Entry* entry = find_entry(track);
  if (!entry) return;
  if (entry->mid) {
    placed_.erase(*entry->mid);
    dirty_ = true;
  }
  entries_.erase(entries_.begin() + (entry - entries_.data()));
}

bool SendSections::is_free(const Mid& mid) const {
  return !placed_.contains(mid) && !sending_.contains(mid);
}

uint32_t SendSections::count_waiting(TrackKind kind) const {
  return static_cast<uint32_t>(std::ranges::count_if(entries_, [kind](const Entry& entry) {
    return entry.track.kind == kind && !entry.mid && !entry.refused;
  }));
}

uint32_t SendSections::count_missing(TrackKind kind) {
  uint32_t& asked = asked_[static_cast<size_t>(kind)];
  const auto free = static_cast<uint32_t>(std::ranges::count_if(
      recvonly_, [&](const auto& entry) { return entry.second == kind && is_free(entry.first); }));
  const uint32_t waiting = count_waiting(kind);
  const uint32_t missing = waiting > free + asked ? waiting - free - asked : 0;
  asked += missing;
  return missing;
}

std::optional<MediaSections> SendSections::poll_requirement() {
  // The first offer comes by itself.
  if (!answered_ || !std::exchange(dirty_, false)) return std::nullopt;
  return MediaSections{count_missing(TrackKind::Audio), count_missing(TrackKind::Video)};
}

void SendSections::place(const RemoteDescription& offer) {
  recvonly_.clear();
  std::set<Mid> receiving;
  std::array<std::vector<Mid>, 2> free;
  for (size_t i = 0; i < offer.session.media.size(); i++) {
    const sdp::MediaDescription& media = offer.session.media[i];
    if (!offer.usable[i] || media.kind() == MediaKind::Application ||
        !sdp::receives(media.direction))
      continue;
    receiving.insert(media.mid);
    if (sdp::sends(media.direction)) continue;
    const TrackKind kind = media.kind() == MediaKind::Audio ? TrackKind::Audio : TrackKind::Video;
    recvonly_[media.mid] = kind;
    if (is_free(media.mid)) free[static_cast<size_t>(kind)].push_back(media.mid);
  }
  std::array<size_t, 2> taken{};
  for (Entry& entry : entries_) {
    if (entry.mid && !receiving.contains(*entry.mid)) {
      placed_.erase(*entry.mid);
      entry.mid.reset();
    }
    const auto kind = static_cast<size_t>(entry.track.kind);
    if (entry.mid || entry.refused || taken[kind] == free[kind].size()) continue;
    entry.mid = free[kind][taken[kind]++];
    placed_[*entry.mid] = entry.track.track;
  }
}

const SendTrack* SendSections::find(const Mid& mid) const {
  const auto placed = placed_.find(mid);
  if (placed == placed_.end()) return nullptr;
  const auto entry = std::ranges::find_if(
      entries_, [&placed](const Entry& e) { return e.track.track == placed->second; });
  return entry == entries_.end() ? nullptr : &entry->track;
}

void SendSections::refuse(const Mid& mid) {
  const auto placed = placed_.find(mid);
  if (placed == placed_.end()) return;
  if (Entry* entry = find_entry(placed->second)) {
    entry->refused = true;
    entry->mid.reset();
  }
  placed_.erase(placed);
}

void SendSections::on_answered() {
  answered_ = true;
  asked_ = {};
  sending_.clear();
  for (const auto& [mid, track] : placed_) sending_.insert(mid);
  dirty_ = count_waiting(TrackKind::Audio) + count_waiting(TrackKind::Video) > 0;
}

}  // namespace gstlk::signal
