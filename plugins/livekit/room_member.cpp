// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/room_member.h"

#include "plugins/livekit/track_identity.h"

namespace gstlk::client {

namespace {

// Of a data packet, with room for its envelope in the 65,535 bytes that every client takes.
constexpr gsize kMaxPayload = 64'000;

void append(GValue* array, GstStructure* structure) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&value, structure);
  gst_value_array_append_and_take_value(array, &value);
}

GstStructure* with_array(const char* name, const char* field, GValue* array) {
  GstStructure* structure = gst_structure_new_empty(name);
  gst_structure_take_value(structure, field, array);
  return structure;
}

std::string lower(const std::string& text) {
  gchar* folded = g_ascii_strdown(text.c_str(), -1);
  std::string result = folded;
  g_free(folded);
  return result;
}

const char* reason_of(::livekit::SubscriptionError error) {
  switch (error) {
    case ::livekit::SE_CODEC_UNSUPPORTED:
      return "codec_unsupported";
    case ::livekit::SE_TRACK_NOTFOUND:
      return "track_notfound";
    default:
      return "unknown";
  }
}

}  // namespace

bool RoomMember::find_session(const ConnectionSettings& settings) {
  auto session = RoomSession::find_or_make(settings);
  if (session) {
    leaving_ = false;
    check_hidden(settings, (*session)->settings());
    set_session(*session);
    return true;
  }
  GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", session.error().message.c_str()),
                    (nullptr));
  return false;
}

// The token is that of the element that opened the session. Of one that was given it is not known
// here what it hides.
void RoomMember::check_hidden(const ConnectionSettings& wanted, const ConnectionSettings& opened) {
  if (wanted.hidden == opened.hidden || !wanted.auth_token.empty() || !opened.auth_token.empty())
    return;
  GST_ELEMENT_WARNING(
      element_, RESOURCE, SETTINGS,
      ("The element that opened session \"%s\" %s. Give this one another session, or start it "
       "first.",
       opened.session.c_str(),
       opened.hidden ? "hides its participant, as a recorder: nobody sees what this one publishes"
                     : "does not hide its participant: others see that of this one, too"),
      (nullptr));
}

void RoomMember::catch_up(const RoomSession& session) {
  using livekit::RoomChangeKind;
  if (session.state() == livekit::SessionState::Idle) return;
  on_state(session.state(), "");
  for (const auto& [identity, who] : session.room().participants()) {
    on_room_change({RoomChangeKind::ParticipantJoined, who, {}});
    for (const auto& track : who.tracks())
      on_room_change({RoomChangeKind::TrackPublished, who, track});
  }
}

void RoomMember::post(GstStructure* structure) {
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

void RoomMember::on_state(livekit::SessionState state, const std::string& detail) {
  post(gst_structure_new("livekit-state", "state", G_TYPE_STRING, to_string(state), "detail",
                         G_TYPE_STRING, detail.c_str(), nullptr));
}

void RoomMember::on_ended(const livekit::SessionEnd& end) {
  const char* words = end.message.c_str();
  const auto ended = session();
  const std::string url = ended ? shown_url(ended->settings().ws_url) : "";
  switch (end.cause) {
    case livekit::EndCause::Left:
      return;
    case livekit::EndCause::Refused:
      GST_ELEMENT_ERROR(element_, RESOURCE, NOT_AUTHORIZED,
                        ("The server refused the join: %s. Check the token, or api-key, "
                         "secret-key and room-name.",
                         words),
                        ("%s", url.c_str()));
      return;
    case livekit::EndCause::Unreachable:
      if (end.reason == ::livekit::JOIN_FAILURE) {
        GST_ELEMENT_ERROR(element_, RESOURCE, BUSY,
                          ("The server lets nobody else into the room (%s): it may be full. Let "
                           "more participants in, or wait longer with timeout.",
                           words),
                          ("%s", url.c_str()));
        return;
      }
      GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_READ_WRITE,
                        ("The room could not be reached: %s. Check ws-url (%s), and that the "
                         "server is running.",
                         words, url.c_str()),
                        (nullptr));
      return;
    case livekit::EndCause::Removed:
      GST_ELEMENT_ERROR(element_, RESOURCE, CLOSE,
                        ("The server has ended this participant's session: %s.", words),
                        ("%s", url.c_str()));
      return;
  }
}

void RoomMember::on_room_change(const livekit::RoomChange& change) {
  const ::livekit::ParticipantInfo& who = change.participant;
  const char* event = to_string(change.kind);
  if (change.track.sid().empty())
    return post(gst_structure_new("livekit-participant", "event", G_TYPE_STRING, event, "identity",
                                  G_TYPE_STRING, who.identity().c_str(), "sid", G_TYPE_STRING,
                                  who.sid().c_str(), "name", G_TYPE_STRING, who.name().c_str(),
                                  "metadata", G_TYPE_STRING, who.metadata().c_str(), nullptr));
  const ::livekit::TrackInfo& track = change.track;
  post(gst_structure_new("livekit-track", "event", G_TYPE_STRING, event, "identity", G_TYPE_STRING,
                         who.identity().c_str(), "sid", G_TYPE_STRING, track.sid().c_str(), "name",
                         G_TYPE_STRING, track.name().c_str(), "source", G_TYPE_STRING,
                         source_name(track.source()).c_str(), "kind", G_TYPE_STRING,
                         lower(::livekit::TrackType_Name(track.type())).c_str(), "muted",
                         G_TYPE_BOOLEAN, static_cast<gboolean>(track.muted()), nullptr));
}

void RoomMember::on_message(const ::livekit::SignalResponse& message) {
  if (message.has_speakers_changed()) post_speakers(message.speakers_changed());
  if (message.has_connection_quality()) post_quality(message.connection_quality());
  if (message.has_subscription_response()) post_refusal(message.subscription_response());
}

void RoomMember::post_speakers(const ::livekit::SpeakersChanged& changed) {
  const auto joined = session();
  if (!joined) return;
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const auto& speaker : changed.speakers()) {
    const auto* who = joined->room().participant_by_sid(speaker.sid());
    if (!who) continue;
    append(&array,
           gst_structure_new("speaker", "identity", G_TYPE_STRING, who->identity().c_str(), "level",
                             G_TYPE_DOUBLE, static_cast<double>(speaker.level()), "active",
                             G_TYPE_BOOLEAN, static_cast<gboolean>(speaker.active()), nullptr));
  }
  post(with_array("livekit-speakers", "speakers", &array));
}

// There is no other response than a refusal.
void RoomMember::post_refusal(const ::livekit::SubscriptionResponse& refused) {
  const auto joined = session();
  if (!joined) return;
  GstStructure* structure = gst_structure_new(
      "livekit-subscription", "event", G_TYPE_STRING, "subscription-failed", "sid", G_TYPE_STRING,
      refused.track_sid().c_str(), "reason", G_TYPE_STRING, reason_of(refused.err()), nullptr);
  const ::livekit::ParticipantInfo* who = nullptr;
  if (const auto* track = joined->room().track(refused.track_sid(), &who))
    gst_structure_set(structure, "identity", G_TYPE_STRING, who->identity().c_str(), "name",
                      G_TYPE_STRING, track->name().c_str(), nullptr);
  post(structure);
}

void RoomMember::post_quality(const ::livekit::ConnectionQualityUpdate& update) {
  const auto joined = session();
  if (!joined) return;
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const auto& info : update.updates()) {
    const auto* who = joined->room().participant_by_sid(info.participant_sid());
    if (!who) continue;
    const std::string quality = lower(::livekit::ConnectionQuality_Name(info.quality()));
    append(&array,
           gst_structure_new("participant", "identity", G_TYPE_STRING, who->identity().c_str(),
                             "quality", G_TYPE_STRING, quality.c_str(), "score", G_TYPE_DOUBLE,
                             static_cast<double>(info.score()), nullptr));
  }
  post(with_array("livekit-quality", "participants", &array));
}

bool RoomMember::publish_data(GBytes* payload, const DataWishes& wishes) {
  const auto joined = session();
  gsize size = 0;
  const void* data = g_bytes_get_data(payload, &size);
  if (!joined || leaving_ || size > kMaxPayload) return false;
  ::livekit::DataPacket packet;
  packet.mutable_user()->set_payload(data, size);
  if (!wishes.topic.empty()) packet.mutable_user()->set_topic(wishes.topic);
  for (const std::string& identity : wishes.destinations)
    packet.add_destination_identities(identity);
  bool sent = false;
  return joined->run_unless_stopping([&] {
    sent = joined->publish_data(packet, wishes.reliable);
  }) && sent;
}

void RoomMember::on_data(const ::livekit::DataPacket& packet, bool reliable) {
  if (!packet.has_user()) return;
  const std::string& payload = packet.user().payload();
  GBytes* bytes = g_bytes_new(payload.data(), payload.size());
  post(gst_structure_new("livekit-data", "identity", G_TYPE_STRING,
                         packet.participant_identity().c_str(), "topic", G_TYPE_STRING,
                         packet.user().topic().c_str(), "reliable", G_TYPE_BOOLEAN,
                         static_cast<gboolean>(reliable), "payload", G_TYPE_BYTES, bytes, nullptr));
  g_bytes_unref(bytes);
}

}  // namespace gstlk::client
