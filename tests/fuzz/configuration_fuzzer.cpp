// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include "base/bytes.h"
#include "config/config_loader.h"

// The input is a configuration file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  config::ConfigLoader loader([](const std::string& name) -> std::optional<std::string> {
    if (name.empty()) return std::nullopt;
    return "value";
  });
  const auto added = loader.add_yaml(as_text(ByteView(data, size)), "livekit.yaml");
  // A refusal names its place on one line.
  if (!added && added.error().message.find("livekit.yaml:") != 0) abort();
  return 0;
}
