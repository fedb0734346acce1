// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "sdp/session_description.h"
#include "signal/negotiation.h"

// How a track that the server sends appears in an m-line (protocol section 6.2).
namespace gstlk::signal {

sdp::MediaKind media_kind(room::TrackKind kind);

// Writes a=msid, the SSRC and, where RTX is among the formats, its SSRC.
void describe_track(const SendTrack& track, sdp::MediaDescription& media);

// What the media plane sends for `track` on an m-line with `formats`; nullopt: no codec is common.
std::optional<room::SubscribedMedia> subscribed_media(const SendTrack& track, const Mid& mid,
                                                      const std::vector<sdp::Format>& formats);

// Adds to Opus what a stereo track needs, and takes NACK away from what RED protects already.
void adapt_audio(const SendTrack& track, std::vector<sdp::Format>& formats);

// What the media plane needs of a section that both sides have settled.
sdp::MediaPlan make_plan(const sdp::MediaDescription& local);

// Our ICE and DTLS parameters in a section of ours.
void describe_transport(const LocalDescription& local, sdp::Setup setup,
                        sdp::MediaDescription& media);

}  // namespace gstlk::signal
