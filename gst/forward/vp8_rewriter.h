// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "forward/rewrite.h"
#include "rtp/codec/payload_descriptor.h"

namespace gstlk::forward {

// Makes the picture ids, TL0PICIDX and KEYIDX of VP8 (RFC 7741) continuous: picture ids close over
// pictures that are dropped, and all three go on by one over a switch of the encoding. Pictures
// that were lost on the way here keep their ids, so a late packet of one finds it. Not thread-safe.
class Vp8Rewriter {
 public:
  // The next packet is the first of another encoding.
  void switch_encoding() { switching_ = true; }

  // A packet that is newer than all before.
  void forward(const rtp::Vp8Descriptor& vp8, Rewrite& out);
  void drop(const rtp::Vp8Descriptor& vp8);
  // A packet that comes late. False: its picture was dropped, or is forgotten.
  bool forward_late(const rtp::Vp8Descriptor& vp8, Rewrite& out);

 private:
  static constexpr uint16_t kPictures = 64;  // how many picture ids are remembered

  struct Picture {
    uint16_t id = 0;
    uint16_t offset = 0;
    bool known = false;
    bool dropped = false;
  };

  void restart(const rtp::Vp8Descriptor& vp8);
  bool advance(const rtp::Vp8Descriptor& vp8, bool dropped);
  void write(const rtp::Vp8Descriptor& vp8, uint16_t picture_offset, Rewrite& out);
  Picture& picture(uint16_t id) { return pictures_[id % kPictures]; }

  std::array<Picture, kPictures> pictures_{};
  bool started_ = false;
  bool first_ = true;  // nothing was given out yet
  bool switching_ = true;
  uint16_t newest_id_ = 0;    // of the source, 15 bits
  uint16_t last_out_id_ = 0;  // the highest given out
  uint8_t last_out_tl0_ = 0;
  uint8_t last_out_key_ = 0;
  uint16_t picture_offset_ = 0;  // source minus ours
  uint8_t tl0_offset_ = 0;
  uint8_t key_offset_ = 0;
};

}  // namespace gstlk::forward
