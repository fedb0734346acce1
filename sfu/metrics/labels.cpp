// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/labels.h"

#include <chrono>
#include <cmath>

#include "room/join_response.h"
#include "room/participant.h"
#include "room/publication.h"

namespace gstlk::metrics {

std::string kind_of(const room::Publication& publication) {
  return ::livekit::TrackType_Name(publication.info().type());
}

std::string source_of(const room::Publication& publication) {
  return ::livekit::TrackSource_Name(publication.info().source());
}

std::string protocol_of(const room::Participant& participant) {
  const int protocol = participant.client().protocol();
  return protocol >= 0 && protocol <= room::kProtocol ? std::to_string(protocol) : "other";
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::vector<double> exponential(double first, double last, int count) {
  std::vector<double> bounds;
  for (int i = 0; i < count; i++)
    bounds.push_back(first * std::pow(last / first, i / (count - 1.)));
  return bounds;
}

}  // namespace gstlk::metrics
