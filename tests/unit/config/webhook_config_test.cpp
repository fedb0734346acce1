// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "loaded.h"

namespace gstlk::config {
namespace {

constexpr char kSecret[] = "12345678901234567890123456789012";

TEST(WebhookConfig, EveryKeyHasItsPlace) {
  const Loaded loaded = load(R"(
webhook:
  urls: [http://one/, https://two/]
  api_key: APIone
  filter_params: {include_events: [room_started], exclude_events: [room_finished]}
  resource_url_notifier: {max_age: 1m, max_depth: 20}
  url_notifier: {num_workers: 3}
  spool_dir: /var/lib/sfu
  spool_max_size: 1000000
room: {enable_full_room_in_webhooks: true}
)");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_TRUE(loaded.warnings.empty());
  const WebhookConfig& webhook = loaded.config->webhook;
  EXPECT_EQ(webhook.urls, (std::vector<std::string>{"http://one/", "https://two/"}));
  EXPECT_EQ(webhook.api_key, "APIone");
  EXPECT_EQ(webhook.include_events, std::vector<std::string>{"room_started"});
  EXPECT_EQ(webhook.exclude_events, std::vector<std::string>{"room_finished"});
  EXPECT_EQ(webhook.max_age, 60s);
  EXPECT_EQ(webhook.max_depth, 20u);
  EXPECT_EQ(webhook.num_workers, 3u);
  EXPECT_EQ(webhook.spool_dir, "/var/lib/sfu");
  EXPECT_EQ(webhook.spool_max_size, 1000000u);
  EXPECT_TRUE(loaded.config->room.enable_full_room_in_webhooks);
}

TEST(WebhookConfig, AnUnknownKeyIsSaidWithItsPlaceAndARemedyButNotRepeated) {
  EXPECT_EQ(load("webhook:\n  api_key: nonsense\n  urls: [http://one/]\n").error,
            "a.yaml:3: webhook.api_key: expected the name of one of the keys, like APIone");
  EXPECT_EQ(load("webhook:\n  api_key: APIone\n  urls: [http://one/]\n", {},
                 {{"--webhook.api_key", "webhook.api_key", "other"}})
                .error,
            "--webhook.api_key: expected the name of one of the keys, like APIone");
}

TEST(WebhookConfig, UrlsNeedAKey) {
  EXPECT_EQ(load("webhook:\n  urls: [http://one/]\n").error,
            "a.yaml:3: webhook.urls: needs webhook.api_key beside it: the name of one of the keys, "
            "like APIone");
}

TEST(WebhookConfig, WithoutUrlsTheKeyDoesNotMatter) {
  EXPECT_TRUE(load("webhook: {api_key: nonsense}").config);
}

TEST(WebhookConfig, TheSecretOfAKeyMeansTheKey) {
  const Loaded loaded = load("webhook: {urls: [http://one/], api_key: '${WEBHOOK_SECRET}'}",
                             {{"WEBHOOK_SECRET", kSecret}});
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->webhook.api_key, "APIone");
}

TEST(WebhookConfig, ALongTextThatNamesNoKeyIsASecretOfItsOwn) {
  const std::string secret(32, 'w');
  const Loaded loaded = load("webhook: {urls: [http://one/], api_key: " + secret + "}");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->webhook.api_key, secret);
  ASSERT_FALSE(loaded.warnings.empty());
  EXPECT_EQ(loaded.warnings[0],
            "a.yaml:2: webhook.api_key: names no key and is taken as a secret: webhooks are "
            "signed with it in the name of APIone");
}

TEST(WebhookConfig, OnlyHttpIsPosted) {
  EXPECT_EQ(load("webhook:\n  api_key: APIone\n  urls: [http://one/, ftp://two/]\n").error,
            "a.yaml:4: webhook.urls: expected http or https URLs, like "
            "\"https://app.example.org/livekit\"; number 2 is none");
}

TEST(WebhookConfig, WithoutADirectoryItWarnsUnlessSystemdGivesOne) {
  const std::string yaml = "webhook: {urls: [http://one/], api_key: APIone}";
  const Loaded without = load(yaml);
  ASSERT_TRUE(without.config);
  EXPECT_EQ(without.config->webhook.spool_dir, "");
  ASSERT_EQ(without.warnings.size(), 1u);
  EXPECT_TRUE(without.warnings[0].starts_with(
      "a.yaml:2: webhook.urls: without webhook.spool_dir events are lost"));
  const Loaded with = load(yaml, {{"STATE_DIRECTORY", "/var/lib/livekit-sfu:/var/lib/other"}});
  ASSERT_TRUE(with.config);
  EXPECT_EQ(with.config->webhook.spool_dir, "/var/lib/livekit-sfu/webhooks");
  EXPECT_TRUE(with.warnings.empty());
  EXPECT_EQ(load("", {{"STATE_DIRECTORY", "/var/lib/livekit-sfu"}}).config->webhook.spool_dir, "");
}

}  // namespace
}  // namespace gstlk::config
