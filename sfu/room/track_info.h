// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "livekit_rtc.pb.h"
#include "room/participant_media.h"
#include "room/settings.h"

// TrackInfo, as AddTrack asks for it and as the session description completes it.
namespace gstlk::room {

// Everything of the request is copied; codecs that are not enabled are replaced by the first that
// is. Layers get their numbers here, rids in complete_track_info().
::livekit::TrackInfo make_track_info(const ::livekit::AddTrackRequest& request, const TrackId& sid,
                                     const std::vector<EnabledCodec>& enabled, int64_t unix_micros);

// An AddTrack for a track that is there: it will be sent as these codecs, too.
void add_backup_codecs(const ::livekit::AddTrackRequest& request,
                       const std::vector<EnabledCodec>& enabled, ::livekit::TrackInfo& info);

// The m-line is known now: mid, mime type, rids.
void complete_track_info(const UpstreamTrack& upstream, ::livekit::TrackInfo& info);

// One for every cid of the track.
std::vector<UpstreamHint> hints_of(const ::livekit::TrackInfo& info, const std::string& cid);

// "video/vp8" of "vp8", "VP8" or "video/VP8".
std::string mime_type(std::string_view codec, ::livekit::TrackType type);
// "vp8" of "video/VP8".
std::string codec_name(std::string_view mime);

TrackKind kind_of(::livekit::TrackType type);
void touch(::livekit::TrackInfo& info, int64_t unix_micros);

}  // namespace gstlk::room
