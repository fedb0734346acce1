// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/result.h"

namespace gstlk::config {

// What a file that nobody else may read holds, without the space at its ends. The error says what
// would be right.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace gstlk::config
