// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include "base/bytes.h"
#include "livekit/access_token.h"
#include "livekit/base64.h"

// The input is a token, and the payload of one whose header is right.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  const ByteView input(data, size);
  const livekit::ApiKeys keys{{"key", "secret"}};
  const livekit::UnixTime now{std::chrono::seconds(1'700'000'000)};
  const std::string header = livekit::encode_base64url(as_bytes(R"({"alg":"HS256"})"));
  const std::string unsigned_token = header + "." + livekit::encode_base64url(input) + ".AAAA";
  // Nobody signs by accident.
  if (livekit::verify_token(unsigned_token, keys, now)) abort();
  const auto claims = livekit::verify_token(as_text(input), keys, now);
  if (claims && claims->issuer != "key") abort();
  return 0;
}
