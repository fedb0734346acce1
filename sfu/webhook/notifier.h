// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "livekit/access_token.h"
#include "net/http_client.h"
#include "room/timers.h"
#include "webhook/delivery_queues.h"
#include "webhook/delivery_tally.h"
#include "webhook/event_filter.h"
#include "webhook/outbox.h"
#include "webhook/spool.h"

namespace livekit {
class WebhookConfig;
class WebhookEvent;
}  // namespace livekit

namespace gstlk::webhook {

struct NotifierSettings {
  std::vector<std::string> urls;
  std::string api_key;  // one of `keys`; may be empty without URLs
  std::string secret;   // signs for `api_key` instead of the key's own, unless it is empty
  EventFilter filter;   // of `urls`
  DeliveryLimits limits;
  livekit::ApiKeys keys;
};

// Tells events to those who want to know them: gives each its id and its time, writes it down in
// the outbox, and posts it, signed, until somebody has taken it. An answer of 429 or 5xx and no
// answer are tried again, everything else counts as taken. A receiver can get an event twice, with
// the same id, when its answer does not reach us. Main thread only.
class Notifier {
 public:
  // `timers` outlives the notifier.
  Notifier(NotifierSettings settings, room::Timers& timers, RandomSource random,
           std::unique_ptr<net::HttpClient> client, std::unique_ptr<Outbox> outbox);
  ~Notifier();

  // What an earlier process left in the outbox. Before the first notify().
  void restore(std::vector<Spool::Found> deliveries);

  // To every URL of the configuration whose filter lets it, and to those of the request that the
  // event is about. Nothing is sent from inside.
  void notify(::livekit::WebhookEvent event, std::span<const ::livekit::WebhookConfig> extra = {});

  // Something is on its way, or will be at once; what waits to be tried again does not count.
  bool is_busy() const { return queues_.is_busy(); }
  const DeliveryTally& tally() const { return tally_; }

 private:
  // `delivery` says where to and by which key.
  void enqueue(const ::livekit::WebhookEvent& event, Delivery delivery);
  const std::string& key_of(const Delivery& delivery) const;
  const std::string* secret_of(const Delivery& delivery) const;
  void schedule(Timestamp when);
  void run();
  void send(const DeliveryQueues::Attempt& attempt);
  void handle_outcome(DeliveryId id, const std::string& name, const std::string& url,
                      const net::HttpOutcome& outcome);
  // `count` of the tally is theirs.
  void forget_dropped(uint64_t& count);
  bool is_configured(const std::string& url) const;

  const NotifierSettings settings_;
  room::Timers& timers_;
  const RandomSource random_;
  std::unique_ptr<Outbox> outbox_;
  DeliveryQueues queues_;
  DeliveryTally tally_;
  DeliveryId last_id_{};
  std::set<std::string> failing_;  // URLs, so that each failure is one line in the log
  Timestamp due_{};                // when timer_ is
  std::unique_ptr<room::Timer> timer_;
  std::unique_ptr<net::HttpClient> client_;  // the first to go: nothing ends in here afterwards
};

}  // namespace gstlk::webhook
