// SPDX-License-Identifier: LGPL-2.1-or-later
#include <utility>

#include "signal/negotiation.h"
#include "signal/negotiation/answerer.h"
#include "signal/negotiation/send_sections.h"

namespace gstlk::signal {

struct SinglePeerNegotiation::Impl {
  explicit Impl(NegotiationOptions options) : answerer(std::move(options), &send) {}

  SendSections send;
  Answerer answerer;
};

SinglePeerNegotiation::SinglePeerNegotiation(NegotiationOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
SinglePeerNegotiation::~SinglePeerNegotiation() = default;

void SinglePeerNegotiation::add_track(SendTrack track) { impl_->send.add(std::move(track)); }
void SinglePeerNegotiation::remove_track(const TrackId& track) { impl_->send.remove(track); }

std::optional<MediaSections> SinglePeerNegotiation::poll_requirement() {
  return impl_->send.poll_requirement();
}

Result<RemoteOffer> SinglePeerNegotiation::handle_offer(std::string_view sdp) {
  return impl_->answerer.handle_offer(sdp);
}

Result<Answer> SinglePeerNegotiation::create_answer(const LocalDescription& local,
                                                    std::span<const PublishHint> hints) {
  return impl_->answerer.create_answer(local, hints);
}

std::optional<ReceivedTrack> SinglePeerNegotiation::claim(const PublishHint& hint) {
  return impl_->answerer.claim(hint);
}

}  // namespace gstlk::signal
