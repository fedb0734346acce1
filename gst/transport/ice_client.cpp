// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/ice_client.h"

#include <algorithm>
#include <array>

namespace gstlk::transport {
namespace {

constexpr Duration kRetransmit = 100ms;
// RFC 7675 section 5.1 asks for 4-6 s; browsers check every 2.5.
constexpr Duration kConsent = 2500ms;
// Type preference of a host candidate, RFC 8445 section 5.1.2.
constexpr uint32_t kPriority = 126u << 24 | 65535u << 8 | 255;

}  // namespace

IceClient::IceClient(RandomSource random)
    : random_(random), local_(generate_ice_credentials(random)) {
  std::array<uint8_t, 8> bytes;
  random_(bytes);
  tie_breaker_ = load_u64(bytes.data());
}

void IceClient::set_remote(const IceCredentials& remote, const AddressPair& pair) {
  remote_ = remote;
  remote_key_.emplace(as_bytes(remote_->pwd));
  pair_ = pair;
  next_check_ = Timestamp{};
}

size_t IceClient::poll_check(Timestamp now, std::span<uint8_t> out) {
  if (!pair_ || now < next_check_) return 0;
  random_(transaction_);
  next_check_ = now + (last_response_ ? kConsent : kRetransmit);
  return StunBuilder(out, StunClass::Request, transaction_)
      .username(remote_->ufrag + ":" + local_.ufrag)
      .priority(kPriority)
      .controlling(tie_breaker_)
      .use_candidate()
      .integrity(*remote_key_)
      .finish();
}

bool IceClient::handle_response(ByteView datagram, Timestamp now) {
  const std::optional<StunMessage> response = StunMessage::parse(datagram);
  if (!response || response->message_class != StunClass::Success || !remote_key_) return false;
  if (response->transaction != transaction_ || !response->mapped_address) return false;
  if (!response->verify(*remote_key_)) return false;
  last_response_ = now;
  next_check_ = now + kConsent;
  selected_ = pair_;
  return true;
}

std::optional<Timestamp> IceClient::next_timeout(Timestamp now) const {
  if (!pair_) return std::nullopt;
  return std::max(next_check_, now);
}

IceState IceClient::state(Timestamp now) const {
  if (!last_response_) return IceState::New;
  if (now - *last_response_ >= kIceFailedAfter) return IceState::Failed;
  return now - *last_response_ >= kIceDisconnectedAfter ? IceState::Disconnected
                                                        : IceState::Connected;
}

}  // namespace gstlk::transport
