// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace gstlk::transport {

// AES-128-GCM by intel-ipsec-mb, where the build has it and the processor is one that it is made
// for: half to a quarter of what OpenSSL 3.0 takes for a packet (the benchmark `srtp`).
// Same calls and the same bytes as ProviderCipher; not thread-safe.
class FastGcm {
 public:
  // Whether there is any; decided once.
  static bool available();

  FastGcm(std::span<const uint8_t, 16> key, bool encrypt);
  ~FastGcm();
  FastGcm(FastGcm&&) noexcept;
  FastGcm& operator=(FastGcm&&) noexcept;

  // A new message under the same key: its nonce, and all that is authenticated only.
  void begin(std::span<const uint8_t, 12> iv, ByteView authenticated);
  // From `in` to `out`, which may be the same place.
  void update(ByteView in, uint8_t* out);
  // The tag of the message.
  void finish(std::span<uint8_t, 16> tag);

  // begin() comes soon.
  void prefetch_context() const;

 private:
  struct Key;
  struct Deleter {
    void operator()(Key* key) const;
  };
  std::unique_ptr<Key, Deleter> key_;
};

}  // namespace gstlk::transport
