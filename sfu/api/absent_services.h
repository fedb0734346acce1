// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace gstlk::api {

class TwirpServer;

// The services whose workers this server has not: Egress, Ingress, SIP. A caller
// with the right grant is told what is missing, in the words that LiveKit has without its workers.
void add_absent_services(TwirpServer& server);

}  // namespace gstlk::api
