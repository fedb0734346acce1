// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/media_session.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.h"
#include "room/room.h"
#include "signal/dual_media_session.h"
#include "signal/single_media_session.h"

namespace gstlk::signal {
namespace {

bool same_mime(const std::string& a, const std::string& b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool disabled(const google::protobuf::RepeatedPtrField<::livekit::Codec>& codecs,
              const std::string& mime) {
  return std::ranges::any_of(
      codecs, [&](const ::livekit::Codec& codec) { return same_mime(codec.mime(), mime); });
}

}  // namespace

std::unique_ptr<room::ParticipantMedia> make_media_session(room::Participant& participant,
                                                           room::RoomMedia& media) {
  if (participant.has_single_peer_connection())
    return std::make_unique<SingleMediaSession>(participant, media);
  return std::make_unique<DualMediaSession>(participant, media);
}

NegotiationOptions negotiation_options(const room::Participant& participant) {
  const room::Settings& settings = participant.room().settings();
  const room::ClientQuirks& quirks = participant.quirks();
  const auto configuration = room::client_configuration(participant.client());
  const ::livekit::DisabledCodecs& weak = configuration.disabled_codecs();
  NegotiationOptions options;
  options.publish_codecs.clear();
  options.subscribe_codecs.clear();
  const auto taken = [&](const room::EnabledCodec& codec) {
    return quirks.takes_red || !same_mime(codec.mime, "audio/red");
  };
  for (const auto& codec : settings.enabled_codecs) {
    if (taken(codec) && !disabled(weak.codecs(), codec.mime))
      options.subscribe_codecs.push_back({codec.mime, codec.fmtp});
  }
  for (const auto& codec : room::publish_codecs(settings.enabled_codecs, participant.client())) {
    if (taken(codec)) options.publish_codecs.push_back({codec.mime, codec.fmtp});
  }
  std::array<uint8_t, 9> random;
  participant.room().random()(random);
  // Fits a signed 64-bit number, as RFC 8829 section 5.2.1 wants it.
  options.session_id = load_u64(random.data()) >> 2;
  options.first_offer_id = random[8] + 1U;
  options.reuse_sections = quirks.reuses_sections && !participant.room().syncs_streams();
  // Who does not keep a room's streams in step would lose more of it by a delay of video alone.
  options.playout_delay = participant.room().playout_delay().has_value() &&
                          (!participant.room().syncs_streams() || quirks.takes_sync_streams);
  options.only_preferred_codec = quirks.ignores_codec_order;
  return options;
}

PublishHint publish_hint(const room::UpstreamHint& hint) {
  return {.cid = hint.cid,
          .kind = hint.kind,
          .preferred_codec = hint.preferred_codec,
          .red = hint.red,
          .dtx = hint.dtx,
          .stereo = hint.stereo,
          .match = hint.match};
}

std::vector<PublishHint> publish_hints(const std::vector<room::UpstreamHint>& hints) {
  std::vector<PublishHint> result;
  for (const room::UpstreamHint& hint : hints) result.push_back(publish_hint(hint));
  return result;
}

room::UpstreamTrack upstream_track(const ReceivedTrack& track) {
  return {.cid = track.cid.value_or(track.track_id),
          .sdp_cid = track.track_id,
          .mid = track.mid,
          .kind = track.kind,
          .rids = track.rids,
          .codecs = track.codecs};
}

std::vector<room::UpstreamTrack> upstream_tracks(const std::vector<ReceivedTrack>& tracks) {
  std::vector<room::UpstreamTrack> result;
  for (const ReceivedTrack& track : tracks) {
    if (track.cid) result.push_back(upstream_track(track));
  }
  return result;
}

::livekit::SignalResponse answer_message(const Answer& answer, uint32_t id) {
  ::livekit::SignalResponse response;
  ::livekit::SessionDescription& description = *response.mutable_answer();
  description.set_type("answer");
  description.set_sdp(answer.sdp);
  // livekit-client ignores an answer with another id than its last offer's.
  description.set_id(id);
  description.mutable_mid_to_track_id()->insert(answer.mid_to_track_id.begin(),
                                                answer.mid_to_track_id.end());
  return response;
}

}  // namespace gstlk::signal
