// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/downstreams.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "sdp/text.h"

namespace gstlk::signal {
namespace {

bool same(const room::SubscribedMedia& a, const room::SubscribedMedia& b) {
  return a.mid == b.mid && a.ssrc == b.ssrc && a.rtx_ssrc == b.rtx_ssrc &&
         a.encoding_name == b.encoding_name;
}

// The track's own unless the codec is a stream of its own.
TrackId source_of(const std::map<std::string, TrackId>& sources,
                  const room::SubscribedMedia& media) {
  const auto own = std::ranges::find_if(sources, [&media](const auto& entry) {
    return sdp::equals_ignoring_case(entry.first, media.encoding_name);
  });
  return own == sources.end() ? media.track : own->second;
}

Ssrc random_ssrc(RandomSource random) {
  std::array<uint8_t, 4> bytes;
  random(bytes);
  return Ssrc(load_u32(bytes.data()));
}

}  // namespace

SendTrack Downstreams::add(const room::DownstreamTrack& track, RandomSource random) {
  Track& known = tracks_[track.track];
  known.settings = track.settings;
  known.sources = track.sources;
  known.playout_delay = track.playout_delay;
  SendTrack send{.track = track.track,
                 .participant = track.publisher,
                 .kind = track.kind,
                 .stream = track.stream,
                 .ssrc = random_ssrc(random),
                 .codecs = track.codecs,
                 .stereo = track.stereo};
  if (track.kind == room::TrackKind::Video) send.rtx_ssrc = random_ssrc(random);
  return send;
}

void Downstreams::update(const TrackId& track, const room::SubscriptionSettings& settings,
                         room::PeerTransport* transport) {
  const auto found = tracks_.find(track);
  if (found == tracks_.end()) return;
  found->second.settings = settings;
  if (found->second.sent && transport) transport->update_subscription(track, settings);
}

void Downstreams::remove(const TrackId& track, room::PeerTransport* transport) {
  const auto found = tracks_.find(track);
  if (found == tracks_.end()) return;
  if (found->second.sent && transport) transport->unsubscribe(track);
  tracks_.erase(found);
}

std::vector<room::SubscribedMedia> Downstreams::settle(
    const std::vector<room::SubscribedMedia>& sent, room::PeerTransport& transport) {
  for (auto& [sid, track] : tracks_) {
    const auto still = [&](const room::SubscribedMedia& media) {
      return media.track == sid && same(media, *track.sent);
    };
    if (!track.sent || std::ranges::any_of(sent, still)) continue;
    transport.unsubscribe(sid);
    track.sent.reset();
  }
  std::vector<room::SubscribedMedia> bound;
  for (const room::SubscribedMedia& media : sent) {
    const auto found = tracks_.find(media.track);
    if (found == tracks_.end() || found->second.sent) continue;
    room::SubscribedMedia& one = bound.emplace_back(media);
    one.source = source_of(found->second.sources, media);
    one.playout_delay = found->second.playout_delay;
    transport.subscribe(one, found->second.settings);
    found->second.sent = one;
  }
  return bound;
}

}  // namespace gstlk::signal
