// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/front_page.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <gtest/gtest.h>

#include "api_fixture.h"
#include "livekit/json.h"

namespace gstlk::api {
namespace {

class FrontPageTest : public testing::Test {
 protected:
  FrontPageTest() {
    char* folder = g_dir_make_tmp("page-XXXXXX", nullptr);
    folder_ = folder;
    g_free(folder);
    g_file_set_contents((folder_ + "/index.html").c_str(), "<p>call", -1, nullptr);
  }
  ~FrontPageTest() override {
    g_remove((folder_ + "/index.html").c_str());
    g_rmdir(folder_.c_str());
  }

  static net::HttpRequest get(const std::string& path, const char* accept = "") {
    net::HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.headers = {{"Accept", accept}};
    return request;
  }

  std::string folder_;
  Authenticator authenticator_{kKeys, fake_clock};
};

TEST_F(FrontPageTest, BrowsersGetThePageAndOthersTheHealth) {
  const FrontPage page(authenticator_, fake_clock, net::StaticFiles(folder_),
                       DevelopmentTokens::None);
  EXPECT_EQ(page.answer(get("/", "text/html,*/*;q=0.8")).body, "<p>call");
  EXPECT_EQ(page.answer(get("/", "*/*")).body, "OK");
  EXPECT_EQ(page.answer(get("/healthz", "text/html")).body, "OK");
}

TEST_F(FrontPageTest, WithoutAPageBrowsersGetTheHealth) {
  const FrontPage page(authenticator_, fake_clock, net::StaticFiles(""), DevelopmentTokens::None);
  EXPECT_EQ(page.answer(get("/", "text/html")).body, "OK");
}

TEST_F(FrontPageTest, ADrainingServerIsNotReady) {
  FrontPage page(authenticator_, fake_clock, net::StaticFiles(""), DevelopmentTokens::None);
  page.start_draining();
  EXPECT_EQ(page.answer(get("/readyz")).status, 406u);
}

TEST_F(FrontPageTest, HealthIsReadOnly) {
  const FrontPage page(authenticator_, fake_clock, net::StaticFiles(""), DevelopmentTokens::None);
  net::HttpRequest request = get("/");
  request.method = "HEAD";
  EXPECT_EQ(page.answer(request).status, 200u);
  request.method = "POST";
  EXPECT_EQ(page.answer(request).status, 404u);
}

TEST_F(FrontPageTest, DevelopmentGivesATokenForTheRoom) {
  const FrontPage page(authenticator_, fake_clock, net::StaticFiles(""),
                       DevelopmentTokens::ForEverybody);
  net::HttpRequest request = get("/dev/token");
  request.query = {{"room", "kitchen"}, {"identity", "alice-1"}, {"name", "Alice"}};
  const auto node = livekit::parse_json(page.answer(request).body);
  ASSERT_TRUE(node);
  const auto claims = livekit::verify_token(
      json_object_get_string_member(json_node_get_object(node.get()), "token"), kKeys, kNow);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->grants.identity, "alice-1");
  EXPECT_EQ(claims->grants.name, "Alice");
  EXPECT_EQ(claims->grants.video->room, "kitchen");
  EXPECT_TRUE(claims->grants.video->room_join);
  EXPECT_FALSE(claims->grants.video->room_admin);
}

TEST_F(FrontPageTest, DevelopmentGivesATokenToLookOn) {
  const FrontPage page(authenticator_, fake_clock, net::StaticFiles(""),
                       DevelopmentTokens::ForEverybody);
  net::HttpRequest request = get("/dev/token");
  request.query = {{"room", "kitchen"}, {"admin", "1"}};
  const auto node = livekit::parse_json(page.answer(request).body);
  ASSERT_TRUE(node);
  const auto claims = livekit::verify_token(
      json_object_get_string_member(json_node_get_object(node.get()), "token"), kKeys, kNow);
  ASSERT_TRUE(claims);
  EXPECT_TRUE(claims->grants.video->room_list);
  EXPECT_TRUE(claims->grants.video->may_administer("kitchen"));
  EXPECT_FALSE(claims->grants.video->room_join);
  // Not to any page that the developer happens to look at.
  request.headers = {{"Origin", "https://evil.com"}, {"Host", "localhost:7880"}};
  EXPECT_EQ(page.answer(request).status, 403u);
  request.headers[0].second = "http://localhost:7880";
  EXPECT_EQ(page.answer(request).status, 200u);
}

TEST_F(FrontPageTest, TokensOfAKeyOfOnesOwnStayOnThisMachine) {
  const FrontPage page(authenticator_, fake_clock, net::StaticFiles(""),
                       DevelopmentTokens::ForThisMachine);
  net::HttpRequest request = get("/dev/token");
  for (const char* here : {"127.0.0.1", "127.1.2.3", "::1"}) {
    request.remote_address = here;
    EXPECT_EQ(page.answer(request).status, 200u) << here;
  }
  for (const char* elsewhere : {"192.0.2.1", "2001:db8::1", ""}) {
    request.remote_address = elsewhere;
    EXPECT_EQ(page.answer(request).status, 404u) << elsewhere;
  }
}

TEST_F(FrontPageTest, OutsideOfDevelopmentNobodyGetsAToken) {
  const FrontPage page(authenticator_, fake_clock, net::StaticFiles(""), DevelopmentTokens::None);
  EXPECT_EQ(page.answer(get("/dev/token")).status, 404u);
}

}  // namespace
}  // namespace gstlk::api
