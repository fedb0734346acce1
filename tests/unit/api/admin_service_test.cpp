// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/admin_service.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api_fixture.h"

namespace gstlk::api {
namespace {

class AdminServiceTest : public testing::Test {
 protected:
  AdminServiceTest() {
    char* folder = g_dir_make_tmp("admin-XXXXXX", nullptr);
    folder_ = folder;
    g_free(folder);
    g_file_set_contents((folder_ + "/index.html").c_str(), "<p>rooms", -1, nullptr);
  }
  ~AdminServiceTest() override {
    g_remove((folder_ + "/index.html").c_str());
    g_rmdir(folder_.c_str());
  }

  net::HttpResponse get(const std::string& path, const std::string& token = "") const {
    net::HttpRequest request;
    request.method = "GET";
    request.path = path;
    if (!token.empty()) request.headers = {{"Authorization", "Bearer " + token}};
    return service().answer(request);
  }
  AdminService service() const {
    const auto of_room = [](const char* what) {
      return [what](const RoomName& room) -> std::optional<std::string> {
        if (room.value == "gone") return std::nullopt;
        return what + (" of " + room.value);
      };
    };
    return {authenticator_, net::StaticFiles(folder_),
            AdminStatistics{.rooms = [] { return "all rooms"; },
                            .room = of_room("figures"),
                            .room_with_addresses = of_room("figures and addresses"),
                            .pipeline = of_room("pipeline"),
                            .dot = of_room("dot")}};
  }
  static std::string admin_of(const std::string& room) {
    return token_with({.room_admin = true, .room = room});
  }

  std::string folder_;
  Authenticator authenticator_{kKeys, fake_clock};
};

TEST_F(AdminServiceTest, WhoMaySeeTheServerSeesAddresses) {
  EXPECT_EQ(get("/admin/rooms/kitchen", admin_of("kitchen")).body, "figures of kitchen");
  const auto all = token_with({.room_list = true, .room_admin = true, .room = "kitchen"});
  EXPECT_EQ(get("/admin/rooms/kitchen", all).body, "figures and addresses of kitchen");
}

TEST_F(AdminServiceTest, WhoMayListRoomsSeesThem) {
  EXPECT_EQ(get("/admin/rooms", token_with({.room_list = true})).body, "all rooms");
  EXPECT_EQ(get("/admin/rooms", token_with({.room_list = true})).content_type, "application/json");
  for (const std::string& token :
       {std::string(), token_with({.room_join = true, .room = "kitchen"}), admin_of("kitchen")}) {
    const net::HttpResponse response = get("/admin/rooms", token);
    EXPECT_EQ(response.status, 401u);
    EXPECT_EQ(response.body, "permissions denied");
  }
  EXPECT_EQ(get("/admin/rooms", "nonsense").status, 401u);
}

TEST_F(AdminServiceTest, WhoAdministersARoomLooksIntoThatRoomAlone) {
  EXPECT_EQ(get("/admin/rooms/kitchen", admin_of("kitchen")).body, "figures of kitchen");
  EXPECT_EQ(get("/admin/rooms/kitchen/pipeline", admin_of("kitchen")).body, "pipeline of kitchen");
  const net::HttpResponse dot = get("/admin/rooms/kitchen/pipeline.dot", admin_of("kitchen"));
  EXPECT_EQ(dot.body, "dot of kitchen");
  EXPECT_EQ(dot.content_type, "text/vnd.graphviz");
  for (const std::string& token :
       {std::string(), admin_of("cellar"), token_with({.room_list = true}),
        token_with({.room_join = true, .room = "kitchen"})}) {
    for (const char* path : {"/admin/rooms/kitchen", "/admin/rooms/kitchen/pipeline",
                             "/admin/rooms/kitchen/pipeline.dot"}) {
      EXPECT_EQ(get(path, token).status, 401u) << path;
    }
  }
}

TEST_F(AdminServiceTest, ARoomsNameMayHaveAnyCharacter) {
  EXPECT_EQ(get("/admin/rooms/a%2Fb%20%C3%BC", admin_of("a/b \xc3\xbc")).body,
            "figures of a/b \xc3\xbc");
  EXPECT_EQ(get("/admin/rooms/pipeline/pipeline", admin_of("pipeline")).body,
            "pipeline of pipeline");
}

TEST_F(AdminServiceTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(get("/admin/rooms/gone", admin_of("gone")).status, 404u);
  EXPECT_EQ(get("/admin/rooms/", admin_of("")).status, 404u);
  EXPECT_EQ(get("/admin/rooms/kitchen/door", admin_of("kitchen")).status, 404u);
  EXPECT_EQ(get("/admin/rooms/%zz", admin_of("%zz")).status, 404u);
  EXPECT_EQ(get("/admin/nothing.js").status, 404u);
  net::HttpRequest post;
  post.method = "POST";
  post.path = "/admin/rooms";
  EXPECT_EQ(service().answer(post).status, 404u);
}

TEST_F(AdminServiceTest, ThePageIsForEverybodyAndLoadsNothingFromElsewhere) {
  EXPECT_EQ(get("/admin").status, 308u);
  const net::HttpResponse page = get("/admin/");
  EXPECT_EQ(page.body, "<p>rooms");
  EXPECT_EQ(get("/admin/index.html").body, "<p>rooms");
  const auto policy = std::ranges::find(page.headers, std::string("Content-Security-Policy"),
                                        &std::pair<std::string, std::string>::first);
  ASSERT_NE(policy, page.headers.end());
  EXPECT_TRUE(policy->second.starts_with("default-src 'none'"));
}

}  // namespace
}  // namespace gstlk::api
