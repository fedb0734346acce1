// SPDX-License-Identifier: LGPL-2.1-or-later
// A transport that has seen a check takes the input as datagrams, each with its length in front:
// whatever classify() says, nothing breaks and nothing piles up.
#include "transport/demux.h"

#include <algorithm>
#include <cstdlib>

#include "transport/transport.h"

namespace {

using namespace gstlk;
using namespace gstlk::transport;

void zero_random(std::span<uint8_t> out) { std::fill(out.begin(), out.end(), uint8_t{1}); }

DtlsContext& context() {
  static const auto instance = std::move(DtlsContext::create()).value();
  return *instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Transport transport({.dtls = &context(), .random = zero_random});
  const AddressPair path{*SocketAddress::from_text("192.0.2.1:1"),
                         *SocketAddress::from_text("192.0.2.2:2")};
  Bytes check(256);
  const TransactionId transaction{};
  check.resize(StunBuilder(check, StunClass::Request, transaction)
                   .username(transport.local_ice().ufrag + ":x")
                   .integrity(HmacSha1(as_bytes(transport.local_ice().pwd)))
                   .finish());
  transport.handle_datagram(check, path, Timestamp{1s});
  ByteReader reader({data, size});
  while (reader.remaining() > 1) {
    const size_t wanted = reader.u8();
    const size_t length = std::min(wanted, reader.remaining());
    transport.handle_datagram(reader.bytes(length), path, Timestamp{1s});
  }
  while (transport.poll_output()) {
  }
  while (transport.poll_event()) {
  }
  if (transport.connected()) abort();
  return 0;
}
