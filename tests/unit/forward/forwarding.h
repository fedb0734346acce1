// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "forward/downtrack.h"
#include "forward/published_track.h"
#include "rtp/codec/payload_parser.h"
#include "video_stream.h"

namespace gstlk::test {

// What one subscriber got, as a receiver sees it: packets by unwrapped sequence number.
class Received {
 public:
  struct Packet {
    forward::Rewrite rewrite;
    uint8_t encoding = 0;
    uint8_t generation = 0;
    int64_t source = 0;
    rtp::PayloadDescriptor descriptor;  // of the rewritten payload
    rtp::PayloadDescriptor original;
  };

  void add(const forward::ReceivedPacket& packet, const forward::Rewrite& rewrite) {
    Bytes payload(forward::rewritten_size(rewrite, packet.payload.size()));
    forward::write_payload(rewrite, packet.payload, payload);
    const auto descriptor = rtp::parse_payload(packet.descriptor.codec, payload, rewrite.marker);
    ASSERT_TRUE(descriptor);
    const int64_t sequence = sequences_.unwrap(rewrite.sequence);
    const bool is_new =
        packets_
            .emplace(sequence, Packet{rewrite, packet.encoding, packet.generation, packet.sequence,
                                      *descriptor, packet.descriptor})
            .second;
    EXPECT_TRUE(is_new) << "number " << rewrite.sequence << " was sent twice";
  }

  const std::map<int64_t, Packet>& packets() const { return packets_; }
  size_t size() const { return packets_.size(); }
  const Packet& last() const { return packets_.rbegin()->second; }
  size_t holes() const {
    if (packets_.empty()) return 0;
    const auto span = packets_.rbegin()->first - packets_.begin()->first + 1;
    return static_cast<size_t>(span) - packets_.size();
  }

 private:
  rtp::SequenceUnwrapper sequences_;
  std::map<int64_t, Packet> packets_;
};

// A published track and one down track of it, side by side.
class Forwarding {
 public:
  Forwarding(const forward::PublishedTrackConfig& track, forward::DownTrackConfig down)
      : published(track), down(complete(down, track)) {}

  // Hands one received packet through; true when it was forwarded.
  bool handle(uint8_t encoding, const Bytes& bytes) {
    const auto packet = published.receive(encoding, bytes, {kDescriptorId}, now);
    if (!packet) return false;
    const auto result = down.handle(*packet, published.state(now), now);
    if (const auto* forward = std::get_if<forward::Forward>(&result)) {
      received.add(*packet, forward->rewrite);
      return true;
    }
    last_drop = std::get<forward::Drop>(result).reason;
    return false;
  }
  size_t handle(uint8_t encoding, const std::vector<Bytes>& packets) {
    size_t forwarded = 0;
    for (const Bytes& bytes : packets) forwarded += handle(encoding, bytes) ? 1 : 0;
    return forwarded;
  }

  Timestamp now{1000s};
  forward::PublishedTrack published;
  forward::DownTrack down;
  Received received;
  std::optional<forward::DropReason> last_drop;

 private:
  static forward::DownTrackConfig complete(forward::DownTrackConfig down,
                                           const forward::PublishedTrackConfig& track) {
    down.codec = track.codec;
    down.clock_rate = track.clock_rate;
    return down;
  }
};

}  // namespace gstlk::test
