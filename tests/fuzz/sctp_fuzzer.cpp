// SPDX-License-Identifier: LGPL-2.1-or-later
// The input twice: as a DCEP message, and as an SCTP packet to a session that is connecting.
#include "transport/sctp.h"

#include <cstdlib>

namespace {

using namespace gstlk;
using namespace gstlk::transport;

void check_dcep(ByteView bytes) {
  const auto message = parse_dcep(bytes);
  if (!message || !std::holds_alternative<DataChannelConfig>(*message)) return;
  const auto& config = std::get<DataChannelConfig>(*message);
  const auto again = parse_dcep(build_dcep_open(config));
  if (!again || std::get<DataChannelConfig>(*again) != config) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView bytes(data, size);
  check_dcep(bytes);
  static SctpSession& session = *[] {
    auto* made = new SctpSession(SctpSession::Streams::Odd, SctpSession::kDefaultPort,
                                 SctpSession::kDefaultPort, {});
    if (!made->start()) abort();
    return made;
  }();
  session.handle_packet(bytes);
  while (session.poll_packet()) {
  }
  while (session.poll_event()) {
  }
  return 0;
}
