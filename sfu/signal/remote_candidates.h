// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace gstlk::signal {

// The candidates that a client has named, for the statistics alone: an ICE-lite server waits for
// checks and needs none (RFC 8445 section 5.3). What it sees of a client is an address; whether
// that is the client's own, a NAT's or a relay's only the client knows. The newest of them are
// kept. Main thread only.
class RemoteCandidates {
 public:
  // RTCIceCandidateInit as JSON, as TrickleRequest carries it. False: it is something else.
  bool add_init(std::string_view json);
  // The a=candidate lines of a description, of no more than are kept.
  void add_sdp(std::string_view sdp);

  // RFC 8839's word for the one with this address ("192.0.2.1:50000", "[2001:db8::1]:50000") and
  // protocol ("udp", "tcp"). "prflx": none of those that were named.
  std::string type_of(const std::string& protocol, const std::string& address) const;

 private:
  struct Candidate {
    std::string protocol;
    std::string address;  // of TCP without port: an active one connects from any
    std::string type;
  };
  static constexpr size_t kMax = 64;

  void add(std::string_view candidate);

  std::deque<Candidate> known_;
};

}  // namespace gstlk::signal
