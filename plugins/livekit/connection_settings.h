// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "livekit/access_token.h"

namespace gstlk::client {

// What an element's properties say about the room to join and who joins it. A value.
struct ConnectionSettings {
  std::string ws_url = "ws://127.0.0.1:7880";
  std::string auth_token;  // else one is made of the following
  std::string api_key;
  std::string secret_key;
  std::string room_name;
  std::string identity;
  std::string participant_name;
  std::string metadata;
  // Elements of one process with the same, non-empty name are one participant, of one room.
  std::string session;
  bool hidden = false;    // of a token made here
  bool recorder = false;  // of a token made here
  // How long the first join may take, and how long a lost room is tried for; zero: for ever.
  Duration timeout = 15s;
  Duration retry_for = Duration::zero();
};

// The access token to join with: auth_token, or one made of key and secret that is valid for six
// hours. The error says which property is missing.
Result<std::string> make_token(const ConnectionSettings& settings, livekit::UnixTime now);

// "livekit://host:7880/room?identity=x" (ws) and "livekits://" (wss) into the fields that such a
// URI has: ws_url, room_name, and by the query identity, name, token, key, secret, session. Who has
// neither identity nor token gets an identity by chance. The error names the part that is wrong.
Result<void> apply_uri(const std::string& uri, ConnectionSettings& settings);
// Of the fields, without token, key or secret.
std::string to_uri(const ConnectionSettings& settings);

// The URL of the signal connection: any of ws, wss, http, https, livekit, livekits with "rtc" (or
// "rtc/validate") behind its path, as http or https. The error says what is wrong with the URL.
Result<std::string> signal_url(const std::string& ws_url, const std::string& path);

// "scheme://host:port" of a URL, for messages: user and password, path and query may be secrets.
// Of a text without a scheme what is in front of the path.
std::string shown_url(const std::string& url);

}  // namespace gstlk::client
