// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/private_folder.h"

#include <glib/gstdio.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gstlk::turn {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

bool exists(const std::string& path) { return g_file_test(path.c_str(), G_FILE_TEST_EXISTS); }

TEST(PrivateFolder, IsForNobodyElseAndGoesWithWhatIsInIt) {
  const auto folder = make_private_folder();
  ASSERT_TRUE(folder);
  EXPECT_EQ(mode_of(*folder), 0700u);
  ASSERT_TRUE(write_private(*folder + "/a", "secret"));
  EXPECT_EQ(mode_of(*folder + "/a"), 0600u);
  remove_folder(*folder);
  EXPECT_FALSE(exists(*folder));
}

TEST(PrivateFolder, WhatAProcessLeftThatIsGoneIsRemovedByTheNext) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  const std::string tmp = g_get_tmp_dir();
  const std::string left = tmp + "/livekit-sfu-turn-" + std::to_string(gone) + "-abcdef";
  const std::string alive = tmp + "/livekit-sfu-turn-" + std::to_string(getpid()) + "-abcdef";
  ASSERT_EQ(g_mkdir(left.c_str(), 0700) + g_mkdir(alive.c_str(), 0700), 0);
  ASSERT_TRUE(write_private(left + "/turnserver.conf", "secret"));
  const auto folder = make_private_folder();
  EXPECT_FALSE(exists(left));
  EXPECT_TRUE(exists(alive));
  remove_folder(alive);
  remove_folder(*folder);
}

}  // namespace
}  // namespace gstlk::turn
