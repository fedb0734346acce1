// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/static_files.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <gtest/gtest.h>

namespace gstlk::net {
namespace {

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    char* folder = g_dir_make_tmp("static-files-XXXXXX", nullptr);
    parent_ = folder;
    g_free(folder);
    folder_ = parent_ + "/page";
    g_mkdir(folder_.c_str(), 0700);
    g_file_set_contents((parent_ + "/secret.txt").c_str(), "secret", -1, nullptr);
    g_file_set_contents((folder_ + "/index.html").c_str(), "<p>hello", -1, nullptr);
    g_file_set_contents((folder_ + "/main.js").c_str(), "let a;", -1, nullptr);
  }
  ~StaticFilesTest() override {
    for (const char* name : {"/page/main.js", "/page/index.html", "/secret.txt"}) {
      g_remove((parent_ + name).c_str());
    }
    g_rmdir(folder_.c_str());
    g_rmdir(parent_.c_str());
  }

  std::string parent_;
  std::string folder_;
};

TEST_F(StaticFilesTest, AFileComesWithItsType) {
  const StaticFiles files(folder_);
  EXPECT_TRUE(files.has_index());
  EXPECT_EQ(files.get("main.js").body, "let a;");
  EXPECT_EQ(files.get("main.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(files.get("index.html").content_type, "text/html; charset=utf-8");
}

TEST_F(StaticFilesTest, NothingOutsideOfTheFolderIsReached) {
  const StaticFiles files(folder_);
  for (const char* path : {"../secret.txt", "./../secret.txt", "a/../../secret.txt", "/etc/passwd",
                           "%2e%2e/secret.txt", "", ".", "..", "main.js/", "nothing"}) {
    EXPECT_EQ(files.get(path).status, 404u) << path;
  }
}

TEST(StaticFiles, WithoutAFolderThereIsNothing) {
  const StaticFiles files("");
  EXPECT_FALSE(files.has_index());
  EXPECT_EQ(files.get("index.html").status, 404u);
}

}  // namespace
}  // namespace gstlk::net
