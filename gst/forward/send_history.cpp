// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/send_history.h"

#include "base/bytes.h"

namespace gstlk::forward {

void SendHistory::add(uint8_t encoding, int64_t source_sequence, const Rewrite& rewrite,
                      Timestamp now) {
  newest_ = rewrite.sequence;
  Entry& e = entry(rewrite.sequence);
  e.source_sequence = static_cast<uint32_t>(source_sequence);
  e.timestamp = rewrite.timestamp;
  e.sequence = rewrite.sequence;
  e.sent_ms = to_ms(now);
  e.marker = rewrite.marker;
  e.encoding = encoding & 3;
  e.resends = 0;
  if (rewrite.head_size > 0 || rewrite.head_replaced > 0) {
    e.change = static_cast<uint8_t>(Change::Head);
    e.sizes = static_cast<uint8_t>(rewrite.head_replaced << 4 | rewrite.head_size);
    e.changed = rewrite.head;
  } else if (rewrite.descriptor.present) {
    e.change = static_cast<uint8_t>(Change::Descriptor);
    e.sizes = rewrite.descriptor.target_count;
    store_u16(&e.changed[0], rewrite.descriptor.frame_number);
    store_u32(&e.changed[2], rewrite.descriptor.active_targets);
  } else {
    e.change = static_cast<uint8_t>(Change::None);
  }
}

std::optional<SendHistory::Sent> SendHistory::resend(uint16_t sequence, Duration interval,
                                                     Timestamp now) {
  Entry& e = entry(sequence);
  const bool used = e.change != static_cast<uint8_t>(Change::Unused);
  if (!used || e.sequence != sequence || e.resends >= kMaxResends) return std::nullopt;
  const uint16_t age = static_cast<uint16_t>(to_ms(now) - e.sent_ms);
  if (std::chrono::milliseconds(age) < interval) return std::nullopt;
  e.sent_ms = to_ms(now);
  ++e.resends;

  Sent sent{e.encoding, e.source_sequence, {}};
  Rewrite& rewrite = sent.rewrite;
  rewrite.sequence = sequence;
  rewrite.timestamp = e.timestamp;
  rewrite.marker = e.marker;
  if (e.change == static_cast<uint8_t>(Change::Head)) {
    rewrite.head_replaced = e.sizes >> 4;
    rewrite.head_size = e.sizes & 0x0f;
    rewrite.head = e.changed;
  } else if (e.change == static_cast<uint8_t>(Change::Descriptor)) {
    rewrite.descriptor = {true, e.sizes, load_u16(&e.changed[0]), load_u32(&e.changed[2])};
  }
  return sent;
}

}  // namespace gstlk::forward
