// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "forward/received_packet.h"

namespace gstlk::forward {

// How the RTP timestamps of a track's encodings, which start anywhere, map to one common time line,
// that of the encoding received first. An encoding's place is estimated by when its first packet
// arrived, and is exact as soon as there are sender reports (RFC 3550 section 6.4.1) of it and of
// one other encoding. Whoever sends changes its offsets at switches only, so a correction is never
// seen as a jump within an encoding. Not thread-safe.
class EncodingClocks {
 public:
  explicit EncodingClocks(uint32_t clock_rate) : clock_rate_(clock_rate) {}

  void handle_packet(uint8_t encoding, int64_t timestamp, Timestamp now);
  // `timestamp` is unwrapped as those of packets are.
  void handle_sender_report(uint8_t encoding, NtpTime ntp, int64_t timestamp);
  // The encoding goes on with unrelated timestamps.
  void restart(uint8_t encoding);

  const std::array<EncodingClock, kMaxSpatialLayers>& clocks() const { return clocks_; }

 private:
  struct Anchor {  // a moment on the publisher's clock and on the common time line
    uint8_t encoding = 0;
    NtpTime ntp;
    int64_t common = 0;
  };

  uint32_t clock_rate_;
  std::array<EncodingClock, kMaxSpatialLayers> clocks_{};
  std::optional<Anchor> anchor_;
  bool started_ = false;
  int64_t newest_common_ = 0;
  Timestamp newest_arrival_{};
};

}  // namespace gstlk::forward
