// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/dispatch_rtcp.h"

namespace gstlk::rtp {

void dispatch_rtcp(ByteView compound, ReceiveSession& receive, SendSession& send, Timestamp now,
                   RtcpResults& results) {
  results.send_events.clear();
  results.sender_reports.clear();
  results.ended.clear();
  RtcpReader reader(compound);
  while (const auto message = reader.next()) {
    if (const auto* report = std::get_if<RtcpSenderReport>(&*message)) {
      if (const auto id = receive.handle_sender_report(*report, now)) {
        results.sender_reports.push_back(*id);
      }
    } else if (const auto* bye = std::get_if<RtcpBye>(&*message)) {
      for (size_t i = 0; i < bye->sources.size(); ++i) {
        if (const auto id = receive.handle_bye(bye->sources[i])) results.ended.push_back(*id);
      }
    }
    send.handle_rtcp(*message, now, results.send_events);
  }
  results.malformed = reader.malformed();
  // A peer that sends and receives has one path: what is measured one way serves the other.
  if (const auto round_trip = send.round_trip()) receive.set_round_trip(*round_trip);
}

}  // namespace gstlk::rtp
