// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "livekit_models.pb.h"
#include "room/settings.h"

namespace gstlk::room {

// What a client can be sent, from its protocol version, its SDK and its browser.
struct ClientQuirks {
  int protocol = 0;
  bool subscriber_primary = false;      // v0: may have the subscriber side as the first one
  bool takes_request_response = false;  // and track_subscribed
  bool takes_ok_response = false;       // a RequestResponse that is no error
  bool takes_leave_action = false;
  bool takes_reconnect_response = false;
  bool replaces_by_identity = false;  // needs no DISCONNECTED of a participant that joined again
  bool reuses_sections = false;       // an m-line may carry another track later
  bool takes_sync_streams = false;
  bool knows_lost_quality = false;
  bool takes_red = false;
  bool dials_tcp = false;            // ICE over TCP, where only the client can open connections
  bool ignores_codec_order = false;  // the answer lists one codec only
};

ClientQuirks quirks_of(const ::livekit::ClientInfo& client);

// What the client is told about its own weaknesses.
::livekit::ClientConfiguration client_configuration(const ::livekit::ClientInfo& client);

// Of what is enabled in a room, what the client may publish: VP8 first, then H264, other video,
// audio. Clients take the first they can, and so does the server where one cannot be.
std::vector<EnabledCodec> publish_codecs(const std::vector<EnabledCodec>& enabled,
                                         const ::livekit::ClientInfo& client);

}  // namespace gstlk::room
