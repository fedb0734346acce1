// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/result.h"

namespace gstlk::turn {

// A new folder among temporary ones that only our user can enter. Those that a process left behind
// that was killed are removed on the way. The error is one line.
Result<std::string> make_private_folder();
// With the files in it; folders in it are not expected.
void remove_folder(const std::string& folder);
// A file that only our user can read.
bool write_private(const std::string& path, const std::string& text);

}  // namespace gstlk::turn
