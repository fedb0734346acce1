// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/simulate.h"

#include <algorithm>

#include "room/room.h"

namespace gstlk::signal {
namespace {

using Scenario = ::livekit::SimulateScenario;
constexpr int kMaxSpeakerSeconds = 60;

void switch_protocol(room::Participant& participant, ::livekit::CandidateProtocol protocol) {
  participant.ice().force(protocol == ::livekit::TLS   ? room::IcePreference::Tls
                          : protocol == ::livekit::TCP ? room::IcePreference::Tcp
                                                       : room::IcePreference::None);
  // Clients start over now, because the scenario's sender knows that they have to; others are
  // offered the new way at once.
  participant.media().resume();
}

}  // namespace

void handle_simulate(room::Participant& participant, const Scenario& scenario) {
  room::Room& room = participant.room();
  switch (scenario.scenario_case()) {
    case Scenario::kSpeakerUpdate:
      room.reports().simulate_speaker(
          participant.sid(),
          std::chrono::seconds(std::clamp(scenario.speaker_update(), 0, kMaxSpeakerSeconds)));
      break;
    case Scenario::kNodeFailure:
      participant.drop_link();
      room.remove(participant, {::livekit::STATE_MISMATCH});
      break;
    case Scenario::kMigration:
      participant.dismiss({::livekit::MIGRATION, ::livekit::LeaveRequest::RESUME});
      break;
    case Scenario::kServerLeave:
      room.remove(participant, {::livekit::SERVER_SHUTDOWN});
      break;
    case Scenario::kLeaveRequestFullReconnect:
      room.remove(participant, {::livekit::STATE_MISMATCH, ::livekit::LeaveRequest::RECONNECT});
      break;
    case Scenario::kDisconnectSignalOnResume:
      participant.fail_next_resume = room::ResumeFault::AfterMessages;
      break;
    case Scenario::kDisconnectSignalOnResumeNoMessages:
      participant.fail_next_resume = room::ResumeFault::BeforeMessages;
      break;
    case Scenario::kSubscriberBandwidth:
      participant.subscriptions().limit_bandwidth(
          static_cast<uint64_t>(std::max<int64_t>(scenario.subscriber_bandwidth(), 0)));
      break;
    case Scenario::kSwitchCandidateProtocol:
      switch_protocol(participant, scenario.switch_candidate_protocol());
      break;
    default:
      break;
  }
}

}  // namespace gstlk::signal
