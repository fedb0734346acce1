// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include "base/bytes.h"
#include "livekit/base64.h"
#include "net/http.h"
#include "signal/join_parameters.h"

// The input is the query of /rtc or /rtc/v1, and the bytes of a WrappedJoinRequest.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  const ByteView input(data, size);
  const net::Query query = net::parse_query(as_text(input));
  for (const auto path : {signal::SignalPath::V0, signal::SignalPath::V1}) {
    const auto parameters = signal::parse_join_parameters(path, query, "fuzzer", "192.0.2.1");
    if (!parameters && parameters.error().status != 400) abort();
  }
  const net::Query wrapped{{"join_request", gstlk::livekit::encode_base64url(input)}};
  const auto parameters =
      signal::parse_join_parameters(signal::SignalPath::V1, wrapped, "fuzzer", "192.0.2.1");
  if (parameters && !parameters->single_peer_connection) abort();
  return 0;
}
