// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/receiver_name.h"

#include <glib.h>

namespace gstlk::webhook {

std::string receiver_name(const std::string& url) {
  GUri* uri = g_uri_parse(url.c_str(), G_URI_FLAGS_PARSE_RELAXED, nullptr);
  if (!uri) return "a receiver without a valid URL";
  const char* found = g_uri_get_host(uri);
  const std::string host = found ? found : "";
  const int port = g_uri_get_port(uri);
  std::string name = std::string(g_uri_get_scheme(uri)) + "://";
  name += host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port > 0) name += ":" + std::to_string(port);
  g_uri_unref(uri);
  return name;
}

}  // namespace gstlk::webhook
