// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/notifier.h"

#include <algorithm>
#include <utility>

#include "livekit/messages.h"
#include "livekit_webhook.pb.h"
#include "room/sids.h"
#include "room/traffic_log.h"
#include "webhook/log.h"
#include "webhook/receiver_name.h"
#include "webhook/signature.h"

namespace gstlk::webhook {
namespace {

constexpr char kContentType[] = "application/webhook+json";

// What has to stay in order: LiveKit's key of an event.
std::string resource_of(const pb::WebhookEvent& event) {
  if (event.has_egress_info()) return event.egress_info().egress_id();
  if (event.has_ingress_info()) return event.ingress_info().ingress_id();
  if (event.has_room()) return event.room().name();
  if (event.has_participant()) return event.participant().identity();
  return event.track().sid();
}

bool is_taken(const net::HttpOutcome& outcome) {
  return outcome.status != 0 && outcome.status != 429 && outcome.status < 500;
}

std::string describe(const net::HttpOutcome& outcome) {
  return outcome.status == 0 ? outcome.error : "status " + std::to_string(outcome.status);
}

std::string with_dropped(const std::string& body, uint32_t dropped) {
  pb::WebhookEvent event;
  if (dropped == 0 || !livekit::from_json(body, event)) return body;
  event.set_num_dropped(static_cast<int32_t>(dropped));
  return livekit::to_json(event);
}

}  // namespace

Notifier::Notifier(NotifierSettings settings, room::Timers& timers, RandomSource random,
                   std::unique_ptr<net::HttpClient> client, std::unique_ptr<Outbox> outbox)
    : settings_(std::move(settings)),
      timers_(timers),
      random_(random),
      outbox_(std::move(outbox)),
      queues_(settings_.limits),
      client_(std::move(client)) {}

Notifier::~Notifier() = default;

bool Notifier::is_configured(const std::string& url) const {
  return std::ranges::count(settings_.urls, url) != 0;
}

void Notifier::restore(std::vector<Spool::Found> deliveries) {
  for (const Spool::Found& found : deliveries) {
    last_id_ = found.id;
    const Delivery& delivery = found.delivery;
    // Who is no longer configured shall not be told; who was asked for by a request is.
    const bool wanted = delivery.is_extra || is_configured(delivery.route.url);
    if (!wanted || !queues_.add(found.id, delivery.route, found.cost, timers_.now()))
      outbox_->remove(found.id);
  }
  forget_dropped(tally_.overflow);
  if (queues_.size() == 0) return;
  LOG_INFO(log_webhook, "%zu events of an earlier run are still to be delivered", queues_.size());
  schedule(timers_.now());
}

void Notifier::notify(pb::WebhookEvent event, std::span<const pb::WebhookConfig> extra) {
  event.set_id(room::make_sid("EV_", random_));
  event.set_created_at(timers_.unix_micros() / 1'000'000);
  if (settings_.filter.allows(event.event())) {
    for (const std::string& url : settings_.urls) enqueue(event, {.route = {.url = url}});
  }
  for (const pb::WebhookConfig& webhook : extra) {
    const pb::FilterParams& params = webhook.filter_params();
    const EventFilter filter{{params.include_events().begin(), params.include_events().end()},
                             {params.exclude_events().begin(), params.exclude_events().end()}};
    if (!filter.allows(event.event())) continue;
    enqueue(
        event,
        {.route = {.url = webhook.url()}, .signing_key = webhook.signing_key(), .is_extra = true});
  }
}

void Notifier::enqueue(const pb::WebhookEvent& event, Delivery delivery) {
  if (!secret_of(delivery)) {
    // Its name is not said: some give a secret for it.
    LOG_WARNING(log_webhook, "%s for %s: there is no API key with the name that it asks for",
                event.event().c_str(), receiver_name(delivery.route.url).c_str());
    return;
  }
  LOG_DEBUG(room::log_traffic, "webhook %s", event.event().c_str());
  delivery.route.resource = resource_of(event);
  delivery.event = event.event();
  delivery.event_id = event.id();
  delivery.body = livekit::to_json(event);
  const DeliveryId id(last_id_.value + 1);
  last_id_ = id;
  if (!queues_.add(id, delivery.route, outbox_->cost(delivery), timers_.now())) {
    ++tally_.full;
    LOG_WARNING(log_webhook, "%s %s for %s is dropped: too many wait before it",
                delivery.event.c_str(), delivery.event_id.c_str(),
                receiver_name(delivery.route.url).c_str());
    return;
  }
  tally_.add_length(queues_.waiting(delivery.route));
  outbox_->put(id, std::move(delivery));
  forget_dropped(tally_.overflow);
  schedule(timers_.now());
}

const std::string& Notifier::key_of(const Delivery& delivery) const {
  return delivery.signing_key.empty() ? settings_.api_key : delivery.signing_key;
}

const std::string* Notifier::secret_of(const Delivery& delivery) const {
  if (delivery.signing_key.empty() && !settings_.secret.empty()) return &settings_.secret;
  const auto found = settings_.keys.find(key_of(delivery));
  return found == settings_.keys.end() ? nullptr : &found->second;
}

void Notifier::forget_dropped(uint64_t& count) {
  while (const auto id = queues_.poll_dropped()) {
    ++count;
    if (const auto delivery = outbox_->get(*id)) {
      LOG_WARNING(log_webhook, "%s %s for %s is dropped: not delivered in time",
                  delivery->event.c_str(), delivery->event_id.c_str(),
                  receiver_name(delivery->route.url).c_str());
    }
    outbox_->remove(*id);
  }
}

// The rooms go on first: what they cause is sent on the next turn of the loop.
void Notifier::schedule(Timestamp when) {
  if (timer_ && due_ <= when) return;
  due_ = when;
  timer_ = timers_.call_later(std::max<Duration>(when - timers_.now(), 0us), [this] {
    timer_.reset();
    run();
  });
}

void Notifier::run() {
  while (const auto attempt = queues_.poll(timers_.now())) send(*attempt);
  forget_dropped(tally_.too_old);
  if (const auto next = queues_.next_timeout()) schedule(*next);
}

void Notifier::send(const DeliveryQueues::Attempt& attempt) {
  const std::optional<Delivery> delivery = outbox_->get(attempt.id);
  const std::string* secret = delivery ? secret_of(*delivery) : nullptr;
  if (!secret) {
    // Its file is gone, or its key: it can never be sent.
    LOG_WARNING(log_webhook, "an event that cannot be sent any more is given up");
    queues_.handle_delivered(attempt.id, timers_.now());
    outbox_->remove(attempt.id);
    return;
  }
  const std::string body = with_dropped(delivery->body, attempt.dropped);
  const auto now = livekit::UnixTime(std::chrono::seconds(timers_.unix_micros() / 1'000'000));
  const std::string name = delivery->event + " " + delivery->event_id;
  client_->post({.url = delivery->route.url,
                 .content_type = kContentType,
                 .headers = {{"Authorization", sign(body, key_of(*delivery), *secret, now)}},
                 .body = body},
                [this, id = attempt.id, name, url = delivery->route.url](
                    const net::HttpOutcome& outcome) { handle_outcome(id, name, url, outcome); });
}

void Notifier::handle_outcome(DeliveryId id, const std::string& name, const std::string& url,
                              const net::HttpOutcome& outcome) {
  const std::string result = describe(outcome);
  const std::string receiver = receiver_name(url);
  if (is_taken(outcome)) {
    ++tally_.delivered;
    LOG_DEBUG(log_webhook, "%s delivered to %s: %s", name.c_str(), receiver.c_str(),
              result.c_str());
    if (failing_.erase(url) > 0) LOG_INFO(log_webhook, "%s takes events again", receiver.c_str());
    if (outcome.status >= 300) {
      LOG_WARNING(log_webhook, "%s answers %s with %s, which counts as delivered", receiver.c_str(),
                  name.c_str(), result.c_str());
    }
    queues_.handle_delivered(id, timers_.now());
    outbox_->remove(id);
  } else {
    ++tally_.failed;
    LOG_DEBUG(log_webhook, "%s for %s: %s", name.c_str(), receiver.c_str(), result.c_str());
    if (failing_.insert(url).second) {
      LOG_WARNING(log_webhook, "%s does not take %s: %s; it is tried again", receiver.c_str(),
                  name.c_str(), result.c_str());
    }
    queues_.handle_failed(id, outcome.retry_after, timers_.now());
  }
  run();
}

}  // namespace gstlk::webhook
