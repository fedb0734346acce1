// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/stun.h"

#include <array>
#include <cstdlib>

#include "transport/ice_client.h"
#include "transport/ice_lite.h"

namespace {

using namespace gstlk;
using namespace gstlk::transport;

void zero_random(std::span<uint8_t> out) {
  for (uint8_t& byte : out) byte = 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView datagram(data, size);
  static const HmacSha1 key(as_bytes("VOkJxbRl1RmTxUk/WvJxBt"));
  const auto message = StunMessage::parse(datagram);
  if (message) {
    message->verify(key);
    // Both readers agree on the name.
    const std::string_view ufrag = stun_local_ufrag(datagram);
    if (!ufrag.empty() && message->message_class != StunClass::Request) abort();
  }
  const AddressPair path{*SocketAddress::from_text("192.0.2.1:1"),
                         *SocketAddress::from_text("192.0.2.2:2")};
  IceLite server(zero_random);
  std::array<uint8_t, IceLite::kMaxResponse> out;
  const IceAction action = server.handle_check(datagram, path, Timestamp{1s}, out);
  if (const auto* reject = std::get_if<IceReject>(&action))
    if (!StunMessage::parse(ByteView(out).first(reject->size))) abort();
  IceClient client(zero_random);
  client.set_remote(server.local(), path);
  client.handle_response(datagram, Timestamp{1s});
  return 0;
}
