// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "signal/negotiation.h"
#include "signal/negotiation/codec_policy.h"
#include "signal/negotiation/receive_sections.h"
#include "signal/negotiation/remote_description.h"
#include "signal/negotiation/send_sections.h"

namespace gstlk::signal {

// The answering side of a peer connection whose client offers: both the publisher's of v0 and the
// only one of v1, which in addition sends (RFC 8829 section 5.3). Not thread-safe.
class Answerer {
 public:
  // `send`: where v1 keeps its tracks to send; outlives this. nullptr: v0.
  Answerer(NegotiationOptions options, SendSections* send);

  Result<RemoteOffer> handle_offer(std::string_view text);
  Result<Answer> create_answer(const LocalDescription& local, std::span<const PublishHint> hints);
  std::optional<ReceivedTrack> claim(const PublishHint& hint) { return receive_.claim(hint); }

 private:
  sdp::MediaDescription answer_section(const sdp::MediaDescription& offered, bool usable,
                                       Answer& answer);
  void answer_data(const sdp::MediaDescription& offered, sdp::MediaDescription& section,
                   Answer& answer);
  // False: nothing of it is enabled, the section must be refused.
  bool answer_media(const sdp::MediaDescription& offered, sdp::MediaDescription& section,
                    Answer& answer);
  std::vector<sdp::Format> choose_formats(const sdp::MediaDescription& offered, bool receive) const;
  void receive_track(const sdp::MediaDescription& offered, sdp::MediaDescription& section,
                     ReceivedTrack& track);
  bool send_track(sdp::MediaDescription& section, Answer& answer);

  const NegotiationOptions options_;
  const CodecPolicy publish_policy_;
  const CodecPolicy subscribe_policy_;
  SendSections* const send_;
  ReceiveSections receive_;
  std::optional<RemoteDescription> offer_;
  uint64_t version_ = 0;
};

}  // namespace gstlk::signal
