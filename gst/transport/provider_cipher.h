// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <openssl/core_dispatch.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/prefetch.h"

namespace gstlk::transport {

// A keyed cipher of OpenSSL, called as EVP itself calls it: through the functions that its provider
// implements (provider-cipher(7)). EVP asks the provider for the length of the IV and of the key by
// name at every packet, which is a quarter of what sealing one costs (the benchmark `srtp`).
// Not thread-safe.
class ProviderCipher {
 public:
  // What an algorithm's provider implements; looked up once, lives as long as the process.
  struct Functions {
    void* provider = nullptr;
    OSSL_FUNC_cipher_newctx_fn* make = nullptr;
    OSSL_FUNC_cipher_freectx_fn* free = nullptr;
    OSSL_FUNC_cipher_encrypt_init_fn* start_encrypting = nullptr;
    OSSL_FUNC_cipher_decrypt_init_fn* start_decrypting = nullptr;
    OSSL_FUNC_cipher_update_fn* update = nullptr;
    OSSL_FUNC_cipher_final_fn* finish = nullptr;
    OSSL_FUNC_cipher_get_ctx_params_fn* get_params = nullptr;
    OSSL_FUNC_cipher_set_ctx_params_fn* set_params = nullptr;
  };
  // Ends the process when OpenSSL has no such algorithm: there is no WebRTC without.
  static const Functions& aes_128_gcm();
  static const Functions& aes_128_ctr();

  ProviderCipher(const Functions& functions, std::span<const uint8_t, 16> key, bool encrypt);

  // A new message under the same key.
  void begin(ByteView iv);
  // From `in` to `out`, which may be the same place. False with AES-GCM's limits exceeded.
  bool update(ByteView in, uint8_t* out);
  void authenticate(ByteView data);
  // begin() comes soon.
  void prefetch_context() const { prefetch(context_.get(), kContextSize); }
  // AES-GCM: the tag of what was encrypted; the tag to expect, before the first update(); whether
  // it was right, after the last one.
  void finish(std::span<uint8_t, 16> tag);
  void expect(std::span<const uint8_t, 16> tag);
  bool verify();

 private:
  struct Deleter {
    const Functions* functions;
    void operator()(void* context) const { functions->free(context); }
  };

  // About, of OpenSSL's for AES-GCM.
  static constexpr size_t kContextSize = 1200;

  const Functions* functions_;
  bool encrypt_;
  std::unique_ptr<void, Deleter> context_;
};

}  // namespace gstlk::transport
