// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/log.h"

namespace google::protobuf {
class Message;
}

namespace gstlk::room {

// GST_DEBUG=sfu-traffic:5 shows the kind of each message that comes and goes, and nothing of what
// is in it. tests/coverage.mjs makes its table of these lines.
inline LogCategory& log_traffic = register_log_category(*new LogCategory{"sfu-traffic"});

// The name of the field with this number: what a oneof holds.
std::string field_name(const google::protobuf::Message& message, int number);

}  // namespace gstlk::room
