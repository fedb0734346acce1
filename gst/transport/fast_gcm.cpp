// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/fast_gcm.h"

#include <intel-ipsec-mb.h>

#include "base/prefetch.h"

namespace gstlk::transport {
namespace {

// Its functions for this processor, chosen once; lives as long as the process. Of its state only
// those pointers are used, so that all threads may.
const IMB_MGR* library() {
  static const IMB_MGR* const manager = []() -> const IMB_MGR* {
    IMB_MGR* made = alloc_mb_mgr(0);
    if (!made) return nullptr;
    init_mb_mgr_auto(made, nullptr);
    // Without these it is no faster than OpenSSL.
    constexpr uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX2;
    if (imb_get_errno(made) == 0 && (made->features & kNeeded) == kNeeded) return made;
    free_mb_mgr(made);
    return nullptr;
  }();
  return manager;
}

// Of one message, between begin() and finish(): of no use to anybody else on the thread.
thread_local gcm_context_data message;

}  // namespace

struct FastGcm::Key {
  gcm_key_data data;
  bool encrypt;
};

void FastGcm::Deleter::operator()(Key* key) const {
  imb_clear_mem(key, sizeof *key);
  delete key;
}

bool FastGcm::available() { return library() != nullptr; }

FastGcm::FastGcm(std::span<const uint8_t, 16> key, bool encrypt) : key_(new Key{{}, encrypt}) {
  library()->gcm128_pre(key.data(), &key_->data);
}

FastGcm::~FastGcm() = default;
FastGcm::FastGcm(FastGcm&&) noexcept = default;
FastGcm& FastGcm::operator=(FastGcm&&) noexcept = default;

void FastGcm::begin(std::span<const uint8_t, 12> iv, ByteView authenticated) {
  library()->gcm128_init(&key_->data, &message, iv.data(), authenticated.data(),
                         authenticated.size());
}

void FastGcm::update(ByteView in, uint8_t* out) {
  const auto function = key_->encrypt ? library()->gcm128_enc_update : library()->gcm128_dec_update;
  function(&key_->data, &message, out, in.data(), in.size());
}

void FastGcm::finish(std::span<uint8_t, 16> tag) {
  const auto function =
      key_->encrypt ? library()->gcm128_enc_finalize : library()->gcm128_dec_finalize;
  function(&key_->data, &message, tag.data(), tag.size());
}

void FastGcm::prefetch_context() const { prefetch(key_.get(), sizeof(Key)); }

}  // namespace gstlk::transport
