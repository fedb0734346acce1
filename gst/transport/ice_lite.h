// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "transport/address.h"
#include "transport/hmac_sha1.h"
#include "transport/stun.h"

namespace gstlk::transport {

struct IceCredentials {
  std::string ufrag;
  std::string pwd;

  bool operator==(const IceCredentials&) const = default;
};

// 16 and 24 characters of ice-char, 96 and 144 bits. RFC 8839 section 5.4 asks for 24 and 128.
IceCredentials generate_ice_credentials(RandomSource random);

enum class IceState : uint8_t { New, Connected, Disconnected, Failed };

// LiveKit's times: 10 s without a check is Disconnected, 5 s later Failed. Within the 30 s after
// which RFC 7675 section 5.1 forbids to send.
inline constexpr Duration kIceDisconnectedAfter = 10s;
inline constexpr Duration kIceFailedAfter = 15s;

// What handle_check() wants done.
struct IceRespond {
  size_t size;  // of the success response in `out`, which goes back where the check came from
  bool selected_changed;  // selected() is another pair now
};
struct IceReject {
  size_t size;  // of the error response in `out`
  uint16_t code;
};
struct IceIgnore {
  enum class Reason : uint8_t { Malformed, NotARequest, BufferTooSmall };
  Reason reason;
};
using IceAction = std::variant<IceRespond, IceReject, IceIgnore>;

// The server side of ICE: an RFC 8445 section 2.5 lite agent, always controlled. It answers
// checks, remembers which remote addresses passed one, and sends to the pair nominated last; until
// one is nominated the first that worked is selected, so that media flows a round trip earlier.
// Driven by the owner of the transport for each STUN datagram. Not thread-safe.
// Left out: own checks (a lite agent makes none; consent is the peer's, RFC 7675), candidates of
// several components (everything is bundled).
class IceLite {
 public:
  static constexpr size_t kMaxRemotes = 16;
  static constexpr size_t kMaxResponse = 128;

  explicit IceLite(RandomSource random);

  const IceCredentials& local() const { return current_.credentials; }
  // The credentials before restart(), while checks made with them are still answered.
  const IceCredentials* previous_local() const;
  // From the remote description. Until it is known any remote ufrag is accepted: checks may be
  // faster than signalling.
  void set_remote(const IceCredentials& remote);

  // New credentials (RFC 8445 section 9). Those of before stay valid until the first check that
  // uses the new ones, and the selected pair stays in use until another is nominated.
  void restart();

  // `out` needs kMaxResponse bytes.
  IceAction handle_check(ByteView datagram, const AddressPair& pair, Timestamp now,
                         std::span<uint8_t> out);

  // Where to send; nullopt until the first valid check.
  const std::optional<AddressPair>& selected() const { return selected_; }
  bool nominated() const { return nominated_; }
  std::optional<Timestamp> last_check() const { return last_check_; }
  IceState state(Timestamp now) const;
  // When state() will be another if no check comes; nullopt while New and once Failed.
  std::optional<Timestamp> next_timeout(Timestamp now) const;
  // Pairs that passed a check, the one heard last at the end.
  const std::vector<AddressPair>& valid_pairs() const { return valid_; }

 private:
  struct Local {
    IceCredentials credentials;
    HmacSha1 key;
  };

  // The credentials `username` is meant for; nullptr when they are not ours.
  const Local* find_local(std::string_view username) const;
  IceReject reject(const StunMessage& check, uint16_t code, const HmacSha1* key,
                   std::span<uint8_t> out) const;
  void remember(const AddressPair& pair);
  bool select(const AddressPair& pair, bool nominate);

  RandomSource random_;
  Local current_;
  std::optional<Local> previous_;
  std::string remote_ufrag_;
  std::vector<AddressPair> valid_;
  std::optional<AddressPair> selected_;
  std::optional<Timestamp> last_check_;
  bool nominated_ = false;
};

}  // namespace gstlk::transport
