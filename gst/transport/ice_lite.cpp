// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/ice_lite.h"

#include <algorithm>
#include <array>

#include "base/log.h"

namespace gstlk::transport {
namespace {

LogCategory log_ice{"sfu-ice"};
[[maybe_unused]] const LogCategory& registered = register_log_category(log_ice);

constexpr size_t kUfragSize = 16;
constexpr size_t kPwdSize = 24;

// ice-char of RFC 8839 section 5.1 has exactly 64 members, so six bits choose one without bias.
std::string random_text(RandomSource random, size_t size) {
  static constexpr std::string_view kIceChars =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<uint8_t, 32> bytes;
  random(std::span(bytes).first(size));
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = kIceChars[bytes[i] & 63];
  return text;
}

std::string_view reason_of(uint16_t code) {
  switch (code) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthenticated";
    case 420:
      return "Unknown Attribute";
    default:
      return "Role Conflict";
  }
}

}  // namespace

IceCredentials generate_ice_credentials(RandomSource random) {
  return {random_text(random, kUfragSize), random_text(random, kPwdSize)};
}

IceLite::IceLite(RandomSource random)
    : random_(random), current_{generate_ice_credentials(random), HmacSha1({})} {
  current_.key = HmacSha1(as_bytes(current_.credentials.pwd));
}

const IceCredentials* IceLite::previous_local() const {
  return previous_ ? &previous_->credentials : nullptr;
}

void IceLite::set_remote(const IceCredentials& remote) { remote_ufrag_ = remote.ufrag; }

void IceLite::restart() {
  previous_ = std::move(current_);
  current_.credentials = generate_ice_credentials(random_);
  current_.key = HmacSha1(as_bytes(current_.credentials.pwd));
  // The peer's new ufrag is not known yet, and checks with it may be faster than signalling.
  remote_ufrag_.clear();
}

const IceLite::Local* IceLite::find_local(std::string_view username) const {
  const size_t colon = username.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const std::string_view local = username.substr(0, colon);
  if (local == current_.credentials.ufrag) {
    const bool expected = remote_ufrag_.empty() || username.substr(colon + 1) == remote_ufrag_;
    return expected ? &current_ : nullptr;
  }
  return previous_ && local == previous_->credentials.ufrag ? &*previous_ : nullptr;
}

IceReject IceLite::reject(const StunMessage& check, uint16_t code, const HmacSha1* key,
                          std::span<uint8_t> out) const {
  LOG_DEBUG(log_ice, "check refused with %u", code);
  StunBuilder builder(out, StunClass::Error, check.transaction);
  builder.error_code(code, reason_of(code));
  if (code == 420) builder.unknown_attribute(*check.unknown_attribute);
  if (key) builder.integrity(*key);
  return {builder.finish(), code};
}

IceAction IceLite::handle_check(ByteView datagram, const AddressPair& pair, Timestamp now,
                                std::span<uint8_t> out) {
  if (out.size() < kMaxResponse) return IceIgnore{IceIgnore::Reason::BufferTooSmall};
  const std::optional<StunMessage> check = StunMessage::parse(datagram);
  if (!check) return IceIgnore{IceIgnore::Reason::Malformed};
  if (check->message_class != StunClass::Request) return IceIgnore{IceIgnore::Reason::NotARequest};

  // The order of RFC 8489 section 9.1.3.
  if (check->integrity_offset == 0 || check->username.empty())
    return reject(*check, 400, nullptr, out);
  const Local* local = find_local(check->username);
  if (!local || !check->verify(local->key)) return reject(*check, 401, nullptr, out);
  if (check->unknown_attribute) return reject(*check, 420, &local->key, out);
  // RFC 8445 section 6.1.1: facing a lite agent the full one takes the controlling role. The 487
  // makes it.
  if (check->controlled) return reject(*check, 487, &local->key, out);

  const size_t size = StunBuilder(out, StunClass::Success, check->transaction)
                          .xor_mapped_address(pair.remote)
                          .integrity(local->key)
                          .finish();
  if (local == &current_) previous_.reset();
  last_check_ = now;
  remember(pair);
  return IceRespond{size, select(pair, check->use_candidate)};
}

void IceLite::remember(const AddressPair& pair) {
  const auto known = std::find(valid_.begin(), valid_.end(), pair);
  if (known != valid_.end()) {
    std::rotate(known, known + 1, valid_.end());
    return;
  }
  if (valid_.size() == kMaxRemotes) {
    // The selected pair stays, whatever else is checked.
    const auto oldest = std::find_if(valid_.begin(), valid_.end(),
                                     [this](const AddressPair& p) { return p != selected_; });
    valid_.erase(oldest);
  }
  valid_.push_back(pair);
}

bool IceLite::select(const AddressPair& pair, bool nominate) {
  const bool take = nominate || !selected_;
  if (nominate) nominated_ = true;
  if (!take || selected_ == pair) return false;
  LOG_INFO(log_ice, "%s %s", nominate ? "nominated" : "first valid", pair.remote.to_text().c_str());
  selected_ = pair;
  return true;
}

IceState IceLite::state(Timestamp now) const {
  if (!last_check_) return IceState::New;
  if (now - *last_check_ >= kIceFailedAfter) return IceState::Failed;
  return now - *last_check_ >= kIceDisconnectedAfter ? IceState::Disconnected : IceState::Connected;
}

std::optional<Timestamp> IceLite::next_timeout(Timestamp now) const {
  switch (state(now)) {
    case IceState::Connected:
      return *last_check_ + kIceDisconnectedAfter;
    case IceState::Disconnected:
      return *last_check_ + kIceFailedAfter;
    default:
      return std::nullopt;
  }
}

}  // namespace gstlk::transport
