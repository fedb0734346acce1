// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace gstlk::webhook {

// What logs say of a URL: scheme, host and port. The rest may be a password or a token.
std::string receiver_name(const std::string& url);

}  // namespace gstlk::webhook
