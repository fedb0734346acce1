// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/spool.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "temporary_directory.h"

namespace gstlk::webhook {
namespace {

Delivery delivery(const std::string& id, const std::string& resource = "kitchen") {
  return {.route = {"https://one/hook?a=b", resource},
          .signing_key = "APIother",
          .is_extra = true,
          .event = "room_started",
          .event_id = id,
          .body = R"({"event":"room_started","id":")" + id + "\"}"};
}

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> open() {
    auto spool = Spool::open(directory_.path() + "/deep/spool");
    EXPECT_TRUE(spool) << spool.error().message;
    return std::move(*spool);
  }
  std::string path(const std::string& name) { return directory_.path() + "/deep/spool/" + name; }

  TemporaryDirectory directory_;
};

TEST_F(SpoolTest, AnotherProcessFindsWhatWasNotDelivered) {
  auto spool = open();
  // Names are anybody's: they must not get at the file's structure.
  const std::string odd = "a \"room\"\nwith {lines} / \xC3\xA4";
  spool->put(DeliveryId(1), delivery("EV_1"));
  spool->put(DeliveryId(2), delivery("EV_2"));
  spool->put(DeliveryId(0x100), delivery("EV_3", odd));
  spool->remove(DeliveryId(1));
  spool.reset();

  spool = open();
  const auto found = spool->list();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, DeliveryId(2));
  EXPECT_EQ(found[1].id, DeliveryId(0x100));
  EXPECT_EQ(found[1].delivery.route.resource, odd);
  EXPECT_EQ(found[1].cost, 4096u);
  const auto read = spool->get(DeliveryId(2));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->route.url, "https://one/hook?a=b");
  EXPECT_EQ(read->route.resource, "kitchen");
  EXPECT_EQ(read->signing_key, "APIother");
  EXPECT_TRUE(read->is_extra);
  EXPECT_EQ(read->event, "room_started");
  EXPECT_EQ(read->event_id, "EV_2");
  EXPECT_EQ(read->body, delivery("EV_2").body);
  EXPECT_FALSE(spool->get(DeliveryId(1)));
}

TEST_F(SpoolTest, WhatIsIncompleteIsRemoved) {
  auto spool = open();
  spool->put(DeliveryId(1), delivery("EV_1"));
  std::ifstream in(path("0000000000000001.event"));
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::ofstream(path("0000000000000002.event")) << text.substr(0, text.size() - 1);
  std::ofstream(path("0000000000000003.event")) << "";
  std::ofstream(path("0000000000000004.event.new")) << text;
  std::ofstream(path("notes")) << "mine";
  const auto found = spool->list();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, DeliveryId(1));
  for (const char* name :
       {"0000000000000002.event", "0000000000000003.event", "0000000000000004.event.new"})
    EXPECT_FALSE(std::ifstream(path(name)).good()) << name;
  EXPECT_TRUE(std::ifstream(path("notes")).good());
}

TEST_F(SpoolTest, TwoProcessesCannotShareIt) {
  const auto spool = open();
  const auto second = Spool::open(directory_.path() + "/deep/spool");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "webhook.spool_dir: " + directory_.path() +
                                        "/deep/spool is in use by another livekit-sfu; give each "
                                        "its own");
}

TEST_F(SpoolTest, WhatCannotBeMadeIsSaidWithARemedy) {
  std::ofstream(directory_.path() + "/file") << "";
  const auto spool = Spool::open(directory_.path() + "/file/spool");
  ASSERT_FALSE(spool);
  EXPECT_TRUE(spool.error().message.starts_with("webhook.spool_dir: cannot make "));
  EXPECT_TRUE(spool.error().message.find("name a directory") != std::string::npos);
}

TEST_F(SpoolTest, WithoutADiskEventsAreKeptInMemory) {
  const auto spool = open();
  ASSERT_EQ(mkdir(path("0000000000000001.event").c_str(), 0700), 0);
  spool->put(DeliveryId(1), delivery("EV_1"));
  const auto read = spool->get(DeliveryId(1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->body, delivery("EV_1").body);
  spool->remove(DeliveryId(1));
  EXPECT_FALSE(spool->get(DeliveryId(1)));
}

TEST_F(SpoolTest, NobodyElseReadsIt) {
  const auto spool = open();
  spool->put(DeliveryId(1), delivery("EV_1"));
  struct stat info {};
  ASSERT_EQ(stat(path("0000000000000001.event").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(path("").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

}  // namespace
}  // namespace gstlk::webhook
