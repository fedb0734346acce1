// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/answerer.h"

#include <algorithm>
#include <utility>

#include "sdp/print.h"
#include "sdp/text.h"
#include "signal/negotiation/downstream.h"
#include "signal/negotiation/header_extensions.h"

namespace gstlk::signal {
namespace {

using sdp::Direction;
using sdp::Format;
using sdp::MediaDescription;
using sdp::MediaKind;

// RFC 8841; more than this LiveKit's clients do not send in one message.
constexpr uint32_t kMaxMessageSize = 65535;

// Protocol section 6.5.
void ask_of_opus(const PublishHint* hint, std::vector<Format>& formats) {
  for (Format& format : formats) {
    if (!sdp::equals_ignoring_case(format.encoding_name, "opus")) continue;
    format.fmtp = "minptime=10;useinbandfec=1";
    if (!hint || hint->dtx) format.fmtp += ";usedtx=1";
    if (hint && hint->stereo) format.fmtp += ";stereo=1;maxaveragebitrate=510000";
  }
}

// RFC 8853: the simulcast that the client sends, mirrored in its own order.
void mirror_simulcast(const MediaDescription& offered, const std::vector<Rid>& rids,
                      MediaDescription& section) {
  const auto taken = [&rids](const Rid& rid) { return std::ranges::find(rids, rid) != rids.end(); };
  for (const sdp::RidDescription& rid : offered.rids) {
    if (rid.send && taken(rid.rid)) section.rids.push_back({rid.rid, false});
  }
  for (const std::vector<Rid>& alternatives : offered.simulcast.send) {
    if (taken(alternatives.front())) section.simulcast.receive.push_back({alternatives.front()});
  }
}

// A section with port 0 has to list a format all the same.
void refuse(const MediaDescription& offered, MediaDescription& section) {
  section.port = 0;
  section.direction = Direction::Inactive;
  section.formats.clear();
  section.extensions.clear();
  section.data_channel = offered.data_channel;
  section.other_formats = offered.other_formats;
  if (!offered.formats.empty())
    section.formats = {{.payload_type = offered.formats[0].payload_type,
                        .encoding_name = offered.formats[0].encoding_name,
                        .clock_rate = offered.formats[0].clock_rate,
                        .channels = offered.formats[0].channels}};
}

std::vector<std::string> codec_names(const std::vector<Format>& formats) {
  std::vector<std::string> names;
  for (const Format& format : formats) {
    if (!is_rtx(format) && std::ranges::find(names, format.encoding_name) == names.end())
      names.push_back(format.encoding_name);
  }
  return names;
}

}  // namespace

Answerer::Answerer(NegotiationOptions options, SendSections* send)
    : options_(std::move(options)),
      publish_policy_(options_.publish_codecs),
      subscribe_policy_(options_.subscribe_codecs),
      send_(send) {}

Result<RemoteOffer> Answerer::handle_offer(std::string_view text) {
  auto remote = read_remote_description(text, false);
  if (!remote) return fail(remote.error().message);
  RemoteOffer result{.remote = remote->transport, .candidates = remote->candidates};
  result.ice_restart = offer_ && (offer_->transport.ice_ufrag != remote->transport.ice_ufrag ||
                                  offer_->transport.ice_pwd != remote->transport.ice_pwd);
  for (size_t i = 0; i < remote->usable.size(); i++)
    result.has_data_channels |= remote->usable[i] && remote->session.media[i].data_channel;
  offer_ = std::move(*remote);
  receive_.update(*offer_);
  return result;
}

Result<Answer> Answerer::create_answer(const LocalDescription& local,
                                       std::span<const PublishHint> hints) {
  if (!offer_) return fail("there is no offer to answer");
  receive_.match(hints);
  if (send_) send_->place(*offer_);

  Answer answer;
  sdp::SessionDescription session{.session_id = options_.session_id,
                                  .session_version = ++version_,
                                  .ice_lite = true,
                                  .extmap_allow_mixed = offer_->session.extmap_allow_mixed};
  const sdp::Setup setup = offer_->transport.dtls_server ? sdp::Setup::Passive : sdp::Setup::Active;
  std::vector<Mid> bundle;
  for (size_t i = 0; i < offer_->session.media.size(); i++) {
    MediaDescription section = answer_section(offer_->session.media[i], offer_->usable[i], answer);
    if (!section.rejected()) {
      describe_transport(local, setup, section);
      if (bundle.empty()) section.candidates = local.candidates;
      section.end_of_candidates = !section.candidates.empty();
      bundle.push_back(section.mid);
    }
    session.media.push_back(std::move(section));
  }
  if (!offer_->session.bundle_groups.empty()) session.bundle_groups = {std::move(bundle)};
  if (send_) send_->on_answered();

  answer.sdp = sdp::print(session);
  answer.tracks = receive_.tracks();
  answer.ended = receive_.take_ended();
  return answer;
}

MediaDescription Answerer::answer_section(const MediaDescription& offered, bool usable,
                                          Answer& answer) {
  MediaDescription section{
      .media = offered.media, .port = 9, .protocol = offered.protocol, .mid = offered.mid};
  if (!usable) {
    refuse(offered, section);
  } else if (offered.data_channel) {
    answer_data(offered, section, answer);
  } else if (!answer_media(offered, section, answer)) {
    refuse(offered, section);
  }
  return section;
}

void Answerer::answer_data(const MediaDescription& offered, MediaDescription& section,
                           Answer& answer) {
  section.data_channel = true;
  section.max_message_size = kMaxMessageSize;
  sdp::MediaPlan plan = make_plan(section);
  plan.sctp_port = offered.sctp_port;
  // RFC 8841 section 6.1: 0 is any size.
  plan.max_message_size =
      offered.max_message_size == 0 ? kMaxMessageSize : offered.max_message_size;
  answer.plans.push_back(std::move(plan));
}

std::vector<Format> Answerer::choose_formats(const MediaDescription& offered, bool receive) const {
  const CodecPolicy& policy = receive ? publish_policy_ : subscribe_policy_;
  std::vector<Format> formats = policy.accept(*offered.kind(), offered.formats);
  // REMB tells the sender what it may send: upstream that is transport-cc's task, downstream one of
  // the two, and where both directions share a connection either may be listed.
  for (Format& format : formats) {
    if (!send_) format.remb = false;
    if (!receive && !options_.send_side_bandwidth_estimation && format.remb)
      format.transport_cc = false;
  }
  return formats;
}

bool Answerer::answer_media(const MediaDescription& offered, MediaDescription& section,
                            Answer& answer) {
  const bool receive = sdp::sends(offered.direction);
  section.formats = choose_formats(offered, receive);
  ReceivedTrack* received = receive ? receive_.find(offered.mid) : nullptr;
  if (received) receive_track(offered, section, *received);
  if (std::ranges::all_of(section.formats, is_rtx)) {
    if (send_ && send_->find(section.mid)) {
      answer.unsupported.push_back(send_->find(section.mid)->track);
      send_->refuse(section.mid);
    }
    return false;
  }
  section.rtcp_mux = true;
  section.rtcp_rsize = offered.rtcp_rsize;
  section.extmap_allow_mixed = offered.extmap_allow_mixed;
  const bool send = sdp::receives(offered.direction) && send_track(section, answer);
  section.direction = sdp::direction(send, receive);
  // Chromium offers no extension again, in any m-line of the kind, that was refused in one, and
  // then fails on its own simulcast without the rid's. So what one direction needs is answered in
  // both.
  const bool single_peer = send_ != nullptr;
  section.extensions = accept_extensions(
      offered.extensions, {*offered.kind(), true, single_peer, single_peer}, options_);

  sdp::MediaPlan plan = make_plan(section);
  plan.extensions.clear();
  for (const sdp::HeaderExtension& extension : accept_extensions(
           section.extensions, {*offered.kind(), receive, send, single_peer}, options_))
    plan.extensions.emplace_back(extension.id, extension.uri);
  if (received) {
    plan.rids = received->rids;
    plan.ssrcs = received->ssrcs;
  }
  answer.plans.push_back(std::move(plan));
  return true;
}

void Answerer::receive_track(const MediaDescription& offered, MediaDescription& section,
                             ReceivedTrack& track) {
  const PublishHint* hint = receive_.find_hint(track.mid);
  if (hint && !hint->preferred_codec.empty()) {
    if (options_.only_preferred_codec && track.kind == room::TrackKind::Video) {
      keep_only_codec(section.formats, hint->preferred_codec);
    } else {
      prefer_codec(section.formats, hint->preferred_codec);
    }
  }
  if (track.kind == room::TrackKind::Audio) {
    // Whoever names a codec means that one.
    if (hint && hint->red && hint->preferred_codec.empty()) prefer_codec(section.formats, "red");
    ask_of_opus(hint, section.formats);
  }
  mirror_simulcast(offered, track.rids, section);
  track.codecs = codec_names(section.formats);
}

bool Answerer::send_track(MediaDescription& section, Answer& answer) {
  const SendTrack* track = send_ ? send_->find(section.mid) : nullptr;
  if (!track) return false;
  const auto media = subscribed_media(*track, section.mid, section.formats);
  if (!media) {
    answer.unsupported.push_back(track->track);
    send_->refuse(section.mid);
    return false;
  }
  prefer_codec(section.formats, media->encoding_name);
  adapt_audio(*track, section.formats);
  describe_track(*track, section);
  answer.mid_to_track_id[section.mid.value] = track->track.value;
  answer.sent.push_back(*media);
  return true;
}

}  // namespace gstlk::signal
