// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/traffic_log.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace gstlk::room {

std::string field_name(const google::protobuf::Message& message, int number) {
  const auto* field = message.GetDescriptor()->FindFieldByNumber(number);
  return field ? field->name() : "nothing";
}

}  // namespace gstlk::room
