// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

// Why the control plane refuses something, in the words LiveKit has for it.
namespace gstlk::room {

// The plain-text answer to a refused /rtc request.
struct HttpError {
  unsigned status = 500;
  std::string text;
};

// Twirp's error codes, as far as decisions of room/ give them.
enum class ErrorCode : uint8_t {
  InvalidArgument,
  Malformed,
  Canceled,
  NotFound,
  AlreadyExists,
  FailedPrecondition,
  ResourceExhausted,
  Unimplemented,
  Unavailable,
  DeadlineExceeded,
  Internal,
};

struct ApiError {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
  std::string argument = {};  // which one is wrong, where LiveKit says it apart
};

inline Unexpected<HttpError> refuse(unsigned status, std::string text) {
  return {HttpError{status, std::move(text)}};
}
inline Unexpected<ApiError> refuse(ErrorCode code, std::string message) {
  return {ApiError{code, std::move(message)}};
}
// An argument that is longer than the configuration allows: "metadata size exceeds limits 524288".
inline Unexpected<ApiError> refuse_size(const std::string& what, size_t limit) {
  return {ApiError{ErrorCode::InvalidArgument, what + " " + std::to_string(limit), what}};
}

}  // namespace gstlk::room
