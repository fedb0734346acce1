// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace gstlk::room {
class Participant;
class Publication;
}  // namespace gstlk::room

// What several metrics say in LiveKit's words.
namespace gstlk::metrics {

std::string kind_of(const room::Publication& publication);    // "VIDEO"
std::string source_of(const room::Publication& publication);  // "CAMERA"
// Clients may say any number: those that are none of ours are one word.
std::string protocol_of(const room::Participant& participant);

double milliseconds(Duration duration);

// `count` bounds of a histogram in a geometric row, both ends included.
std::vector<double> exponential(double first, double last, int count);

}  // namespace gstlk::metrics
