// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/secret_file.h"

#include <glib.h>
#include <sys/stat.h>

namespace gstlk::config {

Result<std::string> read_secret_file(const std::string& path) {
  struct stat info {};
  char* data = nullptr;
  gsize size = 0;
  if (stat(path.c_str(), &info) != 0 || !g_file_get_contents(path.c_str(), &data, &size, nullptr)) {
    return fail("secret_file " + path + " to be readable");
  }
  const std::string text(data, size);
  g_free(data);
  if (info.st_mode & (S_IROTH | S_IWOTH)) {
    return fail("secret_file " + path + " to be read by nobody else; run: chmod o= " + path);
  }
  constexpr char kSpace[] = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return fail("secret_file " + path + " to hold a secret");
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace gstlk::config
