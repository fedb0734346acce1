// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/downtrack.h"

#include <algorithm>

#include "base/prefetch.h"

namespace gstlk::forward {

namespace {

constexpr Duration kDefaultRoundTrip = 70ms;
constexpr Duration kMinResendInterval = 10ms;
constexpr Duration kMinRequestInterval = 200ms;
constexpr Duration kMaxRequestInterval = 1s;
constexpr Duration kSourceSilence = 1s;

// Packets that can be asked for again: 1.3 s of audio, 2 s of video at 2.5 Mbit/s.
constexpr size_t kAudioHistory = 64;
constexpr size_t kVideoHistory = 512;
// Packets that may come late.
constexpr size_t kAudioWindow = 64;
constexpr size_t kVideoWindow = 256;

}  // namespace

DownTrack::DownTrack(const DownTrackConfig& config)
    : rewriter_(config.clock_rate, rtp::is_video(config.codec) ? kVideoWindow : kAudioWindow,
                config.first_sequence, config.first_timestamp, config.first_timestamp_at),
      vp8_(config.codec == rtp::Codec::Vp8),
      round_trip_(kDefaultRoundTrip),
      history_(rtp::is_video(config.codec) ? kVideoHistory : kAudioHistory) {
  if (rtp::is_video(config.codec)) video_ = std::make_unique<Video>(config.max_layer);
}

void DownTrack::set_max_layer(Layer layer) {
  if (video_) video_->selector.set_max(layer);
}

void DownTrack::set_paused(bool paused) {
  if (paused == paused_) return;
  paused_ = paused;
  if (!paused) return;
  resuming_ = resuming_ || started_;
  started_ = false;
  if (video_) video_->selector.stop();
}

void DownTrack::set_round_trip(Duration round_trip) { round_trip_ = round_trip; }

std::optional<Rewrite> DownTrack::fill(Timestamp now) {
  if (paused_ || stats_.packets > 0) return std::nullopt;
  const RtpRewriter::Numbers numbers = rewriter_.fill(now);
  return Rewrite{.timestamp = numbers.timestamp, .sequence = numbers.sequence};
}

void DownTrack::prefetch_next() const {
  if (video_) prefetch(video_.get(), sizeof(Video));
  rewriter_.prefetch_next();
  history_.prefetch_next();
}

DownTrack::Decision DownTrack::handle(const ReceivedPacket& packet, const TrackState& state,
                                      Timestamp now) {
  if (paused_) {
    last_seen_ = now;
    if (video_) video_->selector.update(state);
    return drop(DropReason::Paused);
  }
  return video_ ? handle_video(packet, state, now) : handle_audio(packet, state, now);
}

DownTrack::Decision DownTrack::handle_audio(const ReceivedPacket& packet, const TrackState& state,
                                            Timestamp now) {
  const EncodingClock& clock = state.clocks[packet.encoding];
  if (!started_ || packet.encoding != encoding_ || packet.generation != generation_) {
    if (packet.padding_only()) return drop(DropReason::Padding);
    begin(packet, clock, now);
  }
  last_seen_ = now;
  const SequenceMap::Place place = rewriter_.place(packet);
  if (place != SequenceMap::Place::Ahead) return handle_late(packet, place, now);
  if (packet.padding_only()) {
    rewriter_.drop(packet);
    return drop(DropReason::Padding);
  }
  return forward(packet, clock, packet.marker, now);
}

DownTrack::Decision DownTrack::handle_video(const ReceivedPacket& packet, const TrackState& state,
                                            Timestamp now) {
  Video& video = *video_;
  const EncodingClock& clock = state.clocks[packet.encoding];
  video.selector.update(state);
  if (!video.selector.is_current(packet) && !try_switch(packet, clock, now)) {
    last_seen_ = now;
    // The encoding has begun anew: of what is sent nothing goes on, and a keyframe is needed.
    if (video.selector.current_encoding() == packet.encoding) video.selector.stop();
    return drop(video.selector.current_encoding() ? DropReason::OtherLayer
                                                  : DropReason::NeedsKeyframe);
  }
  last_seen_ = now;
  const SequenceMap::Place place = rewriter_.place(packet);
  if (place != SequenceMap::Place::Ahead) return handle_late(packet, place, now);
  if (packet.padding_only()) {
    rewriter_.drop(packet);
    return drop(DropReason::Padding);
  }
  const auto selection = video.selector.select(packet, rewriter_.has_gap_before(packet));
  if (!selection.forward) {
    drop_in_order(packet);
    return drop(DropReason::OtherLayer);
  }
  return forward(packet, clock, selection.end_of_picture, now);
}

bool DownTrack::try_switch(const ReceivedPacket& packet, const EncodingClock& clock,
                           Timestamp now) {
  Video& video = *video_;
  // Of a keyframe whose first packet came late the others have been dropped already.
  if (packet.padding_only() || packet.late || !video.selector.wants_switch(packet)) return false;
  const bool between = video.selector.current_encoding() && started_;
  // One picture is enough: a publisher whose sender reports are wrong must not be stuck in a layer.
  const bool may_refuse = !video.refused_picture || *video.refused_picture == packet.timestamp;
  if (between && may_refuse && !rewriter_.fits_after_last(packet, clock)) {
    video.refused_picture = packet.timestamp;
    return false;
  }
  video.refused_picture.reset();
  if (between && packet.encoding != encoding_) ++stats_.switches;
  video.selector.start(packet);
  video.vp8.switch_encoding();
  video.switched = true;
  begin(packet, clock, now);
  return true;
}

void DownTrack::begin(const ReceivedPacket& packet, const EncodingClock& clock, Timestamp now) {
  if (resuming_)
    rewriter_.resume(packet, clock, now - last_seen_ > kSourceSilence, now);
  else
    rewriter_.switch_to(packet, clock, now);
  resuming_ = false;
  started_ = true;
  encoding_ = packet.encoding;
  generation_ = packet.generation;
}

// Also for what was lost for good and then came after all: it has a number already.
DownTrack::Decision DownTrack::handle_late(const ReceivedPacket& packet, SequenceMap::Place place,
                                           Timestamp now) {
  if (place != SequenceMap::Place::Hole || packet.padding_only()) return drop(DropReason::TooLate);
  Rewrite rewrite;
  rewrite.marker = packet.marker;
  if (video_) {
    const auto selection = video_->selector.select_late(packet);
    if (!selection.forward) return drop(DropReason::OtherLayer);
    rewrite.marker = packet.marker || selection.end_of_picture;
    if (vp8_ && !video_->vp8.forward_late(packet.descriptor.vp8, rewrite))
      return drop(DropReason::OtherLayer);
    edit_descriptor(packet, rewrite);
  }
  const RtpRewriter::Numbers numbers = rewriter_.forward_late(packet);
  rewrite.sequence = numbers.sequence;
  rewrite.timestamp = numbers.timestamp;
  return sent(packet, rewrite, now);
}

DownTrack::Decision DownTrack::forward(const ReceivedPacket& packet, const EncodingClock& clock,
                                       bool end_of_picture, Timestamp now) {
  const RtpRewriter::Numbers numbers = rewriter_.forward(packet, clock, now);
  Rewrite rewrite;
  rewrite.sequence = numbers.sequence;
  rewrite.timestamp = numbers.timestamp;
  rewrite.marker = packet.marker || end_of_picture;
  if (vp8_) video_->vp8.forward(packet.descriptor.vp8, rewrite);
  if (packet.has_dependency) edit_descriptor(packet, rewrite);
  return sent(packet, rewrite, now);
}

DownTrack::Decision DownTrack::sent(const ReceivedPacket& packet, const Rewrite& rewrite,
                                    Timestamp now) {
  int64_t& newest = newest_source_[packet.encoding];
  newest = std::max(newest, packet.sequence);
  history_.add(packet.encoding, packet.sequence, rewrite, now);
  ++stats_.packets;
  return Forward{rewrite};
}

DownTrack::Decision DownTrack::drop(DropReason reason) {
  ++stats_.dropped;
  return Drop{reason};
}

void DownTrack::drop_in_order(const ReceivedPacket& packet) {
  rewriter_.drop(packet);
  if (vp8_) video_->vp8.drop(packet.descriptor.vp8);
}

// Frame numbers go on by one at a switch. Inside an encoding they keep their distances, because
// frames refer to each other by them: what is dropped leaves a hole there.
void DownTrack::edit_descriptor(const ReceivedPacket& packet, Rewrite& rewrite) {
  if (!packet.has_dependency || !video_) return;
  Video& video = *video_;
  const auto frame = static_cast<uint16_t>(packet.dependency.frame_number);
  if (video.switched && video.frame_numbers_started)
    video.frame_number_offset = static_cast<uint16_t>(video.last_frame_number + 1 - frame);
  const auto out = static_cast<uint16_t>(frame + video.frame_number_offset);
  if (video.switched || static_cast<int16_t>(out - video.last_frame_number) > 0)
    video.last_frame_number = out;
  video.switched = false;
  video.frame_numbers_started = true;

  const DependencySelector* dependency = video.selector.dependency();
  const bool restricted = dependency && dependency->is_restricted();
  if (!restricted && video.frame_number_offset == 0) return;
  rewrite.descriptor.present = true;
  rewrite.descriptor.frame_number = out;
  if (!restricted) return;
  rewrite.descriptor.target_count = packet.dependency.target_count;
  rewrite.descriptor.active_targets = dependency->active_targets();
}

std::optional<uint8_t> DownTrack::poll_keyframe_request(Timestamp now) {
  if (!video_ || paused_ || !video_->selector.needs_keyframe()) return std::nullopt;
  const uint8_t encoding = target_encoding();
  if (now < video_->next_request && encoding == video_->requested_encoding) return std::nullopt;
  video_->requested_encoding = encoding;
  video_->next_request =
      now + std::clamp(2 * round_trip_, kMinRequestInterval, kMaxRequestInterval);
  ++stats_.keyframe_requests;
  return encoding;
}

std::optional<Timestamp> DownTrack::next_timeout() const {
  if (!video_ || paused_ || !video_->selector.needs_keyframe()) return std::nullopt;
  return video_->next_request;
}

std::optional<Retransmit> DownTrack::on_nack(uint16_t sequence, Timestamp now) {
  const auto sent = history_.resend(sequence, std::max(kMinResendInterval, round_trip_), now);
  if (!sent) return std::nullopt;
  ++stats_.retransmitted;
  const int64_t newest = newest_source_[sent->encoding];
  const auto age = static_cast<uint32_t>(newest) - sent->source_sequence;
  return Retransmit{sent->encoding, newest - age, sent->rewrite};
}

std::optional<uint32_t> DownTrack::to_out_timestamp(uint8_t encoding, uint32_t timestamp) const {
  if (!started_ || encoding != encoding_) return std::nullopt;
  return rewriter_.to_out(timestamp);
}

std::optional<Layer> DownTrack::current_layer() const {
  if (video_) return video_->selector.current();
  return started_ ? std::optional(Layer{}) : std::nullopt;
}

Layer DownTrack::target_layer() const { return video_ ? video_->selector.target() : Layer{}; }

uint8_t DownTrack::target_encoding() const {
  return video_ ? video_->selector.target_encoding() : uint8_t{0};
}

}  // namespace gstlk::forward
