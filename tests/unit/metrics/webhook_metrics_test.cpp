// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/webhook_metrics.h"

#include <gtest/gtest.h>

#include "metrics_text.h"
#include "webhook/delivery_tally.h"

namespace gstlk::metrics {
namespace {

TEST(WebhookMetrics, AreLiveKits) {
  webhook::DeliveryTally tally{.delivered = 5, .failed = 4, .full = 3, .overflow = 2, .too_old = 1};
  for (const uint64_t length : {1, 2, 2, 6, 81}) tally.add_length(length);
  WebhookMetrics metrics(tally);
  const std::string text = metrics.print({});
  const std::string dispatch = "livekit_webhook_dispatch_total{status=";
  EXPECT_EQ(value_in(text, dispatch + "\"success\",reason=\"\"}"), 5);
  EXPECT_EQ(value_in(text, dispatch + "\"failure\",reason=\"\"}"), 4);
  EXPECT_EQ(value_in(text, dispatch + "\"drop\",reason=\"queue is full\"}"), 3);
  EXPECT_EQ(value_in(text, dispatch + "\"drop\",reason=\"overflow\"}"), 2);
  EXPECT_EQ(value_in(text, dispatch + "\"drop\",reason=\"age\"}"), 1);
  const std::string length = "livekit_webhook_queue_length_";
  EXPECT_EQ(value_in(text, length + "bucket{le=\"1\"}"), 1);
  EXPECT_EQ(value_in(text, length + "bucket{le=\"2\"}"), 3);
  EXPECT_EQ(value_in(text, length + "bucket{le=\"10\"}"), 4);
  EXPECT_EQ(value_in(text, length + "bucket{le=\"80\"}"), 4);
  EXPECT_EQ(value_in(text, length + "count"), 5);
  EXPECT_EQ(value_in(text, length + "sum"), 92);
}

}  // namespace
}  // namespace gstlk::metrics
