// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace gstlk::sdp {

enum class MediaKind : uint8_t { Audio, Video, Application };

// One negotiated payload format of a media section.
struct Format {
  PayloadType payload_type;
  std::string encoding_name;  // as in a=rtpmap, "VP8"
  uint32_t clock_rate = 0;
  uint8_t channels = 0;            // 0 when a=rtpmap says none
  std::string fmtp;                // the parameters alone
  std::optional<PayloadType> apt;  // of rtx: what it retransmits
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool transport_cc = false;
  bool remb = false;
  bool operator==(const Format&) const = default;
};

// An encoding's SSRC as the remote announced it, with its retransmission SSRC (a=ssrc-group:FID).
struct AnnouncedSsrc {
  Ssrc primary;
  std::optional<Ssrc> rtx;

  bool operator==(const AnnouncedSsrc&) const = default;
};

// What an offer and its answer have settled for one m-line, as the media plane needs it: nothing of
// it names a track or a participant. Directions are the server's.
struct MediaPlan {
  Mid mid;
  MediaKind kind = MediaKind::Audio;
  bool receive = false;
  bool send = false;
  std::vector<std::pair<uint8_t, std::string>> extensions;  // id, URI
  std::vector<Format> formats;                              // in the order of preference
  std::vector<Rid> rids;              // received simulcast encodings, low to high
  std::vector<AnnouncedSsrc> ssrcs;   // received, announced
  uint16_t sctp_port = 5000;          // Application
  uint32_t max_message_size = 65536;  // Application, the remote's
};

}  // namespace gstlk::sdp
