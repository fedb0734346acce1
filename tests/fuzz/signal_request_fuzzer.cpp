// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "livekit/access_token.h"
#include "room/room_registry.h"
#include "signal/join_parameters.h"
#include "signal/session.h"
#include "support/fake_media.h"
#include "support/fake_timers.h"

// A participant that joined and whose client then says anything. The input is a sequence of
// messages: a byte for the kind (odd is text), two for the length, then the message. Everything
// that was joined is torn down again.
namespace gstlk {
namespace {

class NoSink : public signal::SignalSink {
 public:
  void send(signal::FrameKind, const signal::Payload&) override {}
  void close(uint16_t) override {}
};

void talk(signal::Session& session, room::FakeTimers& timers, ByteView input) {
  ByteReader reader(input);
  while (reader.remaining() >= 3) {
    const bool text = reader.u8() % 2 == 1;
    const size_t length = reader.u16();
    const size_t size = std::min(length, reader.remaining());
    const ByteView message = reader.bytes(size);
    if (text) {
      session.handle_text(as_text(message));
    } else {
      session.handle_binary(message);
    }
    timers.advance(200ms);
  }
}

void run(ByteView input) {
  const signal::Query query = {{"join_request", std::string(as_text(input))}};
  (void)signal::parse_join_parameters(signal::SignalPath::V1, query, as_text(input), "");

  room::FakeTimers timers;
  room::RoomRegistry registry({}, timers, room::counting_random, [](const RoomName&) {
    return std::make_unique<room::FakeRoomMedia>();
  });
  livekit::Claims claims;
  claims.grants.identity = "fuzzer";
  claims.grants.video.emplace();
  claims.grants.video->room_join = true;
  claims.grants.video->room = "room";
  signal::JoinParameters parameters;
  parameters.single_peer_connection = input.size() % 2 == 1;
  parameters.client.set_protocol(17);
  NoSink sink;
  auto session = signal::Session::start(registry, &claims, parameters, sink);
  if (session) talk(**session, timers, input);
  timers.advance(1s);
}

}  // namespace
}  // namespace gstlk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gstlk::run({data, size});
  return 0;
}
