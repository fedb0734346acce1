// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>

namespace gstlk::client {

// RTP header extensions that we offer, RFC 8285. The same id in every section, because all are in
// one bundle (RFC 8843 section 9.2).
struct RtpExtension {
  unsigned id;
  const char* uri;
};

inline constexpr RtpExtension kMidExtension{1, "urn:ietf:params:rtp-hdrext:sdes:mid"};
inline constexpr RtpExtension kRidExtension{2, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"};
inline constexpr RtpExtension kAudioLevelExtension{3,
                                                   "urn:ietf:params:rtp-hdrext:ssrc-audio-level"};
inline constexpr RtpExtension kTransportCcExtension{
    4, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"};
inline constexpr RtpExtension kRepairedRidExtension{
    5, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"};

// Lets a payloader write it, or rtprtxsend know it; `value` is its property's, when it has one.
void add_extension(GstElement* element, const RtpExtension& extension,
                   const char* property = nullptr, const std::string& value = "");

}  // namespace gstlk::client
