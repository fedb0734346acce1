// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include "base/ref.h"

namespace gstlk::net {

// A connection as libsoup is given it. libsoup 3.2 forgets one whose client leaves between two
// requests, open as it is: it looks at the end of a message, and there is none. So an end at that
// time is told as one byte of a request first, and then as what it is; `socket`, which is under the
// connection, is shut down before, so that the client does not see what libsoup says to that.
Ref<GIOStream> make_http_stream(Ref<GIOStream> connection, GSocket* socket);

// Whether the last request is answered and nothing of another has come. Of such a stream.
void set_between_requests(GIOStream* stream, bool between);

}  // namespace gstlk::net
