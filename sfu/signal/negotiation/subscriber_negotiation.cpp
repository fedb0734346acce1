// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cassert>
#include <utility>

#include "sdp/print.h"
#include "signal/negotiation.h"
#include "signal/negotiation/offered_sections.h"
#include "signal/negotiation/remote_description.h"

namespace gstlk::signal {

struct SubscriberNegotiation::Impl {
  explicit Impl(NegotiationOptions o) : options(std::move(o)), sections(options) {}

  const NegotiationOptions options;
  OfferedSections sections;
  uint64_t version = 0;
  bool dirty = true;  // the first offer carries the data channels
  // The offer that is out, with its id.
  std::optional<std::vector<sdp::MediaDescription>> outstanding;
  uint32_t outstanding_id = 0;
};

SubscriberNegotiation::SubscriberNegotiation(NegotiationOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
SubscriberNegotiation::~SubscriberNegotiation() = default;

void SubscriberNegotiation::add_track(SendTrack track) {
  impl_->sections.add(std::move(track));
  impl_->dirty = true;
}

void SubscriberNegotiation::remove_track(const TrackId& track) {
  if (impl_->sections.remove(track)) impl_->dirty = true;
}

void SubscriberNegotiation::mark_dirty() { impl_->dirty = true; }
bool SubscriberNegotiation::awaiting_answer() const { return impl_->outstanding.has_value(); }
bool SubscriberNegotiation::wants_offer() const { return impl_->dirty && !awaiting_answer(); }

Offer SubscriberNegotiation::create_offer(const LocalDescription& local) {
  assert(!awaiting_answer());
  impl_->dirty = false;
  Offer offer;
  offer.unsupported = impl_->sections.place();
  sdp::SessionDescription session{.session_id = impl_->options.session_id,
                                  .session_version = ++impl_->version,
                                  .ice_lite = true,
                                  .extmap_allow_mixed = true};
  session.media = impl_->sections.describe(local);
  std::vector<Mid>& bundle = session.bundle_groups.emplace_back();
  for (const sdp::MediaDescription& media : session.media) {
    if (!media.rejected()) bundle.push_back(media.mid);
  }
  offer.id = static_cast<uint32_t>(impl_->options.first_offer_id + impl_->version - 1);
  offer.sdp = sdp::print(session);
  offer.mid_to_track_id = impl_->sections.mid_to_track_id();
  impl_->outstanding = std::move(session.media);
  impl_->outstanding_id = offer.id;
  return offer;
}

Result<AppliedAnswer> SubscriberNegotiation::handle_answer(std::string_view sdp, uint32_t id) {
  if (!awaiting_answer()) return fail("no offer is waiting for an answer");
  if (id != 0 && id != impl_->outstanding_id)
    return fail("answer to offer " + std::to_string(id) + ", not to " +
                std::to_string(impl_->outstanding_id));
  auto answer = read_remote_description(sdp, true);
  if (!answer) return fail(answer.error().message);
  const std::vector<sdp::MediaDescription>& offered = *impl_->outstanding;
  if (answer->session.media.size() != offered.size())
    return fail("answer has " + std::to_string(answer->session.media.size()) +
                " m-lines, the offer had " + std::to_string(offered.size()));
  for (size_t i = 0; i < offered.size(); i++) {
    const Mid& mid = answer->session.media[i].mid;
    if (mid != offered[i].mid && !mid.value.empty())
      return fail("m-line " + std::to_string(i) + " of the answer has mid " + mid.value);
  }

  AppliedAnswer result{.remote = answer->transport, .candidates = answer->candidates};
  for (size_t i = 0; i < offered.size(); i++)
    impl_->sections.apply(i, offered[i], answer->session.media[i], answer->usable[i], result);
  impl_->outstanding.reset();
  return result;
}

}  // namespace gstlk::signal
