// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>

#include "agent/dispatcher.h"
#include "base/bytes.h"
#include "livekit_room.pb.h"
#include "room/room_registry.h"
#include "support/fake_media.h"
#include "support/fake_timers.h"

// Two workers that say anything to a server with rooms that want agents. The input is a sequence of
// messages: a byte for the worker and the kind (odd is text), two for the length, then the message.
// Whatever they were asked is answered too, so that messages about jobs have jobs to be about.
namespace gstlk {
namespace {

class Link : public agent::WorkerLink {
 public:
  void send(agent::FrameKind kind, const agent::Payload& payload) override {
    ::livekit::ServerMessage message;
    if (kind == agent::FrameKind::Binary && message.ParseFromString(*payload) &&
        message.has_availability())
      asked.insert(message.availability().job().id());
  }
  void close(uint16_t) override {}
  std::set<std::string> asked;
};

struct Client {
  Client(agent::WorkerListener& listener, room::Timers& timers)
      : worker({"AW_x", "key", {}}, timers, listener, link) {}
  void answer() {
    for (const std::string& id : std::exchange(link.asked, {})) {
      ::livekit::WorkerMessage message;
      message.mutable_availability()->set_job_id(id);
      message.mutable_availability()->set_available(true);
      message.mutable_availability()->set_participant_identity("agent");
      const std::string bytes = message.SerializeAsString();
      worker.handle_binary(as_bytes(bytes));
    }
  }
  Link link;
  agent::Worker worker;
};

void run(ByteView input) {
  room::FakeTimers timers;
  room::RoomRegistry registry({}, timers, room::counting_random, [](const RoomName&) {
    return std::make_unique<room::FakeRoomMedia>();
  });
  agent::Dispatcher dispatcher({}, registry, timers, room::counting_random,
                               [](const std::string&, const livekit::Claims&) { return "token"; });
  registry.add_listener(dispatcher);
  Client one(dispatcher.board(), timers);
  Client two(dispatcher.board(), timers);
  ByteReader reader(input);
  for (int i = 0; reader.remaining() >= 3; ++i) {
    const uint8_t kind = reader.u8();
    Client& client = kind & 2 ? two : one;
    const size_t length = reader.u16();
    const ByteView message = reader.bytes(std::min(length, reader.remaining()));
    if (kind % 2 == 1) {
      client.worker.handle_text(as_text(message));
    } else {
      client.worker.handle_binary(message);
    }
    if (kind & 4) client.answer();
    registry.find_or_create(RoomName("room" + std::to_string(i)), nullptr);
    timers.advance(1s);
  }
  registry.shut_down();
  timers.advance(1min);
}

}  // namespace
}  // namespace gstlk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gstlk::run({data, size});
  return 0;
}
