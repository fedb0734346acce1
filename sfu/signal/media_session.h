// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <vector>

#include "room/participant.h"
#include "signal/negotiation.h"

// The media half of a LiveKit session, with one peer connection (v1) or two (v0).
namespace gstlk::signal {

// For Room::join(): as the participant's client negotiates.
std::unique_ptr<room::ParticipantMedia> make_media_session(room::Participant& participant,
                                                           room::RoomMedia& media);

// The room's codecs and the client's weaknesses.
NegotiationOptions negotiation_options(const room::Participant& participant);
std::vector<PublishHint> publish_hints(const std::vector<room::UpstreamHint>& hints);
PublishHint publish_hint(const room::UpstreamHint& hint);
// Those of which it is known what they are.
std::vector<room::UpstreamTrack> upstream_tracks(const std::vector<ReceivedTrack>& tracks);
room::UpstreamTrack upstream_track(const ReceivedTrack& track);
::livekit::SignalResponse answer_message(const Answer& answer, uint32_t id);

}  // namespace gstlk::signal
