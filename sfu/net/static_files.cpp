// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/static_files.h"

#include <glib.h>

#include <algorithm>
#include <utility>

namespace gstlk::net {
namespace {

constexpr std::pair<std::string_view, const char*> kContentTypes[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".wasm", "application/wasm"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
};

const char* content_type(std::string_view path) {
  for (const auto& [suffix, type] : kContentTypes) {
    if (path.ends_with(suffix)) return type;
  }
  return "application/octet-stream";
}

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.starts_with('/')) return false;
  if (path.starts_with('.') || path.find("/.") != std::string_view::npos) return false;
  return std::ranges::all_of(path, [](char c) {
    return g_ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == '/';
  });
}

}  // namespace

StaticFiles::StaticFiles(std::string folder) : folder_(std::move(folder)) {}

bool StaticFiles::has_index() const {
  return !folder_.empty() && g_file_test((folder_ + "/index.html").c_str(), G_FILE_TEST_IS_REGULAR);
}

HttpResponse StaticFiles::get(std::string_view path) const {
  if (folder_.empty() || !is_plain_path(path)) return not_found();
  const std::string file = folder_ + "/" + std::string(path);
  if (!g_file_test(file.c_str(), G_FILE_TEST_IS_REGULAR)) return not_found();
  char* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(file.c_str(), &data, &size, nullptr)) return not_found();
  HttpResponse response;
  response.content_type = content_type(path);
  response.body.assign(data, size);
  // Revalidated each time: the names of the files do not change with what is in them.
  response.headers = {{"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}};
  g_free(data);
  return response;
}

}  // namespace gstlk::net
