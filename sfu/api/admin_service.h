// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/authentication.h"
#include "base/ids.h"
#include "net/http_server.h"
#include "net/static_files.h"

namespace gstlk::api {

// What there is to see, as text that is made when somebody asks; nullopt: there is no such room.
struct AdminStatistics {
  using OfRoom = std::function<std::optional<std::string>(const RoomName& room)>;
  std::function<std::string()> rooms;  // JSON
  OfRoom room;                         // JSON
  OfRoom room_with_addresses;          // likewise, with where the participants are
  OfRoom pipeline;                     // JSON
  OfRoom dot;                          // Graphviz
};

// Statistics of the rooms, and a page that draws them:
//
//   GET /admin/                            the page, for everybody: there is nothing in it
//   GET /admin/rooms                       all rooms with their totals; grant roomList
//   GET /admin/rooms/<name>                one of them with participants, tracks, subscriptions,
//   and
//                                          the participants' addresses with the grant roomList too;
//   GET /admin/rooms/<name>/pipeline       its pipeline as nodes and edges;
//   GET /admin/rooms/<name>/pipeline.dot   and as Graphviz reads it; grant roomAdmin for that room
//
// Tokens and refusals are those of the server API: who may ListRooms may list them, who may
// ListParticipants of a room may look into it. Main thread only.
class AdminService {
 public:
  // The authenticator outlives this, and this outlives the server it is added to.
  AdminService(const Authenticator& authenticator, net::StaticFiles page,
               AdminStatistics statistics);

  void add_to(net::HttpServer& server);
  net::HttpResponse answer(const net::HttpRequest& request) const;

 private:
  net::HttpResponse page_file(const net::HttpRequest& request) const;
  net::HttpResponse statistics(const net::HttpRequest& request) const;
  net::HttpResponse of_room(const livekit::Grants& grants, const std::string& path) const;

  const Authenticator& authenticator_;
  const net::StaticFiles page_;
  const AdminStatistics statistics_;
};

}  // namespace gstlk::api
