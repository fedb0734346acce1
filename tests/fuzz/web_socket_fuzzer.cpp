// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include "base/bytes.h"
#include "net/permessage_deflate.h"
#include "net/web_socket_frames.h"

// The first byte: whether compression was agreed on and how large the reads are; then what a client
// sends.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  using namespace gstlk::net;
  constexpr size_t kLimit = 4096;
  static PermessageDeflate deflate;
  if (size == 0) return 0;
  std::string_view bytes = as_text(ByteView(data + 1, size - 1));
  WebSocketReader reader(kLimit, (data[0] & 1) != 0 ? &deflate : nullptr);
  const size_t piece = 1 + (data[0] >> 1);
  while (!bytes.empty()) {
    reader.handle_bytes(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (true) {
      const auto message = reader.next();
      if (!message) return 0;
      if (!*message) break;
      if ((*message)->payload.size() > kLimit) abort();
      if ((*message)->opcode == Opcode::Close) (void)read_close((*message)->payload);
    }
  }
  return 0;
}
