// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/data_credit.h"

namespace gstlk::sfu {
namespace {

// What a message costs beside its bytes: small ones are bounded by this.
constexpr size_t kOverhead = 256;
constexpr size_t kEnough = DataCredit::kLimit / 2;

}  // namespace

Ref<GBytes> DataCredit::lend(Bytes message) {
  struct Lent {
    std::shared_ptr<DataCredit> credit;
    Bytes bytes;
  };
  auto* lent = new Lent{shared_from_this(), std::move(message)};
  lent_ += lent->bytes.size() + kOverhead;
  return Ref<GBytes>::adopt(g_bytes_new_with_free_func(
      lent->bytes.data(), lent->bytes.size(),
      [](gpointer data) {
        const std::unique_ptr<Lent> back(static_cast<Lent*>(data));
        back->credit->give_back(back->bytes.size() + kOverhead);
      },
      lent));
}

bool DataCredit::stop() {
  stopped_ = true;
  return lent_ > kEnough || !stopped_.exchange(false);
}

void DataCredit::give_back(size_t size) {
  if (lent_.fetch_sub(size) - size <= kEnough && stopped_.exchange(false)) resume_();
}

}  // namespace gstlk::sfu
