// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/private_folder.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace gstlk::turn {
namespace {

// Then the process that it is for, and a few letters.
constexpr std::string_view kPrefix = "livekit-sfu-turn-";

bool is_abandoned(const std::string& path, std::string_view name) {
  if (!name.starts_with(kPrefix)) return false;
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid())
    return false;
  const int pid = std::atoi(name.data() + kPrefix.size());
  return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

void remove_abandoned() {
  const std::string parent = g_get_tmp_dir();
  GDir* dir = g_dir_open(parent.c_str(), 0, nullptr);
  while (const char* name = dir ? g_dir_read_name(dir) : nullptr) {
    const std::string path = parent + "/" + name;
    if (is_abandoned(path, name)) remove_folder(path);
  }
  if (dir) g_dir_close(dir);
}

}  // namespace

Result<std::string> make_private_folder() {
  remove_abandoned();
  const std::string pattern = std::string(kPrefix) + std::to_string(getpid()) + "-XXXXXX";
  GError* error = nullptr;
  char* made = g_dir_make_tmp(pattern.c_str(), &error);
  if (!made) {
    const std::string why = error->message;
    g_error_free(error);
    return fail("turn.enabled: no folder for coturn's configuration: " + why + "; set TMPDIR");
  }
  const std::string folder(made);
  g_free(made);
  return folder;
}

void remove_folder(const std::string& folder) {
  GDir* dir = g_dir_open(folder.c_str(), 0, nullptr);
  while (const char* name = dir ? g_dir_read_name(dir) : nullptr) {
    g_unlink((folder + "/" + name).c_str());
  }
  if (dir) g_dir_close(dir);
  g_rmdir(folder.c_str());
}

bool write_private(const std::string& path, const std::string& text) {
  GError* error = nullptr;
  const bool written =
      g_file_set_contents_full(path.c_str(), text.data(), static_cast<gssize>(text.size()),
                               G_FILE_SET_CONTENTS_NONE, S_IRUSR | S_IWUSR, &error);
  g_clear_error(&error);
  return written;
}

}  // namespace gstlk::turn
