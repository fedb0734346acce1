// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/webhook_metrics.h"

#include "webhook/delivery_tally.h"

namespace gstlk::metrics {

using webhook::DeliveryTally;

WebhookMetrics::WebhookMetrics(const DeliveryTally& tally)
    : tally_(tally),
      dispatch_(Kind::Counter, "livekit_webhook_dispatch_total", "Webhooks by what became of them.",
                {"status", "reason"}),
      queue_length_(Kind::Histogram, "livekit_webhook_queue_length",
                    "Webhooks that waited for the same resource when one was added.", {},
                    {DeliveryTally::kLengths.begin(), DeliveryTally::kLengths.end()}) {}

std::string WebhookMetrics::print(const Labels& constant) {
  const auto count = [&](const char* status, const char* reason, uint64_t times) {
    if (times > 0) dispatch_.set({status, reason}, static_cast<double>(times));
  };
  count("success", "", tally_.delivered);
  count("failure", "", tally_.failed);
  count("drop", "queue is full", tally_.full);
  count("drop", "overflow", tally_.overflow);
  count("drop", "age", tally_.too_old);
  queue_length_.set_histogram({}, {tally_.lengths.begin(), tally_.lengths.end()},
                              static_cast<double>(tally_.length_sum));
  std::string out;
  dispatch_.print(constant, out);
  queue_length_.print(constant, out);
  return out;
}

}  // namespace gstlk::metrics
