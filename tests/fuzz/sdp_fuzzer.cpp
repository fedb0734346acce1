// SPDX-License-Identifier: LGPL-2.1-or-later
// A description from the network: read, print, and answer it in every way the daemon would.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sdp/parse.h"
#include "sdp/print.h"
#include "signal/negotiation.h"

using namespace gstlk;

namespace {

const signal::LocalDescription kLocal = {{"ufrag", "passwordpasswordpassword", "sha-256 00"}, {}};

void check(bool ok) {
  if (!ok) std::abort();
}

// Reading may drop what is inconsistent, but only once.
void read_and_print(std::string_view text) {
  const auto first = sdp::parse(text);
  if (!first) return;
  const auto second = sdp::parse(sdp::print(*first));
  check(second.has_value());
  const auto third = sdp::parse(sdp::print(*second));
  check(third.has_value() && *third == *second);
}

signal::SendTrack send_track(const char* sid, room::TrackKind kind, const char* codec) {
  return {.track = TrackId(sid), .kind = kind, .rtx_ssrc = Ssrc(1), .codecs = {codec}};
}

template <class Negotiation>
void answer_twice(Negotiation& negotiation, std::string_view text) {
  const signal::PublishHint hint{
      .cid = "cid", .kind = room::TrackKind::Video, .preferred_codec = "h264"};
  for (int i = 0; i < 2; i++) {
    if (!negotiation.handle_offer(text)) return;
    const auto answer = negotiation.create_answer(kLocal, {&hint, 1});
    check(answer.has_value() && sdp::parse(answer->sdp).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_and_print(text);

  signal::PublisherNegotiation publisher({});
  answer_twice(publisher, text);

  signal::SinglePeerNegotiation single_peer({});
  single_peer.add_track(send_track("TR_a", room::TrackKind::Audio, "opus"));
  single_peer.add_track(send_track("TR_v", room::TrackKind::Video, "VP8"));
  answer_twice(single_peer, text);

  signal::SubscriberNegotiation subscriber({});
  subscriber.add_track(send_track("TR_v", room::TrackKind::Video, "VP8"));
  subscriber.create_offer(kLocal);
  (void)subscriber.handle_answer(text).has_value();
  return 0;
}
