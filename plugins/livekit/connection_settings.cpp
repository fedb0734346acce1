// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/connection_settings.h"

#include <glib.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>

namespace gstlk::client {

namespace {

constexpr auto kTokenLifetime = std::chrono::hours(6);

struct UriDeleter {
  void operator()(GUri* uri) const { g_uri_unref(uri); }
};
using UriPtr = std::unique_ptr<GUri, UriDeleter>;

struct StringDeleter {
  void operator()(char* text) const { g_free(text); }
};
using StringPtr = std::unique_ptr<char, StringDeleter>;

struct Scheme {
  std::string_view name;
  const char* http;
  const char* ws;
};
constexpr std::array<Scheme, 6> kSchemes = {{
    {"ws", "http", "ws"},
    {"wss", "https", "wss"},
    {"http", "http", "ws"},
    {"https", "https", "wss"},
    {"livekit", "http", "ws"},
    {"livekits", "https", "wss"},
}};

const Scheme* find_scheme(std::string_view name) {
  for (const Scheme& scheme : kSchemes)
    if (scheme.name == name) return &scheme;
  return nullptr;
}

// For messages.
std::string quoted(const std::string& url) { return "\"" + shown_url(url) + "\""; }

Result<UriPtr> parse(const std::string& text, GUriFlags flags) {
  GError* error = nullptr;
  UriPtr uri(g_uri_parse(text.c_str(), flags, &error));
  if (uri) {
    if (!g_uri_get_host(uri.get()) || !*g_uri_get_host(uri.get()))
      return fail(quoted(text) + " names no host");
    return uri;
  }
  std::string message = quoted(text) + " is not a URL: " + error->message;
  g_error_free(error);
  return fail(std::move(message));
}

// "scheme://host:port" with IPv6 addresses in brackets again.
std::string origin(GUri* uri, const char* scheme) {
  const std::string host = g_uri_get_host(uri);
  std::string text = std::string(scheme) + "://";
  text += host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (g_uri_get_port(uri) > 0) text += ":" + std::to_string(g_uri_get_port(uri));
  return text;
}

std::string* query_field(std::string_view name, ConnectionSettings& settings) {
  if (name == "identity") return &settings.identity;
  if (name == "name") return &settings.participant_name;
  if (name == "token") return &settings.auth_token;
  if (name == "key") return &settings.api_key;
  if (name == "secret") return &settings.secret_key;
  if (name == "session") return &settings.session;
  return nullptr;
}

std::string escape(const std::string& text) {
  return StringPtr(g_uri_escape_string(text.c_str(), nullptr, FALSE)).get();
}

Result<void> apply_query(const char* query, ConnectionSettings& settings) {
  GUriParamsIter iter;
  g_uri_params_iter_init(&iter, query, -1, "&", G_URI_PARAMS_NONE);
  char* name = nullptr;
  char* value = nullptr;
  while (g_uri_params_iter_next(&iter, &name, &value, nullptr)) {
    const StringPtr name_owner(name);
    const StringPtr value_owner(value);
    std::string* field = query_field(name, settings);
    if (!field)
      return fail(std::string("\"") + name +
                  "\" is not known in a livekit URI; there are identity, name, token, key, secret "
                  "and session");
    *field = value;
  }
  return {};
}

}  // namespace

Result<std::string> make_token(const ConnectionSettings& settings, livekit::UnixTime now) {
  if (!settings.auth_token.empty()) return settings.auth_token;
  if (settings.api_key.empty() || settings.secret_key.empty())
    return fail("set auth-token, or api-key and secret-key with room-name and identity");
  if (settings.room_name.empty()) return fail("set room-name, or auth-token");
  if (settings.identity.empty()) return fail("set identity, or auth-token");
  livekit::Claims claims;
  claims.issuer = settings.api_key;
  claims.issued_at = now;
  claims.not_before = now;
  claims.expires_at = now + kTokenLifetime;
  claims.grants.identity = settings.identity;
  claims.grants.name = settings.participant_name;
  claims.grants.metadata = settings.metadata;
  livekit::VideoGrant grant;
  grant.room_join = true;
  grant.room = settings.room_name;
  grant.can_update_own_metadata = true;
  grant.hidden = settings.hidden;
  grant.recorder = settings.recorder;
  claims.grants.video = grant;
  return livekit::sign_token(claims, settings.secret_key);
}

Result<void> apply_uri(const std::string& text, ConnectionSettings& settings) {
  auto uri = parse(text, G_URI_FLAGS_ENCODED_QUERY);
  if (!uri) return fail(uri.error().message);
  const Scheme* scheme = find_scheme(g_uri_get_scheme(uri->get()));
  if (!scheme || !std::string_view(scheme->name).starts_with("livekit"))
    return fail(quoted(text) + " does not begin with livekit:// or livekits://");
  std::string_view path = g_uri_get_path(uri->get());
  while (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return fail(quoted(text) + " names no room: livekit://host:port/room");
  settings.ws_url = origin(uri->get(), scheme->ws);
  settings.room_name = path;
  if (const char* query = g_uri_get_query(uri->get()))
    if (auto applied = apply_query(query, settings); !applied) return applied;
  if (settings.identity.empty() && settings.auth_token.empty())
    settings.identity = "gstreamer-" + std::to_string(g_random_int());
  return {};
}

std::string to_uri(const ConnectionSettings& settings) {
  auto uri = parse(settings.ws_url, G_URI_FLAGS_NONE);
  const Scheme* scheme = uri ? find_scheme(g_uri_get_scheme(uri->get())) : nullptr;
  if (!scheme) return {};
  const char* name = std::string_view(scheme->http) == "https" ? "livekits" : "livekit";
  std::string text = origin(uri->get(), name) + "/" + escape(settings.room_name);
  char separator = '?';
  const auto add = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    text += separator + std::string(key) + "=" + escape(value);
    separator = '&';
  };
  add("identity", settings.identity);
  add("name", settings.participant_name);
  add("session", settings.session);
  return text;
}

Result<std::string> signal_url(const std::string& ws_url, const std::string& path) {
  auto uri = parse(ws_url, G_URI_FLAGS_NONE);
  if (!uri) return fail(uri.error().message);
  const Scheme* scheme = find_scheme(g_uri_get_scheme(uri->get()));
  if (!scheme)
    return fail(quoted(ws_url) + " does not begin with ws://, wss://, http:// or https://");
  std::string prefix = g_uri_get_path(uri->get());
  if (scheme->name.starts_with("livekit")) prefix.clear();  // the path is the room there
  if (!prefix.ends_with('/')) prefix += '/';
  return origin(uri->get(), scheme->http) + prefix + path;
}

std::string shown_url(const std::string& url) {
  const size_t colon = url.find("://");
  const bool has_scheme = colon != std::string::npos && colon < url.find_first_of("/?#");
  const size_t begin = has_scheme ? colon + 3 : 0;
  std::string authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const size_t user = authority.rfind('@');
  if (user != std::string::npos) authority.erase(0, user + 1);
  return url.substr(0, begin) + authority;
}

}  // namespace gstlk::client
