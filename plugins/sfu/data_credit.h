// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/ref.h"

namespace gstlk::sfu {

// How many received bytes are with whoever was told of them: a message counts until its GBytes is
// freed. At the limit the session stops reading, and goes on at half of it. So a receiver that
// keeps messages slows their sender down. Thread-safe.
class DataCredit : public std::enable_shared_from_this<DataCredit> {
 public:
  static constexpr size_t kLimit = 256 * 1024;

  // `resume` is called on the thread that frees a message.
  explicit DataCredit(std::function<void()> resume) : resume_(std::move(resume)) {}

  Ref<GBytes> lend(Bytes message);
  bool is_spent() const { return lent_ >= kLimit; }
  // The session has stopped reading: `resume` is due. False: go on, enough came back meanwhile.
  [[nodiscard]] bool stop();

 private:
  void give_back(size_t size);

  const std::function<void()> resume_;
  std::atomic<size_t> lent_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace gstlk::sfu
