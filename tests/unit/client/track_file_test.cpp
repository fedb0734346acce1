// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace gstlk::client {
namespace {

namespace fs = std::filesystem;

class RecordingFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "recording-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string make(const std::string& identity, const std::string& source = "camera") {
    return fs::path(make_recording_file(folder_, identity, source)).filename();
  }

  std::string folder_;
};

TEST_F(RecordingFileTest, IsNamedAfterWhoPublishesAndWhat) {
  EXPECT_EQ(make("ada", "screen_share"), "ada-screen_share-1.mkv");
  EXPECT_TRUE(fs::exists(folder_ + "/ada-screen_share-1.mkv"));
}

TEST_F(RecordingFileTest, TakesTheNextNumberRatherThanAFileThatIsThere) {
  std::ofstream(folder_ + "/ada-camera-2.mkv") << "mine";
  EXPECT_EQ(make("ada"), "ada-camera-1.mkv");
  EXPECT_EQ(make("ada"), "ada-camera-3.mkv");
  EXPECT_EQ(fs::file_size(folder_ + "/ada-camera-2.mkv"), 4u);
}

TEST_F(RecordingFileTest, CountsOn) {
  for (int number = 1; number <= 300; ++number)
    ASSERT_EQ(make("ada"), "ada-camera-" + std::to_string(number) + ".mkv");
}

TEST_F(RecordingFileTest, StaysInItsFolderWhateverTheIdentityIs) {
  EXPECT_EQ(make("../../etc/passwd"), "_.._.._etc_passwd-camera-1.mkv");
  EXPECT_EQ(make(".."), "_..-camera-1.mkv");
  EXPECT_EQ(make("a b\n%s\"'"), "a_b__s__-camera-1.mkv");
  EXPECT_EQ(make(""), "_-camera-1.mkv");
  EXPECT_EQ(make("ada@example.org"), "ada@example.org-camera-1.mkv");
}

TEST_F(RecordingFileTest, CutsAnIdentityThatIsTooLongForAFileName) {
  EXPECT_EQ(make(std::string(4000, 'x')), std::string(100, 'x') + "-camera-1.mkv");
}

TEST_F(RecordingFileTest, IsNoneInAFolderThatIsNotThere) {
  EXPECT_EQ(make_recording_file(folder_ + "/none", "ada", "camera"), "");
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace gstlk::client
