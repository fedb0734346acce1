// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "forwarding.h"

namespace gstlk::forward {
namespace {

using test::Forwarding;
using test::Received;
using test::Vp8Stream;

// A simulcast camera whose packets get lost, come late or twice, and a subscriber who changes his
// mind all the time. What holds for any such run is checked at the end.
class RandomRun {
 public:
  RandomRun(uint32_t seed, double loss)
      : random_(seed),
        loss_(loss),
        forwarding_({rtp::Codec::Vp8, 90000, 3, false},
                    {.first_sequence = static_cast<uint16_t>(seed * 7919),
                     .first_timestamp = seed * 2654435761u}) {}

  void run(int frames) {
    for (int i = 0; i < frames; ++i) {
      change_mind();
      for (uint8_t e = 0; e < 3; ++e) produce(e);
      const Timestamp until = forwarding_.now + 33ms;
      deliver(until);
      forwarding_.now = until;
      if (i % 40 == 20) report(static_cast<uint8_t>(i / 40 % 3));
    }
    deliver(forwarding_.now + 10s);
  }

  const Received& received() const { return forwarding_.received; }
  size_t lost() const { return lost_; }
  const DownTrackStats& stats() const { return forwarding_.down.stats(); }

 private:
  struct Pending {
    uint8_t encoding;
    Bytes bytes;
  };

  bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(random_) < p; }
  int up_to(int n) { return std::uniform_int_distribution<>(0, n)(random_); }

  void change_mind() {
    DownTrack& down = forwarding_.down;
    if (chance(0.05))
      down.set_max_layer({static_cast<uint8_t>(up_to(2)), static_cast<uint8_t>(up_to(2))});
    if (chance(0.01)) down.set_paused(!down.paused());
    if (const auto encoding = down.poll_keyframe_request(forwarding_.now))
      wants_keyframe_[*encoding] = true;
  }

  void produce(uint8_t e) {
    const auto frame =
        streams_[e].frame(wants_keyframe_[e], static_cast<size_t>(1 + up_to(3)), 2970);
    wants_keyframe_[e] = false;
    Timestamp at = forwarding_.now + std::chrono::milliseconds(2 * e);
    for (const Bytes& bytes : frame) {
      at += 300us;
      Timestamp arrival = at;
      if (chance(loss_)) {
        if (chance(0.4)) {
          ++lost_;
          continue;
        }
        arrival += std::chrono::milliseconds(40 + up_to(100));
      } else if (chance(loss_)) {
        arrival += 700us;
      }
      network_.emplace(arrival, Pending{e, bytes});
      if (chance(loss_)) network_.emplace(arrival + 5ms, Pending{e, bytes});
    }
  }

  void deliver(Timestamp until) {
    while (!network_.empty() && network_.begin()->first <= until) {
      auto node = network_.extract(network_.begin());
      forwarding_.now = std::max(forwarding_.now, node.key());
      forwarding_.handle(node.mapped().encoding, node.mapped().bytes);
    }
  }

  void report(uint8_t e) {
    const Duration now = forwarding_.now.time_since_epoch();
    forwarding_.published.handle_sender_report(e, NtpTime{to_ntp_interval(now)},
                                               streams_[e].timestamp() + 2970, forwarding_.now);
  }

  std::mt19937 random_;
  double loss_;
  Forwarding forwarding_;
  std::array<Vp8Stream, 3> streams_{Vp8Stream{1, 65'000, 4'294'000'000},
                                    Vp8Stream{2, 100, 1'000'000},
                                    Vp8Stream{3, 30'000, 2'000'000'000}};
  std::array<bool, 3> wants_keyframe_{true, true, true};
  std::multimap<Timestamp, Pending> network_;
  size_t lost_ = 0;
};

// The order of a receiver's decoder: by sequence number.
void expect_sound(const Received& received) {
  const Received::Packet* last = nullptr;
  for (const auto& [number, packet] : received.packets()) {
    if (last) {
      const auto time = static_cast<int32_t>(packet.rewrite.timestamp - last->rewrite.timestamp);
      const int picture =
          (packet.descriptor.vp8.picture_id - last->descriptor.vp8.picture_id) & 0x7fff;
      EXPECT_GE(time, 0) << "time goes back at " << number;
      EXPECT_EQ(time == 0, picture == 0)
          << "two pictures of one time, or one of two, at " << number;
      EXPECT_LT(picture, 0x4000) << "picture ids go back at " << number;
      const auto tl0 = static_cast<int8_t>(packet.descriptor.vp8.tl0_picture_index -
                                           last->descriptor.vp8.tl0_picture_index);
      EXPECT_GE(tl0, 0) << "TL0PICIDX goes back at " << number;
      if (packet.encoding != last->encoding) {
        EXPECT_TRUE(packet.descriptor.keyframe) << "no keyframe at the switch at " << number;
      }
    }
    last = &packet;
  }
}

class AnyRun : public testing::TestWithParam<uint32_t> {};

TEST_P(AnyRun, WithoutLossHasNoHoleInNumbersOrPictureIds) {
  RandomRun run(GetParam(), 0);
  run.run(1500);
  expect_sound(run.received());
  EXPECT_EQ(run.received().holes(), 0u);
  EXPECT_GT(run.received().size(), 500u);
  EXPECT_GT(run.stats().switches, 5u);
  std::optional<uint16_t> last;
  for (const auto& [number, packet] : run.received().packets()) {
    const uint16_t id = packet.descriptor.vp8.picture_id;
    if (last) {
      EXPECT_LE((id - *last) & 0x7fff, 1) << "a picture id is missing at " << number;
    }
    last = id;
  }
}

TEST_P(AnyRun, WithLossIsSoundAndHasNoMoreHolesThanPacketsThatDidNotComeInTime) {
  RandomRun run(GetParam(), 0.05);
  run.run(1500);
  expect_sound(run.received());
  EXPECT_GT(run.received().size(), 500u);
  // Besides what never came: late packets of a layer that had been left by then, or of a picture
  // that was dropped.
  EXPECT_LE(run.received().holes(), run.lost() + run.received().size() / 50);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyRun, testing::Range(1u, 13u));

}  // namespace
}  // namespace gstlk::forward
