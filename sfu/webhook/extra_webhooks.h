// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

namespace livekit {
class EgressInfo;
class WebhookConfig;
}  // namespace livekit

namespace gstlk::webhook {

// The URLs that the request of an egress wants to be told of it, beside those of the configuration:
// what goes to Notifier::notify() with the event.
std::vector<::livekit::WebhookConfig> extra_webhooks(const ::livekit::EgressInfo& egress);

}  // namespace gstlk::webhook
