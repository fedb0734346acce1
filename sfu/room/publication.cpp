// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/publication.h"

#include <algorithm>
#include <utility>

#include "room/participant.h"
#include "room/room.h"
#include "room/track_info.h"

namespace gstlk::room {
namespace {

// Of a track's codecs, the one that may take the first one's place.
constexpr int kBackup = 1;
// How often it is looked whether a new track's media has come, and when it is not waited for any
// more: a muted track may send nothing.
constexpr Duration kMediaCheck = 100ms;
constexpr Duration kMediaLimit = 2s;

void add_qualities(::livekit::VideoQuality best,
                   google::protobuf::RepeatedPtrField<::livekit::SubscribedQuality>& qualities) {
  for (const auto quality : {::livekit::LOW, ::livekit::MEDIUM, ::livekit::HIGH}) {
    ::livekit::SubscribedQuality& entry = *qualities.Add();
    entry.set_quality(quality);
    entry.set_enabled(best != ::livekit::OFF && quality <= best);
  }
}

}  // namespace

Publication::Publication(Participant& publisher, ::livekit::TrackInfo info, std::string cid)
    : publisher_(publisher), sid_(info.sid()), cid_(std::move(cid)), info_(std::move(info)) {}

TrackKind Publication::kind() const { return kind_of(info_.type()); }

bool Publication::has_cid(const std::string& cid) const {
  const auto belongs = [&](const auto& codec) {
    return codec.cid() == cid || codec.sdp_cid() == cid;
  };
  // Most codecs have none.
  return !cid.empty() && (cid == cid_ || std::ranges::any_of(info_.codecs(), belongs));
}

std::vector<UpstreamHint> Publication::hints() const {
  std::vector<UpstreamHint> hints = hints_of(info_, cid_);
  if (!published_) return hints;
  for (UpstreamHint& hint : hints) hint.match = receives(hint.cid) ? MatchBy::Place : MatchBy::Rest;
  return hints;
}

std::vector<std::string> Publication::codecs() const {
  std::vector<std::string> names;
  for (int i = 0; i < info_.codecs_size(); ++i) {
    const ::livekit::SimulcastCodecInfo& codec = info_.codecs(i);
    // A backup codec counts once it is there.
    if (codec.mid().empty() || (regressed_ && i != kBackup)) continue;
    names.push_back(codec_name(codec.mime_type()));
    // RED is a wrapping that the media plane takes off where it is not understood.
    if (names.back() == "red") names.emplace_back("opus");
  }
  return names;
}

void Publication::await_offer(Duration limit, std::function<void()> on_never) {
  offer_limit_ = publisher_.room().timers().call_later(limit, std::move(on_never));
}

int Publication::codec_of(const std::string& cid) const {
  const auto found = std::ranges::find_if(info_.codecs(), [&](const auto& codec) {
    return codec.cid() == cid || codec.sdp_cid() == cid;
  });
  return found == info_.codecs().end() ? 0 : static_cast<int>(found - info_.codecs().begin());
}

bool Publication::receives(const std::string& cid) const {
  return !info_.codecs(codec_of(cid)).mid().empty();
}

bool Publication::goes_on_with(const UpstreamTrack& track) const {
  if (!has_cid(track.cid)) return false;
  return !receives(track.cid) || std::ranges::any_of(streams_, [&](const auto& stream) {
    return stream.second.mid == track.mid;
  });
}

std::optional<std::string> Publication::announced_codec() const {
  for (const ::livekit::SimulcastCodecInfo& codec : info_.codecs()) {
    if (codec.mid().empty() && !codec.mime_type().empty()) return codec_name(codec.mime_type());
  }
  return std::nullopt;
}

TrackId Publication::add_stream(const UpstreamTrack& upstream) {
  offer_limit_.reset();
  const int index = codec_of(upstream.cid);
  complete_track_info(upstream, info_);
  if (!std::exchange(published_, true)) {
    streams_[sid_] = upstream;
    await_media(publisher_.room().timers().now() + kMediaLimit);
    start_over();
    return sid_;
  }
  const std::string codec = codec_name(info_.codecs(index).mime_type());
  const TrackId source(sid_.value + '/' + codec);
  sources_[codec] = source;
  streams_[source] = upstream;
  // Opus inside RED goes without it too.
  if (codec == "red" && codec_name(info_.codecs(0).mime_type()) != "opus")
    sources_["opus"] = source;
  // Decided as a codec arrives, and not again when people come and go: as LiveKit does.
  if (may_regress()) set_regressed(true);
  return source;
}

std::vector<TrackId> Publication::remove_streams(const std::vector<UpstreamTrack>& sent) {
  std::vector<TrackId> removed;
  for (int i = 0; i < info_.codecs_size(); ++i) {
    ::livekit::SimulcastCodecInfo& codec = *info_.mutable_codecs(i);
    const auto is_sent = [&](const UpstreamTrack& track) {
      return goes_on_with(track) && codec_of(track.cid) == i;
    };
    if (codec.mid().empty() || std::ranges::any_of(sent, is_sent)) continue;
    const auto stream = std::ranges::find_if(
        streams_, [&](const auto& entry) { return entry.second.mid.value == codec.mid(); });
    removed.push_back(stream == streams_.end() ? sid_ : stream->first);
    codec.clear_mid();
    std::erase_if(sources_, [&](const auto& entry) { return entry.second == removed.back(); });
    streams_.erase(removed.back());
    if (regressed_ && i == kBackup) set_regressed(false);
  }
  return removed;
}

void Publication::ask_no_more() {
  Publication* origin = asking_.empty() ? nullptr : this->origin();
  for (const ParticipantId& subscriber : std::exchange(asking_, {}))
    if (origin) origin->remove_subscriber(subscriber);
}

Publication::Change Publication::mirror(const Publication& of, Origin origin) {
  origin_ = std::move(origin);
  published_ = true;
  Change change;
  for (const auto& [source, upstream] : streams_) {
    if (!of.streams_.contains(source)) change.ended.push_back(source);
  }
  for (const auto& [source, upstream] : of.streams_) {
    if (!streams_.contains(source)) change.begun.push_back(source);
  }
  change.info = info_.SerializeAsString() != of.info_.SerializeAsString();
  info_ = of.info_;
  streams_ = of.streams_;
  sources_ = of.sources_;
  regressed_ = of.regressed_;
  return change;
}

void Publication::start_over() {
  if (info_.type() != ::livekit::VIDEO) return;
  std::vector<std::string> codecs;
  for (const ::livekit::SimulcastCodecInfo& codec : info_.codecs())
    codecs.push_back(codec_name(codec.mime_type()));
  const Room& room = publisher_.room();
  dynacast_.emplace(std::move(codecs), room.settings().dynacast_pause_delay, room.timers().now());
  set_regressed(regressed_);
}

// livekit-client knows a track of its own only when it has applied the answer to its offer, and it
// forgets what it is told of it before. What it sends shows that it has.
void Publication::await_media(Timestamp limit) {
  media_check_ = publisher_.room().timers().call_later(kMediaCheck, [this, limit] {
    Room& room = publisher_.room();
    const auto is_received = [&](const auto& stream) {
      return room.media().receiving(stream.first);
    };
    if (room.timers().now() < limit && std::ranges::none_of(streams_, is_received))
      return await_media(limit);
    known_ = true;
    if (dynacast_) tell_publisher();
    if (audio_codecs_due_) tell_audio_codecs();
    tell_first_subscriber();
  });
}

void Publication::touch() { room::touch(info_, publisher_.room().timers().unix_micros()); }

void Publication::set_wanted(const ParticipantId& subscriber, const std::string& codec,
                             ::livekit::VideoQuality quality) {
  if (Publication* origin = this->origin()) {
    asking_.insert(subscriber);
    origin->set_wanted(subscriber, codec, quality);
    return;
  }
  if (info_.type() == ::livekit::AUDIO && !codec.empty()) ask_for_audio(codec);
  if (!dynacast_) return;
  dynacast_->set_wanted(subscriber, codec_name(codec.empty() ? info_.mime_type() : codec), quality);
  tell_publisher();
}

bool Publication::may_regress() const {
  if (info_.codecs_size() <= kBackup || info_.codecs(kBackup).mid().empty()) return false;
  if (info_.backup_codec_policy() != ::livekit::PREFER_REGRESSION)
    return info_.backup_codec_policy() == ::livekit::REGRESSION;
  const size_t threshold = publisher_.room().settings().codec_regression_threshold;
  return threshold == 0 || publisher_.room().participant_count() < threshold;
}

void Publication::set_regressed(bool regressed) {
  const bool changed = std::exchange(regressed_, regressed) != regressed;
  if (dynacast_) {
    dynacast_->regress(regressed ? std::optional(codec_name(info_.codecs(kBackup).mime_type()))
                                 : std::nullopt);
    tell_publisher();
  } else if (changed) {
    tell_audio_codecs();
  }
}

// Of audio no codec is stopped because nobody wants it: it costs little.
void Publication::ask_for_audio(const std::string& codec) {
  if (asked_audio_.insert(codec).second) tell_audio_codecs();
}

void Publication::tell_audio_codecs() {
  audio_codecs_due_ = !known_;
  if (!known_) return;
  ::livekit::SignalResponse response;
  ::livekit::SubscribedAudioCodecUpdate& update = *response.mutable_subscribed_audio_codec_update();
  update.set_track_sid(sid_.value);
  for (int i = 0; i < info_.codecs_size(); ++i) {
    const ::livekit::SimulcastCodecInfo& known = info_.codecs(i);
    ::livekit::SubscribedAudioCodec& entry = *update.add_subscribed_audio_codecs();
    entry.set_codec(codec_name(known.mime_type()));
    const bool asked = !known.mid().empty() || asked_audio_.contains(entry.codec());
    entry.set_enabled(regressed_ ? i == kBackup : asked);
  }
  publisher_.send(response);
}

void Publication::remove_subscriber(const ParticipantId& subscriber) {
  if (asking_.erase(subscriber) != 0) {
    if (Publication* origin = this->origin()) origin->remove_subscriber(subscriber);
  }
  if (!dynacast_) return;
  dynacast_->remove(subscriber);
  tell_publisher();
}

void Publication::repeat_wanted() {
  if (!dynacast_) return;
  dynacast_->repeat();
  tell_publisher();
}

void Publication::note_bound() {
  if (Publication* origin = this->origin()) return origin->note_bound();
  subscribed_ = true;
  tell_first_subscriber();
}

void Publication::tell_first_subscriber() {
  if (!subscribed_ || !known_ || std::exchange(first_subscriber_told_, true)) return;
  if (!publisher_.quirks().takes_request_response) return;
  ::livekit::SignalResponse response;
  response.mutable_track_subscribed()->set_track_sid(sid_.value);
  publisher_.send(response);
}

void Publication::tell_publisher() {
  if (!known_) return;
  Timers& timers = publisher_.room().timers();
  if (const auto qualities = dynacast_->poll(timers.now()); qualities && !qualities->empty()) {
    ::livekit::SignalResponse response;
    ::livekit::SubscribedQualityUpdate& update = *response.mutable_subscribed_quality_update();
    update.set_track_sid(sid_.value);
    add_qualities(qualities->front().second, *update.mutable_subscribed_qualities());
    for (const auto& [codec, best] : *qualities) {
      ::livekit::SubscribedCodec& entry = *update.add_subscribed_codecs();
      entry.set_codec(codec);
      add_qualities(best, *entry.mutable_qualities());
    }
    publisher_.send(response);
  }
  const auto next = dynacast_->next_timeout();
  dynacast_timer_ = next ? timers.call_later(std::max<Duration>(*next - timers.now(), 0us),
                                             [this] { tell_publisher(); })
                         : nullptr;
}

}  // namespace gstlk::room
