// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/downstream.h"

#include <algorithm>

#include "sdp/text.h"
#include "signal/negotiation/codec_policy.h"

namespace gstlk::signal {
namespace {

using sdp::Format;
using sdp::MediaKind;

constexpr size_t kMaxStreamName = 64;

// The stream's name was chosen by another client: only what may stand in a token, and no '|', which
// separates it from the participant's sid.
std::string safe_stream_name(const std::string& name) {
  std::string result = name.substr(0, kMaxStreamName);
  std::ranges::replace_if(
      result, [](char c) { return c <= ' ' || c >= 0x7f || c == '|'; }, '_');
  return result;
}

bool has_rtx(const std::vector<Format>& formats) { return std::ranges::any_of(formats, is_rtx); }

}  // namespace

MediaKind media_kind(room::TrackKind kind) {
  return kind == room::TrackKind::Audio ? MediaKind::Audio : MediaKind::Video;
}

void describe_track(const SendTrack& track, sdp::MediaDescription& media) {
  const std::string name =
      track.stream.empty() ? track.track.value : safe_stream_name(track.stream);
  const sdp::Msid msid{track.participant.value + '|' + name, track.track.value};
  media.msid = msid;
  media.ssrcs = {{track.ssrc, track.participant.value, msid}};
  if (!track.rtx_ssrc || !has_rtx(media.formats)) return;
  media.ssrc_groups = {{"FID", {track.ssrc, *track.rtx_ssrc}}};
  media.ssrcs.push_back({*track.rtx_ssrc, track.participant.value, msid});
}

std::optional<room::SubscribedMedia> subscribed_media(const SendTrack& track, const Mid& mid,
                                                      const std::vector<Format>& formats) {
  const Format* codec = find_codec(formats, track.codecs);
  if (!codec) return std::nullopt;
  const bool rtx = std::ranges::any_of(
      formats, [codec](const Format& format) { return format.apt == codec->payload_type; });
  return room::SubscribedMedia{.track = track.track,
                               .mid = mid,
                               .ssrc = track.ssrc,
                               .rtx_ssrc = rtx ? track.rtx_ssrc : std::nullopt,
                               .encoding_name = codec->encoding_name,
                               .cname = track.participant.value};
}

void adapt_audio(const SendTrack& track, std::vector<Format>& formats) {
  if (track.kind != room::TrackKind::Audio) return;
  const Format* first = find_codec(formats, track.codecs);
  const bool red = first && is_red(*first);
  for (Format& format : formats) {
    if (!sdp::equals_ignoring_case(format.encoding_name, "opus")) continue;
    if (track.stereo) format.fmtp += ";sprop-stereo=1";
    if (red) format.nack = false;
  }
}

sdp::MediaPlan make_plan(const sdp::MediaDescription& local) {
  sdp::MediaPlan plan{.mid = local.mid, .kind = *local.kind()};
  plan.receive = plan.kind == MediaKind::Application || sdp::receives(local.direction);
  plan.send = plan.kind == MediaKind::Application || sdp::sends(local.direction);
  for (const sdp::HeaderExtension& extension : local.extensions)
    plan.extensions.emplace_back(extension.id, extension.uri);
  plan.formats = local.formats;
  return plan;
}

void describe_transport(const LocalDescription& local, sdp::Setup setup,
                        sdp::MediaDescription& media) {
  media.transport = {.ice_ufrag = local.transport.ice_ufrag,
                     .ice_pwd = local.transport.ice_pwd,
                     .fingerprint = local.transport.fingerprint,
                     .setup = setup};
  if (local.candidates.empty()) media.transport.ice_options = {"trickle"};
}

}  // namespace gstlk::signal
