// SPDX-License-Identifier: LGPL-2.1-or-later
// The input as a datagram to an established session: it must still carry data afterwards.
#include <cstdlib>

#include "transport/dtls.h"

namespace {

using namespace gstlk;
using namespace gstlk::transport;

struct Pair {
  Pair() {
    if (!server.set_remote_fingerprint(context->fingerprint()) ||
        !client.set_remote_fingerprint(context->fingerprint()))
      abort();
    client.start();
    exchange();
    if (server.state() != DtlsSession::State::Connected) abort();
  }
  void exchange() {
    for (int round = 0; round < 10; ++round) {
      while (auto datagram = client.poll_output()) server.handle_datagram(*datagram);
      while (auto datagram = server.poll_output()) client.handle_datagram(*datagram);
    }
  }

  std::unique_ptr<DtlsContext> context = std::move(DtlsContext::create()).value();
  DtlsSession server{*context, DtlsRole::Server};
  DtlsSession client{*context, DtlsRole::Client};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Pair pair;
  pair.server.handle_datagram({data, size});
  while (pair.server.poll_output()) {
  }
  if (!pair.client.send_application_data(Bytes{1, 2, 3})) abort();
  pair.server.handle_datagram(*pair.client.poll_output());
  if (pair.server.poll_application_data() != Bytes{1, 2, 3}) abort();
  return 0;
}
