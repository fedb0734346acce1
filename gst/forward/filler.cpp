// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/filler.h"

#include <algorithm>
#include <array>

namespace gstlk::forward {
namespace {

constexpr Duration kDelay = 100ms;
constexpr Duration kLength = 5s;
constexpr Duration kVideoInterval = 100ms;
constexpr Duration kAudioInterval = 20ms;

// One frame of 20 ms, fullband, stereo, of nothing (RFC 6716 section 3.1).
constexpr std::array<uint8_t, 3> kOpusSilence = {0xf8, 0xff, 0xfe};
constexpr size_t kTelephoneSamples = 160;

template <uint8_t value>
constexpr std::array<uint8_t, kTelephoneSamples> filled() {
  std::array<uint8_t, kTelephoneSamples> samples{};
  samples.fill(value);
  return samples;
}

}  // namespace

void Filler::start(bool video, Timestamp now) {
  interval_ = video ? kVideoInterval : kAudioInterval;
  next_ = now + kDelay;
  end_ = now + kDelay + kLength;
}

bool Filler::poll(Timestamp now) {
  if (!end_ || now < next_) return false;
  next_ = std::max(next_ + interval_, now);
  if (next_ >= *end_) end_.reset();
  return true;
}

ByteView silence(rtp::Codec codec) {
  // G.711 (RFC 3551 section 4.5.14): zero is all ones in mu-law, and inverted in A-law.
  static constexpr auto kPcmu = filled<0xff>();
  static constexpr auto kPcma = filled<0xd5>();
  switch (codec) {
    case rtp::Codec::Opus:
      return kOpusSilence;
    case rtp::Codec::Pcmu:
      return kPcmu;
    case rtp::Codec::Pcma:
      return kPcma;
    default:
      return {};
  }
}

}  // namespace gstlk::forward
