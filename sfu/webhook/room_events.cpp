// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/room_events.h"

#include "livekit/messages.h"
#include "livekit_webhook.pb.h"
#include "room/participant.h"
#include "room/publication.h"
#include "room/room.h"
#include "webhook/notifier.h"

namespace gstlk::webhook {

RoomEvents::RoomEvents(Notifier& notifier, bool full_rooms)
    : notifier_(notifier), full_rooms_(full_rooms) {}

void RoomEvents::on_room_started(const room::Room& room) { tell_room("room_started", room); }

void RoomEvents::on_room_finished(const room::Room& room) { tell_room("room_finished", room); }

void RoomEvents::on_participant_active(const room::Participant& participant) {
  tell_participant("participant_joined", participant);
}

void RoomEvents::on_participant_left(const room::Participant& participant) {
  tell_participant(participant.was_active() ? "participant_left" : "participant_connection_aborted",
                   participant);
}

void RoomEvents::on_track_published(const room::Publication& publication) {
  tell_track("track_published", publication);
}

void RoomEvents::on_track_unpublished(const room::Publication& publication) {
  tell_track("track_unpublished", publication);
}

void RoomEvents::tell_room(const char* event, const room::Room& room) {
  pb::WebhookEvent message;
  message.set_event(event);
  *message.mutable_room() = room.info();
  notifier_.notify(std::move(message));
}

void RoomEvents::tell_participant(const char* event, const room::Participant& participant) {
  pb::WebhookEvent message;
  message.set_event(event);
  *message.mutable_room() = participant.room().info();
  *message.mutable_participant() = participant.info();
  notifier_.notify(std::move(message));
}

void RoomEvents::tell_track(const char* event, const room::Publication& publication) {
  const room::Participant& publisher = publication.publisher();
  pb::WebhookEvent message;
  message.set_event(event);
  if (full_rooms_) {
    *message.mutable_room() = publisher.room().info();
  } else {
    message.mutable_room()->set_sid(publisher.room().sid().value);
    message.mutable_room()->set_name(publisher.room().name().value);
  }
  message.mutable_participant()->set_sid(publisher.sid().value);
  message.mutable_participant()->set_identity(publisher.identity().value);
  *message.mutable_track() = publication.info();
  notifier_.notify(std::move(message));
}

}  // namespace gstlk::webhook
