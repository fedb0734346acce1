// SPDX-License-Identifier: LGPL-2.1-or-later
#include <utility>

#include "signal/negotiation.h"
#include "signal/negotiation/answerer.h"

namespace gstlk::signal {

struct PublisherNegotiation::Impl {
  Answerer answerer;
};

PublisherNegotiation::PublisherNegotiation(NegotiationOptions options)
    : impl_(new Impl{Answerer(std::move(options), nullptr)}) {}
PublisherNegotiation::~PublisherNegotiation() = default;

Result<RemoteOffer> PublisherNegotiation::handle_offer(std::string_view sdp) {
  return impl_->answerer.handle_offer(sdp);
}

Result<Answer> PublisherNegotiation::create_answer(const LocalDescription& local,
                                                   std::span<const PublishHint> hints) {
  return impl_->answerer.create_answer(local, hints);
}

std::optional<ReceivedTrack> PublisherNegotiation::claim(const PublishHint& hint) {
  return impl_->answerer.claim(hint);
}

}  // namespace gstlk::signal
