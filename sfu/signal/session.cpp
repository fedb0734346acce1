// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/session.h"

#include <utility>

#include "livekit/access_token.h"
#include "livekit/messages.h"
#include "livekit_room.pb.h"
#include "room/admission.h"
#include "room/join_response.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/room_presets.h"
#include "room/traffic_log.h"
#include "signal/join_parameters.h"
#include "signal/log.h"
#include "signal/media_session.h"
#include "signal/requests.h"

namespace gstlk::signal {
namespace {

using room::Participant;
using room::Room;

constexpr size_t kMaxAddTracks = 20;
// LiveKit's Go SDK reads on before it has made the offer of its join its own, and cannot use an
// answer that is there by then.
constexpr Duration kOfferDelay = 30ms;

class WebSocketSession final : public Session, public room::SignalLink {
 public:
  WebSocketSession(SignalSink& sink, room::SignalTally& tally) : sink_(sink), tally_(tally) {}
  ~WebSocketSession() override {
    if (Participant* participant = std::exchange(participant_, nullptr))
      participant->on_link_closed(*this);
  }

  void join(room::RoomRegistry& registry, const room::Admission& admission,
            const livekit::Claims& claims, JoinParameters parameters, Timestamp asked);
  void resume(room::RoomRegistry& registry, const room::Admission& admission,
              const JoinParameters& parameters);

  void handle_binary(ByteView message) override;
  void handle_text(std::string_view message) override;

  void send(const room::SignalMessage& message) override {
    const ::livekit::SignalResponse& response = message.response();
    LOG_DEBUG(room::log_traffic, "response %s",
              room::field_name(response, response.message_case()).c_str());
    ++tally_.responses;
    tally_.offers += response.has_offer();
    tally_.answers += response.has_answer();
    sink_.send(kind_, message.payload(kind_));
  }
  void detach(bool normal) override {
    participant_ = nullptr;
    sink_.close(normal ? kCloseNormal : kCloseGoingAway);
  }

 private:
  void refuse(const room::Leave& leave, const room::ClientQuirks& quirks);
  void begin_media(const std::optional<::livekit::SessionDescription>& offer);
  void handle(const ::livekit::SignalRequest& request);

  SignalSink& sink_;
  room::SignalTally& tally_;            // of the registry, which outlives every session
  FrameKind kind_ = FrameKind::Binary;  // of the last message that came
  Participant* participant_ = nullptr;  // lets go of us before it is destroyed
  std::unique_ptr<room::Timer> delayed_offer_;
};

room::JoinDetails join_details(const room::Admission& admission, const livekit::Claims& claims,
                               JoinParameters& parameters) {
  room::JoinDetails details{.identity = admission.identity,
                            .claims = claims,
                            .client = std::move(parameters.client),
                            .auto_subscribe = parameters.auto_subscribe,
                            .auto_subscribe_data_track = parameters.auto_subscribe_data_track,
                            .adaptive_stream = parameters.adaptive_stream,
                            .allow_pause = parameters.subscriber_allow_pause,
                            .single_peer_connection = parameters.single_peer_connection,
                            .metadata = std::move(parameters.metadata),
                            .attributes = std::move(parameters.attributes)};
  // The companion connection of old clients only publishes.
  if (!parameters.publish.empty()) details.claims.grants.video->can_subscribe = false;
  return details;
}

room::JoinAttempt attempt_of(const JoinParameters& parameters) {
  return {.resumes = parameters.reconnect,
          .publish = parameters.publish,
          .metadata = parameters.metadata,
          .attributes = parameters.attributes};
}

// What the token says of a room that it may be the first to enter.
::livekit::RoomConfiguration room_configuration(const room::Settings& settings,
                                                const livekit::Grants& grants) {
  ::livekit::RoomConfiguration configuration;
  const std::string& json = grants.room_config;
  if (!json.empty() && !livekit::from_json(json, configuration))
    LOG_INFO(log_signal, "%s: room configuration cannot be read", grants.identity.c_str());
  if (const auto preset = room::find_preset(settings, grants.room_preset))
    room::fill_unset(configuration, *preset);
  return configuration;
}

void WebSocketSession::refuse(const room::Leave& leave, const room::ClientQuirks& quirks) {
  send(room::SignalMessage(room::leave_message(leave, quirks)));
  sink_.close(kCloseNormal);
}

void WebSocketSession::join(room::RoomRegistry& registry, const room::Admission& admission,
                            const livekit::Claims& claims, JoinParameters parameters,
                            Timestamp asked) {
  const auto configuration = room_configuration(registry.settings(), claims.grants);
  Room& room = registry.find_or_create(admission.room, &configuration);
  const room::ClientQuirks quirks = room::quirks_of(parameters.client);
  room::JoinDetails details = join_details(admission, claims, parameters);
  details.asked = asked;
  const auto joined = room.join(std::move(details), *this, make_media_session);
  if (!joined) {
    refuse({::livekit::JOIN_FAILURE}, quirks);
    return;
  }
  Participant& participant = **joined;
  participant_ = &participant;
  participant.send(room::join_response(participant));
  room.admit(participant);
  for (size_t i = 0; i < parameters.add_track_requests.size() && i < kMaxAddTracks; ++i)
    participant.publications().handle_add_track(parameters.add_track_requests[i]);
  if (!parameters.publisher_offer || participant.client().sdk() != ::livekit::ClientInfo::GO)
    return begin_media(parameters.publisher_offer);
  delayed_offer_ = registry.timers().call_later(
      kOfferDelay, [this, offer = std::move(parameters.publisher_offer)] { begin_media(offer); });
}

void WebSocketSession::begin_media(const std::optional<::livekit::SessionDescription>& offer) {
  if (!participant_) return;
  room::ParticipantMedia& media = participant_->media();
  if (offer) media.handle_offer(*offer);
  // A bad offer ends the session at once.
  if (participant_) media.start();
}

void WebSocketSession::resume(room::RoomRegistry& registry, const room::Admission& admission,
                              const JoinParameters& parameters) {
  using Fault = room::ResumeFault;
  Room* room = registry.find(admission.room);
  Participant* participant = room ? room->find(admission.identity) : nullptr;
  const std::string& sid = parameters.participant_sid;
  if (!participant || !participant->is_connected() || participant->is_forwarded() ||
      (!sid.empty() && !participant->was_told(sid))) {
    refuse({::livekit::STATE_MISMATCH, ::livekit::LeaveRequest::RECONNECT},
           room::quirks_of(parameters.client));
    return;
  }
  const Fault fault = std::exchange(participant->fail_next_resume, Fault::None);
  if (fault == Fault::BeforeMessages) {
    sink_.close(kCloseGoingAway);
    return;
  }
  const Timestamp lost = participant->link_lost_at().value_or(registry.timers().now());
  if (parameters.reconnect_reason == ::livekit::RR_PUBLISHER_FAILED ||
      parameters.reconnect_reason == ::livekit::RR_SUBSCRIBER_FAILED)
    participant->ice().on_client_failed();
  participant->attach(*this);
  participant_ = participant;
  if (participant->quirks().takes_reconnect_response)
    participant->send(room::reconnect_response(*participant));
  room->admit_again(*participant, lost);
  participant->media().resume();
  if (fault == Fault::AfterMessages) participant->drop_link();
}

void WebSocketSession::handle_binary(ByteView message) {
  if (!participant_) return;
  kind_ = FrameKind::Binary;
  ::livekit::SignalRequest request;
  if (!request.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    ++tally_.malformed_requests;
    LOG_DEBUG(log_signal, "%s: no SignalRequest", participant_->sid().value.c_str());
    return;
  }
  handle(request);
}

void WebSocketSession::handle_text(std::string_view message) {
  if (!participant_) return;
  kind_ = FrameKind::Text;
  ::livekit::SignalRequest request;
  if (const auto parsed = livekit::from_json(message, request); !parsed) {
    ++tally_.malformed_requests;
    LOG_DEBUG(log_signal, "%s: %s", participant_->sid().value.c_str(),
              parsed.error().message.c_str());
    return;
  }
  handle(request);
}

void WebSocketSession::handle(const ::livekit::SignalRequest& request) {
  ++tally_.requests;
  participant_->ice().on_signal();
  if (participant_->is_connected()) handle_request(*participant_, request);
}

}  // namespace

Result<std::unique_ptr<Session>, room::HttpError> Session::start(room::RoomRegistry& registry,
                                                                 const livekit::Claims* claims,
                                                                 JoinParameters parameters,
                                                                 SignalSink& sink) {
  const Timestamp asked = registry.timers().now();
  const auto admission = room::admit(registry, claims, attempt_of(parameters));
  if (!admission) return Unexpected<room::HttpError>{admission.error()};
  auto session = std::make_unique<WebSocketSession>(sink, registry.tally());
  if (parameters.reconnect) {
    session->resume(registry, *admission, parameters);
  } else {
    session->join(registry, *admission, *claims, std::move(parameters), asked);
  }
  return std::unique_ptr<Session>(std::move(session));
}

Result<void, room::HttpError> validate(room::RoomRegistry& registry, const livekit::Claims* claims,
                                       const JoinParameters& parameters) {
  constexpr unsigned kBadRequest = 400;
  if (parameters.attributes_unreadable)
    return room::refuse(kBadRequest, "cannot decode attributes");
  const auto admission = room::admit(registry, claims, attempt_of(parameters));
  if (!admission) return Unexpected<room::HttpError>{admission.error()};
  return {};
}

}  // namespace gstlk::signal
