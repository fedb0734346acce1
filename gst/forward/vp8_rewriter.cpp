// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/vp8_rewriter.h"

#include "rtp/codec/payload_parser.h"

namespace gstlk::forward {

namespace {

constexpr uint16_t kIdMask = 0x7fff;
constexpr uint8_t kKeyMask = 0x1f;

// How far `to` is ahead of `from`, for a counter of as many bits as `mask` has.
constexpr int ahead_of(uint16_t from, uint16_t to, uint16_t mask) {
  const int distance = (to - from) & mask;
  return distance > mask / 2 ? distance - mask - 1 : distance;
}

uint16_t id_mask(const rtp::Vp8Descriptor& vp8) {
  return vp8.picture_id_is_15_bit ? kIdMask : 0x7f;
}

}  // namespace

void Vp8Rewriter::restart(const rtp::Vp8Descriptor& vp8) {
  if (started_) {
    picture_offset_ = static_cast<uint16_t>(vp8.picture_id - (last_out_id_ + 1)) & kIdMask;
    tl0_offset_ = static_cast<uint8_t>(vp8.tl0_picture_index - (last_out_tl0_ + 1));
    key_offset_ = static_cast<uint8_t>(vp8.key_index - (last_out_key_ + 1)) & kKeyMask;
  }
  pictures_ = {};
  newest_id_ = static_cast<uint16_t>(vp8.picture_id - 1) & id_mask(vp8);
  started_ = true;
  switching_ = false;
}

// Takes note of the packet's picture. True: this picture was dropped or is being forwarded already.
bool Vp8Rewriter::advance(const rtp::Vp8Descriptor& vp8, bool dropped) {
  if (switching_) restart(vp8);
  const uint16_t mask = id_mask(vp8);
  const int ahead = ahead_of(newest_id_, vp8.picture_id, mask);
  if (ahead <= 0) return true;
  for (int i = ahead > kPictures ? ahead - kPictures : 1; i <= ahead; ++i) {
    const auto id = static_cast<uint16_t>((newest_id_ + i) & mask);
    // A 7-bit source id wraps early; ours goes on in 15 bits.
    if (id == 0 && mask != kIdMask)
      picture_offset_ = static_cast<uint16_t>(picture_offset_ - 128) & kIdMask;
    picture(id) = {id, picture_offset_, true, false};
  }
  newest_id_ = vp8.picture_id;
  picture(newest_id_).dropped = dropped;
  return false;
}

void Vp8Rewriter::forward(const rtp::Vp8Descriptor& vp8, Rewrite& out) {
  advance(vp8, false);
  const Picture& entry = picture(vp8.picture_id);
  write(vp8, entry.known && entry.id == vp8.picture_id ? entry.offset : picture_offset_, out);
}

void Vp8Rewriter::drop(const rtp::Vp8Descriptor& vp8) {
  if (switching_ || advance(vp8, true)) return;
  picture_offset_ = static_cast<uint16_t>(picture_offset_ + 1) & kIdMask;
}

bool Vp8Rewriter::forward_late(const rtp::Vp8Descriptor& vp8, Rewrite& out) {
  if (!vp8.has_picture_id) {
    write(vp8, picture_offset_, out);
    return true;
  }
  const Picture& entry = picture(vp8.picture_id);
  if (!entry.known || entry.id != vp8.picture_id || entry.dropped) return false;
  write(vp8, entry.offset, out);
  return true;
}

void Vp8Rewriter::write(const rtp::Vp8Descriptor& vp8, uint16_t picture_offset, Rewrite& out) {
  rtp::Vp8Descriptor changed = vp8;
  changed.picture_id = static_cast<uint16_t>(vp8.picture_id - picture_offset) & kIdMask;
  changed.tl0_picture_index = static_cast<uint8_t>(vp8.tl0_picture_index - tl0_offset_);
  changed.key_index = static_cast<uint8_t>(vp8.key_index - key_offset_) & kKeyMask;
  if (!vp8.has_picture_id || ahead_of(last_out_id_, changed.picture_id, kIdMask) >= 0 || first_) {
    last_out_id_ = changed.picture_id;
    last_out_tl0_ = changed.tl0_picture_index;
    last_out_key_ = changed.key_index;
    first_ = false;
  }
  // As it came, until something is left out or the encoding switched.
  if (changed.picture_id == vp8.picture_id && changed.key_index == vp8.key_index &&
      changed.tl0_picture_index == vp8.tl0_picture_index) {
    return;
  }
  out.head_replaced = vp8.size;
  out.head_size = static_cast<uint8_t>(rtp::write_vp8_descriptor(changed, out.head.data()));
}

}  // namespace gstlk::forward
