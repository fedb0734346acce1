// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/requests.h"

#include <algorithm>
#include <array>

#include "room/room.h"
#include "room/traffic_log.h"
#include "signal/log.h"
#include "signal/simulate.h"

namespace gstlk::signal {
namespace {

using Request = ::livekit::SignalRequest;
using room::Participant;

constexpr int64_t kMaxRoundTripMs = 60'000;

int64_t now_ms(const Participant& participant) {
  return participant.room().timers().unix_micros() / 1000;
}

void handle_ping(Participant& participant, const Request&) {
  ::livekit::SignalResponse response;
  response.set_pong(now_ms(participant));
  participant.send(response);
}

void handle_ping_request(Participant& participant, const Request& request) {
  participant.ice().on_round_trip(
      std::chrono::milliseconds(std::clamp<int64_t>(request.ping_req().rtt(), 0, kMaxRoundTripMs)));
  ::livekit::SignalResponse response;
  response.mutable_pong_resp()->set_last_ping_timestamp(request.ping_req().timestamp());
  response.mutable_pong_resp()->set_timestamp(now_ms(participant));
  participant.send(response);
}

void handle_trickle(Participant& participant, const Request& request) {
  if (participant.media().handle_trickle(request.trickle())) return;
  ::livekit::RequestResponse response;
  response.set_reason(::livekit::RequestResponse::UNCLASSIFIED_ERROR);
  response.set_message("candidate is not a JSON object");
  *response.mutable_trickle() = request.trickle();
  participant.respond(response);
}

using Handler = void (*)(Participant&, const Request&);
struct Entry {
  Request::MessageCase type;
  Handler handle;
};

constexpr std::array kHandlers = {
    Entry{Request::kOffer,
          [](Participant& p, const Request& r) { p.media().handle_offer(r.offer()); }},
    Entry{Request::kAnswer,
          [](Participant& p, const Request& r) { p.media().handle_answer(r.answer()); }},
    Entry{Request::kTrickle, handle_trickle},
    Entry{
        Request::kAddTrack,
        [](Participant& p, const Request& r) { p.publications().handle_add_track(r.add_track()); }},
    Entry{Request::kMute,
          [](Participant& p, const Request& r) { p.publications().handle_mute(r.mute()); }},
    Entry{Request::kSubscription,
          [](Participant& p, const Request& r) {
            p.subscriptions().handle_update(r.subscription());
          }},
    Entry{Request::kTrackSetting,
          [](Participant& p, const Request& r) {
            p.subscriptions().handle_settings(r.track_setting());
          }},
    Entry{Request::kLeave, [](Participant& p, const Request& r) { p.handle_leave(r.leave()); }},
    Entry{Request::kSubscriptionPermission,
          [](Participant& p, const Request& r) {
            p.handle_subscription_permission(r.subscription_permission());
          }},
    Entry{Request::kSyncState,
          [](Participant& p, const Request& r) { p.handle_sync_state(r.sync_state()); }},
    Entry{Request::kSimulate,
          [](Participant& p, const Request& r) { handle_simulate(p, r.simulate()); }},
    Entry{Request::kPing, handle_ping},
    Entry{Request::kUpdateMetadata,
          [](Participant& p, const Request& r) { p.handle_update_metadata(r.update_metadata()); }},
    Entry{Request::kPingReq, handle_ping_request},
    Entry{Request::kUpdateAudioTrack,
          [](Participant& p, const Request& r) {
            p.publications().handle_update_audio(r.update_audio_track());
          }},
    Entry{Request::kUpdateVideoTrack,
          [](Participant& p, const Request& r) {
            p.publications().handle_update_video(r.update_video_track());
          }},
    Entry{Request::kPublishDataTrackRequest,
          [](Participant& p, const Request& r) {
            p.room().data_tracks().handle_publish(p, r.publish_data_track_request());
          }},
    Entry{Request::kUnpublishDataTrackRequest,
          [](Participant& p, const Request& r) {
            p.room().data_tracks().handle_unpublish(p, r.unpublish_data_track_request());
          }},
    Entry{Request::kUpdateDataSubscription,
          [](Participant& p, const Request& r) {
            p.room().data_tracks().handle_update(p, r.update_data_subscription());
          }},
    Entry{Request::kStoreDataBlobRequest,
          [](Participant& p, const Request& r) {
            p.data_blobs().handle_store(r.store_data_blob_request());
          }},
    Entry{Request::kGetDataBlobRequest,
          [](Participant& p, const Request& r) {
            p.data_blobs().handle_get(r.get_data_blob_request());
          }},
};

}  // namespace

void handle_request(Participant& participant, const Request& request) {
  LOG_DEBUG(room::log_traffic, "request %s",
            room::field_name(request, request.message_case()).c_str());
  const auto entry = std::ranges::find(kHandlers, request.message_case(), &Entry::type);
  if (entry == kHandlers.end()) {
    LOG_DEBUG(log_signal, "%s: request %d ignored", participant.sid().value.c_str(),
              static_cast<int>(request.message_case()));
    return;
  }
  entry->handle(participant, request);
}

}  // namespace gstlk::signal
