// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/publisher.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "plugins/livekit/data_channels.h"
#include "plugins/livekit/path_report.h"
#include "plugins/livekit/retransmissions.h"
#include "plugins/livekit/room_session.h"
#include "plugins/livekit/sdp_translation.h"
#include "plugins/livekit/trickle.h"

namespace gstlk::client {

using namespace std::chrono_literals;

namespace {

LogCategory& log_publisher = register_log_category(*new LogCategory{"livekit-publisher"});

// Tracks that come together are offered together.
constexpr Duration kOfferDelay = 20ms;
constexpr Duration kFeedbackInterval = 500ms;
// Where a new connection begins: what a household's uplink has; the estimate rises from there.
constexpr Bitrate kStartBitrate{2'500'000};

std::string random_id() {
  gchar* uuid = g_uuid_string_random();
  std::string id = uuid;
  g_free(uuid);
  return id;
}

const char* stream_of(::livekit::TrackSource source) {
  switch (source) {
    case ::livekit::SCREEN_SHARE:
    case ::livekit::SCREEN_SHARE_AUDIO:
      return "screen";
    default:
      return "camera";
  }
}

}  // namespace

// A track of ours in the room.
struct Publisher::Publication {
  LocalTrack& track;
  TrackSettings settings;
  bool muted = false;
  // Of the present participant; empty before AddTrack, or its answer.
  std::string cid;
  std::string sid;
  std::string mid;
  std::unique_ptr<ClientTimer> answer_timer;  // for AddTrack's
  Ref<GstPad> pad;                            // webrtcbin's
  Ref<GstWebRTCRTPTransceiver> transceiver;
  bool negotiated = false;  // the answer to an offer with its section has been taken
};

Publisher::Publisher(RoomSession& session, GstBin* bin, PublisherOwner* owner)
    : Publisher(session, bin, owner, Timeouts()) {}

Publisher::Publisher(RoomSession& session, GstBin* bin, PublisherOwner* owner,
                     const Timeouts& timeouts)
    : session_(session),
      bin_(bin),
      owner_(owner),
      timeouts_(timeouts),
      offer_timer_(session.thread()),
      answer_timer_(session.thread()),
      feedback_timer_(session.thread()),
      rate_(kStartBitrate) {}

Publisher::~Publisher() { stop(); }

void Publisher::add(LocalTrack& track, const TrackSettings& settings, bool muted) {
  publications_.push_back(std::make_unique<Publication>(Publication{track, settings, muted}));
  track.set_muted(muted);
  if (peer_) announce(*publications_.back());
}

void Publisher::remove(LocalTrack& track) {
  const auto it = std::ranges::find_if(publications_, [&](auto& p) { return &p->track == &track; });
  if (it == publications_.end()) return;
  detach(**it);
  publications_.erase(it);
  if (peer_) want_offer();
}

void Publisher::set_muted(LocalTrack& track, bool muted) {
  Publication* publication = by_track(track);
  if (!publication || publication->muted == muted) return;
  publication->muted = muted;
  track.set_muted(muted);
  if (connected_) apply_bitrate();
  send_mute(*publication);
}

void Publisher::send_mute(const Publication& publication) {
  if (publication.sid.empty()) return;
  ::livekit::SignalRequest request;
  request.mutable_mute()->set_sid(publication.sid);
  request.mutable_mute()->set_muted(publication.muted);
  session_.send(request);
}

void Publisher::start(const ::livekit::JoinResponse& join) {
  next_mid_ = 0;
  participant_sid_ = join.participant().sid();
  rate_ = RateControl(kStartBitrate);
  reports_ = {};
  peer_ = std::make_unique<PeerConnection>(session_.thread(), bin_, "publisher", join, *this);
  if (peer_->webrtcbin()) mark_retransmissions(peer_->webrtcbin());
  peer_->create_data_channel(kReliableChannel);
  peer_->create_data_channel(kLossyChannel);
  peer_->start();
  for (const auto& publication : publications_) announce(*publication);
  want_offer();
}

void Publisher::stop() {
  offer_timer_.stop();
  answer_timer_.stop();
  feedback_timer_.stop();
  offering_ = offer_wanted_ = connected_ = false;
  for (const auto& publication : publications_) detach(*publication);
  peer_.reset();
}

void Publisher::announce(Publication& publication) {
  publication.cid = random_id();
  const TrackSettings& settings = publication.settings;
  ::livekit::SignalRequest request;
  auto* add = request.mutable_add_track();
  add->set_cid(publication.cid);
  add->set_name(settings.name);
  add->set_source(settings.source);
  add->set_muted(publication.muted);
  add->set_stream(stream_of(settings.source));
  const Codec* codec = publication.track.codec();
  auto* offered = add->add_simulcast_codecs();
  offered->set_codec(codec->name);
  offered->set_cid(publication.cid);
  if (publication.track.kind() == MediaKind::Audio) {
    add->set_type(::livekit::AUDIO);
    add->set_disable_dtx(!settings.dtx);
    add->set_stereo(publication.track.format()->channels >= 2);
  } else {
    add->set_type(::livekit::VIDEO);
    for (const VideoEncoding& encoding : publication.track.encodings()) {
      auto* layer = add->add_layers();
      layer->set_quality(encoding.quality);
      layer->set_width(encoding.width);
      layer->set_height(encoding.height);
      layer->set_bitrate(encoding.max_bitrate.bps);
      *offered->add_layers() = *layer;
      add->set_width(encoding.width);
      add->set_height(encoding.height);
    }
  }
  LOG_INFO(log_publisher, "publishing %s \"%s\"", codec->name, settings.name.c_str());
  session_.send(request);
  publication.answer_timer = std::make_unique<ClientTimer>(session_.thread());
  publication.answer_timer->start(timeouts_.published, [this, &track = publication.track] {
    // The next start() announces it again.
    if (!session_.joined()) return;
    refuse(track, "the server does not answer the request to publish it");
  });
}

void Publisher::refuse(LocalTrack& track, const std::string& why) {
  remove(track);
  if (owner_) owner_->on_refused(track, why);
}

void Publisher::handle(const ::livekit::SignalResponse& message) {
  if (!peer_) return;
  if (message.has_answer()) return handle_answer(message.answer());
  if (message.has_track_published()) return handle_published(message.track_published());
  if (message.has_subscribed_quality_update())
    return handle_qualities(message.subscribed_quality_update());
  if (message.has_mute()) return handle_mute(message.mute());
  if (message.has_update()) return handle_update(message.update());
  if (message.has_request_response()) return handle_refused(message.request_response());
  if (message.has_track_unpublished()) {
    Publication* publication = by_sid(message.track_unpublished().track_sid());
    if (!publication) return;
    return refuse(publication->track, "the server has taken the track out of the room");
  }
  if (!message.has_trickle() || message.trickle().target() != ::livekit::PUBLISHER) return;
  if (const auto candidate = read_trickle(message.trickle()))
    peer_->add_candidate(candidate->mline, candidate->text);
}

void Publisher::handle_published(const ::livekit::TrackPublishedResponse& response) {
  Publication* publication = by_cid(response.cid());
  if (!publication || !publication->sid.empty()) return;
  publication->sid = response.track().sid();
  publication->answer_timer.reset();
  attach(*publication);
  want_offer();
  agree_on_mute(*publication, response.track());
  if (owner_) owner_->on_published(publication->track, response.track());
}

// What was muted between AddTrack and its answer had no sid to say it of.
void Publisher::agree_on_mute(const Publication& publication, const ::livekit::TrackInfo& info) {
  if (info.muted() != publication.muted) send_mute(publication);
}

void Publisher::handle_update(const ::livekit::ParticipantUpdate& update) {
  for (const auto& participant : update.participants()) {
    if (participant.sid() != participant_sid_) continue;
    for (const auto& info : participant.tracks())
      if (const Publication* publication = by_sid(info.sid())) agree_on_mute(*publication, info);
  }
}

// Gives the track a section of the next offer.
void Publisher::attach(Publication& publication) {
  if (!peer_->webrtcbin()) return;
  publication.mid = std::to_string(next_mid_++);
  const Ref<GstCaps> caps = publication.track.bind({publication.mid});
  GstPad* pad = gst_element_request_pad_simple(peer_->webrtcbin(), "sink_%u");
  publication.pad = Ref<GstPad>::adopt(pad);
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(publication.track.bin(), "src"));
  gst_pad_link(src.get(), pad);
  GstWebRTCRTPTransceiver* transceiver = nullptr;
  g_object_get(pad, "transceiver", &transceiver, nullptr);
  publication.transceiver = Ref<GstWebRTCRTPTransceiver>::adopt(transceiver);
  // Nothing is encoded before somebody takes it, so webrtcbin cannot wait for caps to come by.
  g_object_set(transceiver, "codec-preferences", caps.get(), nullptr);
  // Not for audio: webrtcbin would give its retransmissions a payload type that is in use.
  g_object_set(transceiver, "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY, "do-nack",
               publication.track.kind() == MediaKind::Video, nullptr);
}

void Publisher::detach(Publication& publication) {
  publication.track.set_connected(false);
  publication.answer_timer.reset();
  publication.cid.clear();
  publication.sid.clear();
  publication.negotiated = false;
  if (!publication.pad) return;
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(publication.track.bin(), "src"));
  gst_pad_unlink(src.get(), publication.pad.get());
  g_object_set(publication.transceiver.get(), "direction",
               GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_INACTIVE, nullptr);
  gst_element_release_request_pad(peer_->webrtcbin(), publication.pad.get());
  publication.pad.reset();
  publication.transceiver.reset();
}

void Publisher::want_offer() {
  offer_wanted_ = true;
  if (!offering_ && !offer_timer_.waiting()) offer_timer_.start(kOfferDelay, [this] { offer(); });
}

void Publisher::offer() {
  if (offering_ || !peer_) return;
  offering_ = true;
  offer_wanted_ = false;
  peer_->create_offer([this](Result<std::string> sdp) {
    if (!sdp) return failed(sdp.error().message);
    peer_->set_local(GST_WEBRTC_SDP_TYPE_OFFER, *sdp, [this, sdp = *sdp](Result<void> result) {
      if (!result) return failed(result.error().message);
      send_offer(sdp);
    });
  });
}

void Publisher::send_offer(const std::string& sdp) {
  std::map<std::string, OfferedTrack> tracks;
  for (const auto& publication : publications_)
    if (publication->pad)
      tracks[publication->mid] = {participant_sid_ + "|" + stream_of(publication->settings.source),
                                  publication->cid};
  ::livekit::SignalRequest request;
  auto* offer = request.mutable_offer();
  offer->set_type("offer");
  offer->set_sdp(translate_offer(sdp, tracks));
  offered_ = sdp;
  offer->set_id(++offer_id_);
  session_.send(request);
  answer_timer_.start(timeouts_.answer, [this] { failed("the server does not answer it"); });
}

void Publisher::handle_answer(const ::livekit::SessionDescription& answer) {
  if (!offering_ || (answer.id() != 0 && answer.id() != offer_id_)) return;
  answer_timer_.stop();
  const TranslatedAnswer translated = translate_answer(answer.sdp(), offered_);
  peer_->set_remote(GST_WEBRTC_SDP_TYPE_ANSWER, translated.sdp,
                    [this, refused = translated.refused](Result<void> result) {
                      if (!result) return failed(result.error().message);
                      offering_ = false;
                      open_negotiated(refused);
                      if (offer_wanted_) want_offer();
                      // Behind it all: an application may leave when it is told.
                      for (const std::string& mid : refused) refuse_section(mid);
                    });
}

// Until then webrtcbin holds up what comes to the pad, and with it the other tracks of its source.
void Publisher::open_negotiated(const std::vector<std::string>& refused) {
  bool opened = false;
  for (const auto& publication : publications_) {
    if (!publication->pad || publication->negotiated ||
        offered_.find("a=mid:" + publication->mid + "\r\n") == std::string::npos ||
        std::ranges::find(refused, publication->mid) != refused.end())
      continue;
    publication->negotiated = opened = true;
    if (connected_) publication->track.set_connected(true);
  }
  if (opened && connected_) apply_bitrate();
}

void Publisher::refuse_section(const std::string& mid) {
  for (const auto& publication : publications_) {
    if (!publication->pad || publication->mid != mid) continue;
    const std::string codec = publication->track.codec()->encoding;
    return refuse(publication->track,
                  "the server takes no " + codec + "; set the pad's codec to one that it enables");
  }
}

void Publisher::failed(const std::string& why) {
  session_.peer_failed(::livekit::PUBLISHER, "its offer led to nothing: " + why);
}

void Publisher::handle_qualities(const ::livekit::SubscribedQualityUpdate& update) {
  Publication* publication = by_sid(update.track_sid());
  if (!publication) return;
  const std::string codec = publication->track.codec()->name;
  auto qualities = update.subscribed_qualities();
  for (const auto& entry : update.subscribed_codecs())
    if (entry.codec() == codec) qualities = entry.qualities();
  bool any = false;
  for (const auto& quality : qualities) any = any || quality.enabled();
  const bool single = publication->track.encodings().size() == 1;
  for (const auto& quality : qualities)
    publication->track.enable(quality.quality(), single ? any : quality.enabled());
  apply_bitrate();
}

void Publisher::handle_mute(const ::livekit::MuteTrackRequest& mute) {
  Publication* publication = by_sid(mute.sid());
  if (!publication) return;
  set_muted(publication->track, mute.muted());
  if (owner_) owner_->on_muted_by_server(publication->track, mute.muted());
}

void Publisher::handle_refused(const ::livekit::RequestResponse& response) {
  if (!response.has_add_track() || response.reason() == ::livekit::RequestResponse::OK ||
      response.reason() == ::livekit::RequestResponse::QUEUED)
    return;
  Publication* publication = by_cid(response.add_track().cid());
  if (!publication) return;
  std::string why = ::livekit::RequestResponse::Reason_Name(response.reason());
  if (!response.message().empty()) why += ": " + response.message();
  refuse(publication->track, why);
}

bool Publisher::send_data(bool reliable, ByteView message) {
  return peer_ && peer_->send(channel_label(reliable), message);
}

void Publisher::on_local_candidate(unsigned mline, const std::string& candidate) {
  session_.send(trickle_message(::livekit::PUBLISHER, mline, candidate));
}

void Publisher::on_connected() {
  connected_ = true;
  for (const auto& publication : publications_)
    if (publication->negotiated) publication->track.set_connected(true);
  apply_bitrate();
  feedback_timer_.start(kFeedbackInterval, [this] { poll_feedback(); });
  session_.peer_connected(::livekit::PUBLISHER);
}

void Publisher::on_failed(const std::string& why) {
  session_.peer_failed(::livekit::PUBLISHER, why);
}

void Publisher::on_data(const std::string& label, ByteView message) {
  session_.handle_data(message, label == kReliableChannel);
}

void Publisher::poll_feedback() {
  feedback_timer_.start(kFeedbackInterval, [this] { poll_feedback(); });
  peer_->get_stats([this](const GstStructure* stats) {
    if (const auto report = reports_.next(stats)) rate_.handle(*report, monotonic_now());
    // Also without a word of the path: what was left out is tried again after a time.
    apply_bitrate();
  });
}

void Publisher::apply_bitrate() {
  uint64_t maximum = 0;
  uint64_t least = 0;
  for (const auto& publication : publications_) {
    if (publication->muted) continue;
    maximum += publication->track.max_bitrate().bps;
    least += publication->track.least_bitrate().bps;
  }
  RateControl::Limits limits;
  limits.maximum = Bitrate{maximum};
  rate_.set_limits(limits);
  rate_.begin_with(Bitrate{least});
  // Each video track gets its part of what all may have.
  uint64_t audio = 0;
  uint64_t video = 0;
  for (const auto& publication : publications_) {
    if (publication->muted) continue;
    uint64_t& sum = publication->track.kind() == MediaKind::Video ? video : audio;
    sum += publication->track.max_bitrate().bps;
  }
  const uint64_t target = rate_.target().bps;
  const double part = video == 0 ? 0
                                 : static_cast<double>(target - std::min(target, audio)) /
                                       static_cast<double>(video);
  const Timestamp now = monotonic_now();
  for (const auto& publication : publications_) {
    if (publication->muted || publication->track.kind() != MediaKind::Video) continue;
    const double wanted = static_cast<double>(publication->track.max_bitrate().bps);
    publication->track.set_bitrate(Bitrate{static_cast<uint64_t>(wanted * std::min(part, 1.0))},
                                   now);
  }
}

Publisher::Publication* Publisher::by_cid(const std::string& cid) {
  for (const auto& publication : publications_)
    if (!cid.empty() && publication->cid == cid) return publication.get();
  return nullptr;
}

Publisher::Publication* Publisher::by_sid(const std::string& sid) {
  for (const auto& publication : publications_)
    if (!sid.empty() && publication->sid == sid) return publication.get();
  return nullptr;
}

Publisher::Publication* Publisher::by_track(const LocalTrack& track) {
  for (const auto& publication : publications_)
    if (&publication->track == &track) return publication.get();
  return nullptr;
}

}  // namespace gstlk::client
