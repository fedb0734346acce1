// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/header_extensions.h"

#include <algorithm>
#include <iterator>

namespace gstlk::signal {
namespace {

using sdp::HeaderExtension;
using sdp::MediaKind;

enum Use : uint8_t {
  kReceiveAudio = 1,
  kReceiveVideo = 2,
  kSendAudio = 4,
  kSendVideo = 8,
  kAllUses = 15,
};

enum class Condition : uint8_t { Always, SinglePeer, SendSideEstimation, Remb, PlayoutDelay };

struct Row {
  uint8_t id;  // in offers of ours
  const char* uri;
  uint8_t uses;
  // Of `conditional_uses`, which `uses` do not have yet.
  uint8_t conditional_uses = 0;
  Condition condition = Condition::Always;
};

constexpr Row kRows[] = {
    {1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level", kReceiveAudio | kSendAudio},
    {2, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", 0, kReceiveVideo,
     Condition::SinglePeer},
    {2, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", 0, kSendVideo,
     Condition::Remb},
    {3, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", kReceiveVideo,
     kSendVideo, Condition::SendSideEstimation},
    {4, "urn:ietf:params:rtp-hdrext:sdes:mid", kAllUses},
    {5, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", 0, kSendVideo,
     Condition::PlayoutDelay},
    {6, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time", kAllUses},
    {10, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", kReceiveAudio | kReceiveVideo},
    {11, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", kReceiveVideo},
    {12, "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
     kReceiveVideo | kSendVideo},
};

uint8_t uses_of(const Flow& flow) {
  const bool audio = flow.kind == MediaKind::Audio;
  uint8_t uses = 0;
  if (flow.receive) uses |= audio ? kReceiveAudio : kReceiveVideo;
  if (flow.send) uses |= audio ? kSendAudio : kSendVideo;
  return uses;
}

bool holds(Condition condition, const Flow& flow, const NegotiationOptions& options) {
  switch (condition) {
    case Condition::Always:
      return true;
    case Condition::SinglePeer:
      return flow.single_peer;
    case Condition::SendSideEstimation:
      return options.send_side_bandwidth_estimation;
    case Condition::Remb:
      return !options.send_side_bandwidth_estimation;
    case Condition::PlayoutDelay:
      return options.playout_delay;
  }
  return false;
}

bool wanted(const Row& row, const Flow& flow, const NegotiationOptions& options) {
  uint8_t uses = row.uses;
  if (holds(row.condition, flow, options)) uses |= row.conditional_uses;
  return uses & uses_of(flow);
}

}  // namespace

std::vector<HeaderExtension> accept_extensions(const std::vector<HeaderExtension>& offered,
                                               const Flow& flow,
                                               const NegotiationOptions& options) {
  std::vector<HeaderExtension> result;
  for (const HeaderExtension& extension : offered) {
    const bool known = std::ranges::any_of(kRows, [&](const Row& row) {
      return row.uri == extension.uri && wanted(row, flow, options);
    });
    // Chromium lists an extension twice in one m-line.
    const bool again = std::ranges::any_of(result, [&extension](const HeaderExtension& taken) {
      return taken.id == extension.id || taken.uri == extension.uri;
    });
    if (!known || again || extension.direction == sdp::Direction::Inactive) continue;
    result.push_back({extension.id, sdp::Direction::SendRecv, extension.uri});
  }
  return result;
}

std::vector<HeaderExtension> offer_extensions(const Flow& flow, const NegotiationOptions& options) {
  std::vector<HeaderExtension> result;
  for (const Row& row : kRows) {
    if (wanted(row, flow, options)) result.push_back({row.id, sdp::Direction::SendRecv, row.uri});
  }
  return result;
}

}  // namespace gstlk::signal
