// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "rtp/codec/payload_descriptor.h"
#include "rtp/header_extension.h"
#include "rtp/receive_session.h"

namespace gstlk::sfu {

// One m-line as `sfu-transport`'s property `media` describes it: a GstStructure
//
//   media-section, mid=(string)0, kind=(string){audio|video|application},
//     receive=(boolean), send=(boolean), extmap-<id>=(string)<uri>...,
//     formats=(GstStructure) <format, payload=(int)96, encoding-name=(string)VP8,
//                             clock-rate=(int)90000, channels=(int), fmtp=(string), apt=(int),
//                             nack=(boolean), nack-pli=(boolean), ccm-fir=(boolean),
//                             transport-cc=(boolean)> array,
//     rids=(string) array, low to high; ssrcs=(uint) array and rtx-ssrcs=(uint) array, 0 for none;
//     sctp-port=(int)
//
// where what is missing is zero, false or empty.
struct MediaSection {
  struct Format {
    rtp::ReceiveFormat receive;
    std::string encoding_name;
    int channels = 0;
    std::string fmtp;
  };

  Mid mid;
  bool application = false;
  bool video = false;
  bool receive = false;
  bool send = false;
  rtp::ExtensionMap extensions;
  std::vector<std::pair<uint8_t, std::string>> extension_uris;  // all, for caps
  std::vector<Format> formats;
  std::vector<Rid> rids;
  std::vector<rtp::ReceiveSsrc> ssrcs;
  uint16_t sctp_port = 5000;

  // nullopt when it is not a "media-section" or its mid is missing.
  static std::optional<MediaSection> from_structure(const GstStructure* structure);
  GstStructure* to_structure() const;  // transfer full

  rtp::ReceiveMedia to_receive_media() const;
  const Format* find(rtp::Codec codec) const;
  // What is expected to be sent: the first format, of RED what it wraps.
  const Format* preferred() const;
  // The retransmission format of `payload_type`.
  const Format* find_rtx(PayloadType payload_type) const;
  const Format* find(PayloadType payload_type) const;
  // RTP caps of what is received on it in `format`.
  GstCaps* caps(const Rid& rid, const Format& format) const;  // transfer full
};

// Null when there is none.
const MediaSection* find_section(const std::vector<MediaSection>& sections, const Mid& mid);

}  // namespace gstlk::sfu
