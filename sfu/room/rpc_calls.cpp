// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/rpc_calls.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "livekit_room.pb.h"
#include "room/participant.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

constexpr Duration kAcknowledgementLimit = 2s;
constexpr Duration kResponseLimit = 10s;       // if the request has none
constexpr Duration kMaxResponseLimit = 10min;  // somebody holds an HTTP connection for it
constexpr size_t kMaxPayload = 15360;

// LiveKit's codes, and what the server API makes of them.
struct Fault {
  uint32_t code;
  ErrorCode api_code;
  const char* message;
};
constexpr uint32_t kConnectionTimeout = 1501;
constexpr uint32_t kResponseTimeout = 1502;
constexpr uint32_t kRecipientDisconnected = 1503;
constexpr uint32_t kSendFailed = 1505;
constexpr uint32_t kPayloadTooLarge = 1402;
constexpr std::array kFaults = {
    Fault{1400, ErrorCode::InvalidArgument, "Method not supported at destination"},
    Fault{1401, ErrorCode::NotFound, "Recipient not found"},
    Fault{kPayloadTooLarge, ErrorCode::Malformed, "Request payload too large"},
    Fault{1403, ErrorCode::Unimplemented, "RPC not supported by server"},
    Fault{1404, ErrorCode::Unimplemented, "Unsupported RPC version"},
    Fault{1500, ErrorCode::Internal, "Application error in method handler"},
    Fault{kConnectionTimeout, ErrorCode::Canceled, "Connection timeout"},
    Fault{kResponseTimeout, ErrorCode::Canceled, "Response timeout"},
    Fault{kRecipientDisconnected, ErrorCode::Unavailable, "Recipient disconnected"},
    Fault{1504, ErrorCode::Malformed, "Response payload too large"},
    Fault{kSendFailed, ErrorCode::Internal, "Failed to send"},
};

Unexpected<ApiError> to_error(uint32_t code, const std::string& message, const std::string& data) {
  const auto* known = std::ranges::find(kFaults, code, &Fault::code);
  std::string text = "RpcError " + std::to_string(code) + ": " + message;
  if (!data.empty()) text += ": " + data;
  return refuse(known == kFaults.end() ? ErrorCode::Internal : known->api_code, std::move(text));
}

Unexpected<ApiError> to_error(uint32_t code) {
  return to_error(code, std::ranges::find(kFaults, code, &Fault::code)->message, "");
}

// RFC 9562, version 4.
std::string make_uuid(RandomSource random) {
  std::array<uint8_t, 16> bytes;
  random(bytes);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", bytes[i]);
    text += hex;
  }
  return text;
}

}  // namespace

void RpcCalls::start(Participant& destination, const ::livekit::PerformRpcRequest& request,
                     Done done) {
  if (request.payload().size() > kMaxPayload) return done(to_error(kPayloadTooLarge));
  const Duration asked = request.response_timeout_ms() == 0
                             ? kResponseLimit
                             : std::chrono::milliseconds(request.response_timeout_ms());
  const Duration limit = std::min(asked, kMaxResponseLimit);
  const std::string id = make_uuid(room_.random());
  ::livekit::DataPacket packet;
  packet.set_kind(::livekit::DataPacket::RELIABLE);
  packet.set_participant_identity(id);
  ::livekit::RpcRequest& call = *packet.mutable_rpc_request();
  call.set_id(id);
  call.set_method(request.method());
  call.set_payload(request.payload());
  call.set_response_timeout_ms(static_cast<uint32_t>(limit / 1ms));
  call.set_version(1);
  const std::string bytes = packet.SerializeAsString();
  if (!destination.has_data_channels() ||
      !destination.media().send_data(DataChannelKind::Reliable, as_bytes(bytes)))
    return done(to_error(kSendFailed));
  Call& kept = calls_[id];
  kept.destination = destination.sid();
  kept.done = std::move(done);
  kept.acknowledgement = room_.timers().call_later(
      kAcknowledgementLimit, [this, id] { fail(std::string(id), kConnectionTimeout); });
  kept.response =
      room_.timers().call_later(limit, [this, id] { fail(std::string(id), kResponseTimeout); });
}

RpcCalls::Call* RpcCalls::find(const Participant& sender, const std::string& id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.destination != sender.sid()) return nullptr;
  return &found->second;
}

bool RpcCalls::take(const Participant& sender, const ::livekit::DataPacket& packet) {
  if (packet.has_rpc_ack()) {
    Call* call = find(sender, packet.rpc_ack().request_id());
    if (call) call->acknowledgement.reset();
    return call;
  }
  if (!packet.has_rpc_response()) return false;
  const ::livekit::RpcResponse& response = packet.rpc_response();
  if (!find(sender, response.request_id())) return false;
  if (response.has_error()) {
    finish(response.request_id(),
           to_error(response.error().code(), response.error().message(), response.error().data()));
  } else {
    finish(response.request_id(), response.payload());
  }
  return true;
}

void RpcCalls::forget(const ParticipantId& participant) {
  std::vector<std::string> lost;
  for (const auto& [id, call] : calls_) {
    if (call.destination == participant) lost.push_back(id);
  }
  for (const std::string& id : lost) fail(id, kRecipientDisconnected);
}

void RpcCalls::fail(const std::string& id, uint32_t code) { finish(id, to_error(code)); }

void RpcCalls::finish(const std::string& id, Result<std::string, ApiError> payload) {
  const auto call = calls_.extract(id);
  if (call) call.mapped().done(std::move(payload));
}

}  // namespace gstlk::room
