// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace gstlk::turn {

// A certificate signed by itself and its key, PEM, one after the other. Nobody is ever to trust it:
// it is for coturn, which listens on its second UDP port only with one.
std::string make_throwaway_certificate();

}  // namespace gstlk::turn
