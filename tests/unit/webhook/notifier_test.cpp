// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/notifier.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "fake_http_client.h"
#include "livekit/messages.h"
#include "livekit_webhook.pb.h"
#include "support/fake_timers.h"
#include "temporary_directory.h"
#include "webhook/log.h"

namespace gstlk::webhook {
namespace {

using net::HttpOutcome;
using Event = ::livekit::WebhookEvent;

NotifierSettings one_receiver() {
  return {.urls = {"http://one/"},
          .api_key = "APIone",
          .keys = {{"APIone", "secret one"}, {"APItwo", "secret two"}}};
}

Event event_of(const std::string& room, const std::string& name = "room_started") {
  Event event;
  event.set_event(name);
  event.mutable_room()->set_name(room);
  return event;
}

Event decode(const net::HttpPost& post) {
  Event event;
  EXPECT_TRUE(livekit::from_json(post.body, event)) << post.body;
  return event;
}

class NotifierTest : public testing::Test {
 protected:
  NotifierTest() { start(one_receiver(), std::make_unique<MemoryOutbox>()); }

  void start(NotifierSettings settings, std::unique_ptr<Outbox> outbox) {
    auto client = std::make_unique<net::FakeHttpClient>();
    client_ = client.get();
    notifier_ = std::make_unique<Notifier>(std::move(settings), timers_, room::counting_random,
                                           std::move(client), std::move(outbox));
  }
  void start(NotifierSettings settings) {
    start(std::move(settings), std::make_unique<MemoryOutbox>());
  }
  void notify(const std::string& room, const std::string& name = "room_started") {
    notifier_->notify(event_of(room, name));
  }
  void turn() { timers_.advance(0us); }
  // The names of what is on its way.
  std::vector<std::string> sending() const {
    std::vector<std::string> names;
    for (const auto& [post, done] : client_->pending) names.push_back(decode(post).event());
    return names;
  }

  using Names = std::vector<std::string>;
  room::FakeTimers timers_;
  net::FakeHttpClient* client_ = nullptr;
  std::unique_ptr<Notifier> notifier_;
};

TEST_F(NotifierTest, AnEventIsPostedSignedOnTheNextTurn) {
  notify("kitchen");
  EXPECT_TRUE(client_->pending.empty());
  turn();
  ASSERT_EQ(client_->pending.size(), 1u);
  const net::HttpPost& post = client_->first();
  EXPECT_EQ(post.url, "http://one/");
  EXPECT_EQ(post.content_type, "application/webhook+json");
  const Event event = decode(post);
  EXPECT_TRUE(event.id().starts_with("EV_"));
  EXPECT_EQ(event.created_at(), timers_.unix_micros() / 1'000'000);
  EXPECT_EQ(post.body, R"({"event":"room_started","room":{"name":"kitchen"},"id":")" + event.id() +
                           "\",\"createdAt\":\"" + std::to_string(event.created_at()) + "\"}");

  ASSERT_EQ(post.headers.size(), 1u);
  EXPECT_EQ(post.headers[0].first, "Authorization");
  const livekit::UnixTime now(std::chrono::seconds(timers_.unix_micros() / 1'000'000));
  const auto claims =
      livekit::verify_token(post.headers[0].second, {{"APIone", "secret one"}}, now);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->issuer, "APIone");
  EXPECT_EQ(claims->expires_at, now + std::chrono::minutes(5));
  // 32 bytes in the standard alphabet with padding.
  EXPECT_EQ(claims->grants.sha256.size(), 44u);
  EXPECT_EQ(claims->grants.sha256.back(), '=');
  EXPECT_FALSE(claims->grants.video);
}

TEST_F(NotifierTest, EventsOfARoomKeepTheirOrder) {
  notify("kitchen", "a");
  notify("kitchen", "b");
  notify("hall", "c");
  turn();
  EXPECT_EQ(sending(), (Names{"a", "c"}));
  client_->answer(200);
  EXPECT_EQ(sending(), (Names{"c", "b"}));
}

TEST_F(NotifierTest, SilenceTooManyRequestsAndServerErrorsAreTriedAgain) {
  notify("kitchen");
  turn();
  const std::string id = decode(client_->first()).id();
  Duration wait = 1s;
  for (const unsigned status : {0u, 429u, 500u, 503u}) {
    client_->answer({.status = status, .error = "connection refused"});
    timers_.advance(wait - 1ms);
    EXPECT_TRUE(client_->pending.empty());
    timers_.advance(1ms);
    ASSERT_EQ(client_->pending.size(), 1u) << status;
    EXPECT_EQ(decode(client_->first()).id(), id);
    wait *= 2;
  }
  client_->answer(200);
  timers_.advance(1min);
  EXPECT_TRUE(client_->pending.empty());
}

TEST_F(NotifierTest, EveryOtherAnswerIsTheEndOfIt) {
  for (const unsigned status : {200u, 204u, 301u, 400u, 401u, 404u}) {
    notify("kitchen");
    turn();
    client_->answer(status);
    timers_.advance(20s);
    EXPECT_TRUE(client_->pending.empty()) << status;
  }
}

TEST_F(NotifierTest, ATokenIsSignedForEachAttempt) {
  notify("kitchen");
  turn();
  const auto first = client_->first();
  client_->answer(500);
  timers_.advance(1s);
  EXPECT_NE(client_->first().headers[0].second, first.headers[0].second);
  EXPECT_EQ(client_->first().body, first.body);
}

TEST_F(NotifierTest, FiltersChooseAndTheIncludedComeFirst) {
  NotifierSettings settings = one_receiver();
  settings.filter = {.include = {"a", "b"}, .exclude = {"b"}};
  start(settings);
  for (const char* name : {"a", "b", "c"}) notify(name, name);
  turn();
  EXPECT_EQ(sending(), (Names{"a", "b"}));
  settings.filter = {.include = {}, .exclude = {"b"}};
  start(settings);
  for (const char* name : {"a", "b", "c"}) notify(name, name);
  turn();
  EXPECT_EQ(sending(), (Names{"a", "c"}));
}

TEST_F(NotifierTest, EveryReceiverGetsTheSameEventAndNoneWaitsForTheOther) {
  NotifierSettings settings = one_receiver();
  settings.urls.emplace_back("http://two/");
  start(settings);
  notify("kitchen", "a");
  notify("kitchen", "b");
  turn();
  ASSERT_EQ(client_->pending.size(), 2u);
  EXPECT_EQ(client_->pending[0].first.body, client_->pending[1].first.body);
  client_->answer(500);
  client_->answer(200);
  ASSERT_EQ(client_->pending.size(), 1u);
  EXPECT_EQ(client_->first().url, "http://two/");
  EXPECT_EQ(sending(), Names{"b"});
}

TEST_F(NotifierTest, ARequestMayHaveReceiversOfItsOwn) {
  std::vector<::livekit::WebhookConfig> extra(3);
  extra[0].set_url("http://extra/");
  extra[1].set_url("http://signed/");
  extra[1].set_signing_key("APItwo");
  extra[1].mutable_filter_params()->add_include_events("a");
  extra[2].set_url("http://unsigned/");
  extra[2].set_signing_key("APIunknown");
  NotifierSettings settings = one_receiver();
  settings.filter.exclude = {"a", "b"};  // theirs, not these
  start(settings);
  notifier_->notify(event_of("kitchen", "a"), extra);
  notifier_->notify(event_of("kitchen", "b"), extra);
  turn();
  ASSERT_EQ(client_->pending.size(), 2u);
  const livekit::UnixTime now(std::chrono::seconds(timers_.unix_micros() / 1'000'000));
  for (const auto& [post, done] : client_->pending) {
    const auto claims = livekit::verify_token(post.headers[0].second, one_receiver().keys, now);
    ASSERT_TRUE(claims) << claims.error().message;
    EXPECT_EQ(claims->issuer, post.url == "http://extra/" ? "APIone" : "APItwo");
    EXPECT_EQ(decode(post).event(), "a");
  }
}

TEST_F(NotifierTest, JobsOfARoomAreTheirOwnOrder) {
  Event egress = event_of("kitchen", "egress_started");
  egress.mutable_egress_info()->set_egress_id("EG_1");
  notify("kitchen");
  notifier_->notify(egress);
  turn();
  EXPECT_EQ(sending(), (Names{"room_started", "egress_started"}));
}

TEST_F(NotifierTest, TheFirstAfterALossSaysHowMuch) {
  NotifierSettings settings = one_receiver();
  settings.limits.max_depth = 2;
  start(settings);
  for (const char* name : {"a", "b", "lost", "lost"}) notify("kitchen", name);
  turn();
  EXPECT_EQ(decode(client_->first()).num_dropped(), 2);
  client_->answer(500);
  timers_.advance(1s);
  EXPECT_EQ(decode(client_->first()).num_dropped(), 2);
  client_->answer(200);
  EXPECT_EQ(sending(), Names{"b"});
  EXPECT_EQ(decode(client_->first()).num_dropped(), 0);
}

TEST_F(NotifierTest, WithoutASpoolEventsOfAReceiverThatStaysAwayAreGivenUp) {
  for (const char* name : {"a", "b"}) notify("kitchen", name);
  turn();
  for (const Duration wait : {1s, 2s, 4s, 8s, 16s}) {
    ASSERT_EQ(client_->pending.size(), 1u);
    client_->answer(HttpOutcome{.error = "connection refused"});
    timers_.advance(wait);
  }
  EXPECT_TRUE(client_->pending.empty());
  notify("kitchen", "c");
  turn();
  EXPECT_EQ(sending(), Names{"c"});
  EXPECT_EQ(decode(client_->first()).num_dropped(), 2);
}

// What is logged while it is there.
class LogRecorder {
 public:
  LogRecorder() {
    text().clear();
    log_webhook.threshold = LogLevel::Debug;
    set_log_sink([](LogCategory&, LogLevel, const char*, int, const char*, const char* format,
                    va_list arguments) {
      std::array<char, 1000> line;
      vsnprintf(line.data(), line.size(), format, arguments);
      text() += std::string(line.data()) + "\n";
    });
  }
  ~LogRecorder() {
    log_webhook.threshold = LogLevel::Warning;
    set_log_sink(
        [](LogCategory&, LogLevel, const char*, int, const char*, const char*, va_list) {});
  }
  LogRecorder(const LogRecorder&) = delete;
  LogRecorder& operator=(const LogRecorder&) = delete;
  static std::string& text() {
    static std::string text;
    return text;
  }
};

TEST_F(NotifierTest, LogsNameTheReceiverWithoutWhatMayBeSecret) {
  const LogRecorder log;
  const std::string url = "https://user:hidden@hooks.example.org:8443/hidden?token=hidden";
  NotifierSettings settings = one_receiver();
  settings.urls = {url};
  settings.limits.max_depth = 1;
  start(settings);
  std::vector<::livekit::WebhookConfig> extra(1);
  extra[0].set_url(url);
  extra[0].set_signing_key("hidden");
  notifier_->notify(event_of("kitchen"), extra);  // there is no such key
  notify("kitchen");                              // too many wait
  turn();
  client_->answer(500);
  timers_.advance(1s);
  client_->answer(302);
  notify("kitchen");
  turn();
  for (int i = 0; i < 8 && !client_->pending.empty(); i++) {
    client_->answer(500);
    timers_.advance(30s);
  }
  for (const char* line :
       {"there is no API key with the name that it asks for", "too many wait before it",
        "it is tried again", "which counts as delivered", "takes events again",
        "not delivered in time"})
    EXPECT_NE(LogRecorder::text().find(line), std::string::npos) << line;
  EXPECT_NE(LogRecorder::text().find("https://hooks.example.org:8443"), std::string::npos);
  EXPECT_EQ(LogRecorder::text().find("hidden"), std::string::npos) << LogRecorder::text();
}

class SpooledNotifierTest : public NotifierTest {
 protected:
  SpooledNotifierTest() { restart(); }

  void restart(NotifierSettings settings = one_receiver()) {
    notifier_.reset();
    settings.limits = {.max_depth = 0, .max_age = std::nullopt};
    auto spool = Spool::open(directory_.path());
    ASSERT_TRUE(spool) << spool.error().message;
    auto left = (*spool)->list();
    start(std::move(settings), std::move(*spool));
    notifier_->restore(std::move(left));
  }

  TemporaryDirectory directory_;
};

TEST_F(SpooledNotifierTest, WhatIsNotDeliveredIsDeliveredByTheNextProcess) {
  for (const char* name : {"a", "b", "c"}) notify("kitchen", name);
  turn();
  client_->answer(200);  // a
  const std::string b = client_->first().body;
  restart();
  turn();
  ASSERT_EQ(client_->pending.size(), 1u);
  EXPECT_EQ(client_->first().body, b);
  // New ones come after the old.
  notify("kitchen", "d");
  client_->answer(200);
  EXPECT_EQ(sending(), Names{"c"});
  client_->answer(200);
  EXPECT_EQ(sending(), Names{"d"});
  client_->answer(200);
  restart();
  turn();
  EXPECT_TRUE(client_->pending.empty());
}

TEST_F(SpooledNotifierTest, AReceiverMayStayAwayForADay) {
  notify("kitchen", "a");
  turn();
  for (int i = 0; i < 2880; i++) {
    ASSERT_EQ(client_->pending.size(), 1u) << i;
    client_->answer(503);
    timers_.advance(30s);
  }
  EXPECT_EQ(sending(), Names{"a"});
  EXPECT_EQ(decode(client_->first()).num_dropped(), 0);
}

TEST_F(SpooledNotifierTest, WhoIsNoLongerConfiguredIsNotTold) {
  std::vector<::livekit::WebhookConfig> extra(1);
  extra[0].set_url("http://extra/");
  notifier_->notify(event_of("kitchen", "a"), extra);
  NotifierSettings settings = one_receiver();
  settings.urls = {"http://other/"};
  restart(settings);
  turn();
  ASSERT_EQ(client_->pending.size(), 1u);
  EXPECT_EQ(client_->first().url, "http://extra/");
}

TEST_F(NotifierTest, CountsWhatBecameOfEvents) {
  NotifierSettings settings = one_receiver();
  settings.limits.max_depth = 3;
  start(settings);
  for (const char* name : {"a", "b", "c", "full"}) notify("kitchen", name);
  turn();
  client_->answer(200);  // a
  client_->answer(500);  // b
  timers_.advance(1s);
  client_->answer(404);  // b again
  for (int i = 0; i < 8 && !client_->pending.empty(); i++) {
    client_->answer(500);  // c
    timers_.advance(30s);
  }
  const DeliveryTally& tally = notifier_->tally();
  EXPECT_EQ(tally.delivered, 2u);
  EXPECT_GT(tally.failed, 1u);
  EXPECT_EQ(tally.full, 1u);
  EXPECT_EQ(tally.too_old, 1u);
  EXPECT_EQ(tally.overflow, 0u);
  EXPECT_EQ(tally.length_sum, 6u);
  EXPECT_EQ(tally.lengths[0] + tally.lengths[1] + tally.lengths[2], 3u);
}

TEST_F(NotifierTest, IsBusyUntilWhatCanBeDeliveredIs) {
  EXPECT_FALSE(notifier_->is_busy());
  notify("kitchen", "a");
  notify("kitchen", "b");
  EXPECT_TRUE(notifier_->is_busy());
  turn();
  client_->answer(200);
  EXPECT_TRUE(notifier_->is_busy());
  client_->answer(500);
  EXPECT_FALSE(notifier_->is_busy());
}

}  // namespace
}  // namespace gstlk::webhook
