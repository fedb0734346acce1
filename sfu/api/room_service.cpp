// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/room_service.h"

#include <string>
#include <utility>

#include "api/twirp.h"
#include "livekit/messages.h"
#include "livekit_room.pb.h"
#include "room/room_control.h"

namespace gstlk::api {
namespace {

constexpr char kService[] = "RoomService";

using GrantCheck = bool (*)(const livekit::VideoGrant& video, const std::string& room);

bool may_create(const livekit::VideoGrant& video, const std::string&) { return video.room_create; }
bool may_list(const livekit::VideoGrant& video, const std::string&) { return video.room_list; }
bool may_administer(const livekit::VideoGrant& video, const std::string& room) {
  return !room.empty() && video.may_administer(room);
}

bool is_granted(const livekit::Grants& grants, GrantCheck check, const std::string& room) {
  return grants.video && check(*grants.video, room);
}

template <class Response>
Result<Response, TwirpError> to_response(Result<Response, room::ApiError> result) {
  if (!result) return Unexpected{to_twirp(result.error())};
  return std::move(result).value();
}

// Which room a request is about; those about none have no such field.
template <class Request>
std::string room_of(const Request& request) {
  if constexpr (requires { request.room(); }) {
    return request.room();
  } else {
    return "";
  }
}

class RoomService {
 public:
  RoomService(TwirpServer& server, room::RoomControl& rooms) : server_(server), rooms_(rooms) {}

  // A method that answers what the rooms return.
  template <class Request, class Response>
  void add(const char* name, GrantCheck check,
           Result<Response, room::ApiError> (room::RoomControl::*method)(const Request&)) {
    server_.add<Request, Response>(
        kService, name,
        [&rooms = rooms_, check, method](const livekit::Grants& grants,
                                         const Request& request) -> Result<Response, TwirpError> {
          if (!is_granted(grants, check, room_of(request))) return permissions_denied();
          return to_response((rooms.*method)(request));
        });
  }

  // A method whose answer is an empty message.
  template <class Response, class Request>
  void add_void(const char* name, GrantCheck check,
                Result<void, room::ApiError> (room::RoomControl::*method)(const Request&)) {
    server_.add<Request, Response>(
        kService, name,
        [&rooms = rooms_, check, method](const livekit::Grants& grants,
                                         const Request& request) -> Result<Response, TwirpError> {
          if (!is_granted(grants, check, room_of(request))) return permissions_denied();
          const Result<void, room::ApiError> result = (rooms.*method)(request);
          if (!result) return Unexpected{to_twirp(result.error())};
          return Response();
        });
  }

  // Forward and move: to another room that the token names as well.
  template <class Response, class Request>
  void add_transfer(const char* name,
                    Result<void, room::ApiError> (room::RoomControl::*method)(const Request&)) {
    server_.add<Request, Response>(
        kService, name,
        [&rooms = rooms_, method](const livekit::Grants& grants,
                                  const Request& request) -> Result<Response, TwirpError> {
          if (!is_granted(grants, may_administer, request.room()) ||
              grants.video->destination_room != request.destination_room()) {
            return permissions_denied();
          }
          if (request.room() == request.destination_room()) {
            constexpr char kWrong[] = "destination room cannot be the same as source room";
            return Unexpected{TwirpError{TwirpCode::InvalidArgument, kWrong, kWrong}};
          }
          const Result<void, room::ApiError> result = (rooms.*method)(request);
          if (!result) return Unexpected{to_twirp(result.error())};
          return Response();
        });
  }

  void add_perform_rpc() {
    server_.add_async<pb::PerformRpcRequest, pb::PerformRpcResponse>(
        kService, "PerformRpc",
        [&rooms = rooms_](const livekit::Grants& grants, const pb::PerformRpcRequest& request,
                          const net::HttpRequest&,
                          const TwirpReply<pb::PerformRpcResponse>& reply) {
          if (!is_granted(grants, may_administer, request.room()))
            return reply(permissions_denied());
          rooms.perform_rpc(request,
                            [reply](Result<pb::PerformRpcResponse, room::ApiError> result) {
                              reply(to_response(std::move(result)));
                            });
        });
  }

 private:
  TwirpServer& server_;
  room::RoomControl& rooms_;
};

}  // namespace

void add_room_service(TwirpServer& server, room::RoomControl& rooms) {
  using room::RoomControl;
  RoomService service(server, rooms);
  service.add("CreateRoom", may_create, &RoomControl::create_room);
  service.add("ListRooms", may_list, &RoomControl::list_rooms);
  service.add_void<pb::DeleteRoomResponse>("DeleteRoom", may_create, &RoomControl::delete_room);
  service.add("UpdateRoomMetadata", may_administer, &RoomControl::update_room_metadata);
  service.add("ListParticipants", may_administer, &RoomControl::list_participants);
  service.add("GetParticipant", may_administer, &RoomControl::get_participant);
  service.add_void<pb::RemoveParticipantResponse>("RemoveParticipant", may_administer,
                                                  &RoomControl::remove_participant);
  service.add("MutePublishedTrack", may_administer, &RoomControl::mute_published_track);
  service.add("UpdateParticipant", may_administer, &RoomControl::update_participant);
  service.add_void<pb::UpdateSubscriptionsResponse>("UpdateSubscriptions", may_administer,
                                                    &RoomControl::update_subscriptions);
  service.add_void<pb::SendDataResponse>("SendData", may_administer, &RoomControl::send_data);
  service.add_transfer<pb::ForwardParticipantResponse>("ForwardParticipant",
                                                       &RoomControl::forward_participant);
  service.add_transfer<pb::MoveParticipantResponse>("MoveParticipant",
                                                    &RoomControl::move_participant);
  service.add_perform_rpc();
}

}  // namespace gstlk::api
