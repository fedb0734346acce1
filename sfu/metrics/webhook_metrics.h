// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "metrics/family.h"

namespace gstlk::webhook {
struct DeliveryTally;
}

namespace gstlk::metrics {

// What became of webhooks, under the names of LiveKit's metrics. An attempt that fails and is tried
// again counts as a failure each time. Main thread only.
class WebhookMetrics {
 public:
  // `tally` is not read once it is gone.
  explicit WebhookMetrics(const webhook::DeliveryTally& tally);

  // In the text format, with these labels at each sample.
  std::string print(const Labels& constant);

 private:
  const webhook::DeliveryTally& tally_;
  Family dispatch_;
  Family queue_length_;
};

}  // namespace gstlk::metrics
