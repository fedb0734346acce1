// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/client_properties.h"

#include <array>

namespace gstlk::client {

namespace {

struct TextProperty {
  const char* name;
  const char* nick;
  const char* blurb;
  std::string ConnectionSettings::*field;
  bool secret;
};

// Names as in gst-plugins-rs's LiveKit signaller where that has them.
constexpr std::array<TextProperty, 9> kTexts = {{
    {"ws-url", "WebSocket URL",
     "Server to join: ws://, wss://, http://, https://, livekit:// or livekits:// with host, port "
     "and the path in front of \"rtc\"",
     &ConnectionSettings::ws_url, false},
    {"auth-token", "Access token",
     "Access token (JWT) to join with; without it one is made of api-key, secret-key, room-name "
     "and identity. Reads as empty",
     &ConnectionSettings::auth_token, true},
    {"api-key", "API key", "API key of the server, to make a token with",
     &ConnectionSettings::api_key, false},
    {"secret-key", "API secret", "API secret of the server, to make a token with. Reads as empty",
     &ConnectionSettings::secret_key, true},
    {"room-name", "Room name", "Room to join, for the token that is made",
     &ConnectionSettings::room_name, false},
    {"identity", "Identity",
     "Identity of the participant, unique in the room, for the token that is made",
     &ConnectionSettings::identity, false},
    {"participant-name", "Participant name", "Name that others see, for the token that is made",
     &ConnectionSettings::participant_name, false},
    {"metadata", "Metadata", "Metadata of the participant, for the token that is made",
     &ConnectionSettings::metadata, false},
    {"session", "Session",
     "Elements of one process with the same session name are one participant, and name the same "
     "room; whose token it has, and whether it is hidden, the first to start says; "
     "empty: a participant of its own",
     &ConnectionSettings::session, false},
}};

constexpr guint kTimeout = kTexts.size();
constexpr guint kReconnectTimeout = kTimeout + 1;
constexpr guint kCount = kReconnectTimeout + 1;

constexpr auto kFlags =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

GParamSpec* seconds_spec(const char* name, const char* nick, const char* blurb, guint initial) {
  return g_param_spec_uint(name, nick, blurb, 0, G_MAXINT, initial, kFlags);
}

guint seconds(Duration duration) {
  return static_cast<guint>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

}  // namespace

guint install_client_properties(GObjectClass* klass, guint first) {
  const ConnectionSettings initial;
  for (guint i = 0; i < kTexts.size(); ++i) {
    const TextProperty& text = kTexts[i];
    const std::string& value = initial.*text.field;
    g_object_class_install_property(
        klass, first + i,
        g_param_spec_string(text.name, text.nick, text.blurb,
                            value.empty() ? nullptr : value.c_str(), kFlags));
  }
  g_object_class_install_property(
      klass, first + kTimeout,
      seconds_spec("timeout", "Timeout",
                   "Seconds that the first join may take, with all its attempts, before it is an "
                   "error; 0: for ever",
                   seconds(initial.timeout)));
  g_object_class_install_property(
      klass, first + kReconnectTimeout,
      seconds_spec("reconnect-timeout", "Reconnect timeout",
                   "Seconds that a lost room is tried for before it is an error; 0: for ever",
                   seconds(initial.retry_for)));
  return first + kCount;
}

bool set_client_property(ConnectionSettings& settings, guint first, guint id, const GValue* value) {
  const guint index = id - first;
  if (index < kTexts.size()) {
    const char* text = g_value_get_string(value);
    settings.*kTexts[index].field = text ? text : "";
  } else if (index == kTimeout) {
    settings.timeout = std::chrono::seconds(g_value_get_uint(value));
  } else if (index == kReconnectTimeout) {
    settings.retry_for = std::chrono::seconds(g_value_get_uint(value));
  }
  return index < kCount;
}

bool get_client_property(const ConnectionSettings& settings, guint first, guint id, GValue* value) {
  const guint index = id - first;
  if (index < kTexts.size()) {
    const TextProperty& text = kTexts[index];
    const std::string& field = settings.*text.field;
    // Never a secret: a dot dump or a debug log would show it.
    g_value_set_string(value, text.secret || field.empty() ? nullptr : field.c_str());
  } else if (index == kTimeout) {
    g_value_set_uint(value, seconds(settings.timeout));
  } else if (index == kReconnectTimeout) {
    g_value_set_uint(value, seconds(settings.retry_for));
  }
  return index < kCount;
}

}  // namespace gstlk::client
