// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/join_response.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "room/participant.h"
#include "room/room.h"
#include "room/track_info.h"

namespace gstlk::room {
namespace {

constexpr int kPingInterval = 5;  // seconds
constexpr int kPingTimeout = 15;

void add_ice_servers(const Participant& participant,
                     google::protobuf::RepeatedPtrField<::livekit::ICEServer>& list) {
  const Settings& settings = participant.room().settings();
  if (!settings.ice_servers) return;
  for (const IceServer& server : settings.ice_servers(
           participant.sid(), participant.ice().preference() == IcePreference::Tls)) {
    ::livekit::ICEServer& entry = *list.Add();
    for (const std::string& url : server.urls) entry.add_urls(url);
    entry.set_username(server.username);
    entry.set_credential(server.credential);
  }
}

::livekit::ClientConfiguration configuration_of(const Participant& participant) {
  ::livekit::ClientConfiguration configuration = client_configuration(participant.client());
  if (participant.ice().preference() == IcePreference::Tls) {
    configuration.set_force_relay(::livekit::ENABLED);
  }
  return configuration;
}

void add_publish_codecs(const Participant& participant,
                        google::protobuf::RepeatedPtrField<::livekit::Codec>& list) {
  for (const EnabledCodec& codec :
       publish_codecs(participant.room().settings().enabled_codecs, participant.client())) {
    if (mime_type(codec.mime, ::livekit::VIDEO) == "video/rtx") continue;
    ::livekit::Codec& entry = *list.Add();
    entry.set_mime(codec.mime);
    entry.set_fmtp_line(codec.fmtp);
  }
}

}  // namespace

::livekit::ServerInfo server_info(const Settings& settings) {
  ::livekit::ServerInfo info;
  info.set_edition(::livekit::ServerInfo::Standard);
  info.set_version(settings.server_version);
  info.set_protocol(kProtocol);
  info.set_region(settings.region);
  info.set_node_id(settings.node_id);
  info.set_agent_protocol(1);
  return info;
}

::livekit::SignalResponse join_response(const Participant& participant) {
  const Room& room = participant.room();
  const Settings& settings = room.settings();
  ::livekit::SignalResponse response;
  ::livekit::JoinResponse& join = *response.mutable_join();
  *join.mutable_room() = room.info();
  *join.mutable_participant() = participant.info();
  join.mutable_participant()->set_state(::livekit::ParticipantInfo::JOINED);
  room.for_each_participant([&](Participant& other) {
    if (&other != &participant && !other.is_hidden() && other.is_connected())
      *join.add_other_participants() = other.info();
  });
  *join.mutable_server_info() = server_info(settings);
  join.set_server_version(settings.server_version);
  join.set_server_region(settings.region);
  add_ice_servers(participant, *join.mutable_ice_servers());
  join.set_subscriber_primary(participant.is_subscriber_primary());
  join.set_ping_interval(kPingInterval);
  join.set_ping_timeout(kPingTimeout);
  join.set_fast_publish(participant.grant().may_publish() &&
                        participant.ice().preference() == IcePreference::None);
  *join.mutable_client_configuration() = configuration_of(participant);
  add_publish_codecs(participant, *join.mutable_enabled_publish_codecs());
  join.set_sif_trailer(room.sif_trailer());
  return response;
}

::livekit::SignalResponse reconnect_response(const Participant& participant) {
  ::livekit::SignalResponse response;
  ::livekit::ReconnectResponse& reconnect = *response.mutable_reconnect();
  add_ice_servers(participant, *reconnect.mutable_ice_servers());
  *reconnect.mutable_client_configuration() = configuration_of(participant);
  *reconnect.mutable_server_info() = server_info(participant.room().settings());
  reconnect.set_last_message_seq(participant.last_data_sequence);
  return response;
}

}  // namespace gstlk::room
