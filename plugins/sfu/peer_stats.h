// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "rtp/receive_session.h"
#include "rtp/send_session.h"
#include "transport/address.h"

namespace gstlk::sfu {

// A copy of a PeerSession's figures, made once a second.
struct PeerStats {
  Timestamp at{};
  Duration round_trip{};
  std::optional<transport::AddressPair> path;  // none before the first valid check
  uint64_t packets_received = 0;
  uint64_t bytes_received = 0;
  uint64_t packets_sent = 0;
  uint64_t bytes_sent = 0;
  uint64_t malformed = 0;   // datagrams that were none of ours, SRTP that did not authenticate
  uint64_t over_limit = 0;  // RTP packets, dropped unread
  uint64_t refused_requests = 0;  // by RTCP, for packets and keyframes: too many at once
  struct Received {
    Mid mid;
    Rid rid;
    rtp::ReceiveStats stats;
    Bitrate bitrate;  // of the payload, since the copy before
  };
  struct Sent {
    Ssrc ssrc;
    rtp::SendStats stats;
    uint64_t retransmitted = 0;
    Bitrate bitrate;
  };
  std::vector<Received> received;
  std::vector<Sent> sent;

  // As the property `stats` of sfu-transport says it: times in nanoseconds, `age` since `at`.
  GstStructure* to_structure(Timestamp now) const;  // transfer full
};

// From a counter that is looked at now and then to a bitrate. Not thread-safe.
class ByteGrowth {
 public:
  // Of the time since the last call; zero at the first.
  Bitrate update(uint64_t bytes, Timestamp now) {
    const Timestamp last = std::exchange(at_, now);
    const uint64_t before = std::exchange(bytes_, bytes);
    if (last == Timestamp{} || now <= last || bytes < before) return {};
    return {(bytes - before) * 8 * 1'000'000 / static_cast<uint64_t>((now - last).count())};
  }

 private:
  uint64_t bytes_ = 0;
  Timestamp at_{};
};

}  // namespace gstlk::sfu
