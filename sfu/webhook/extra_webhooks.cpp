// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/extra_webhooks.h"

#include "livekit/messages.h"
#include "livekit_egress.pb.h"

namespace gstlk::webhook {

std::vector<pb::WebhookConfig> extra_webhooks(const pb::EgressInfo& egress) {
  const auto list = [](const auto& request) {
    return std::vector<pb::WebhookConfig>(request.webhooks().begin(), request.webhooks().end());
  };
  switch (egress.request_case()) {
    case pb::EgressInfo::kEgress:
      return list(egress.egress());
    case pb::EgressInfo::kReplay:
      return list(egress.replay());
    case pb::EgressInfo::kRoomComposite:
      return list(egress.room_composite());
    case pb::EgressInfo::kWeb:
      return list(egress.web());
    case pb::EgressInfo::kParticipant:
      return list(egress.participant());
    case pb::EgressInfo::kTrackComposite:
      return list(egress.track_composite());
    case pb::EgressInfo::kTrack:
      return list(egress.track());
    case pb::EgressInfo::REQUEST_NOT_SET:
      break;
  }
  return {};
}

}  // namespace gstlk::webhook
