// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdp/media_plan.h"
#include "signal/negotiation.h"

namespace gstlk::signal {

// "video/VP8" and "VP8" alike: "VP8".
std::string_view encoding_name(std::string_view mime_or_name);

bool is_rtx(const sdp::Format& format);
bool is_red(const sdp::Format& format);

// Moves the formats of `codec` to the front, each followed by its rtx; the others keep their order.
void prefer_codec(std::vector<sdp::Format>& formats, std::string_view codec);
// Drops everything but the formats of `codec` and their rtx. Leaves a list without it as it is.
void keep_only_codec(std::vector<sdp::Format>& formats, std::string_view codec);
// The first format of the best of `codecs` (any, if none is named); nullptr if there is none.
const sdp::Format* find_codec(const std::vector<sdp::Format>& formats,
                              const std::vector<std::string>& codecs);

// Which payload formats the server takes and offers: LiveKit's table (protocol section 6.3) cut
// down to the enabled codecs. Values only; thread-safe after construction.
class CodecPolicy {
 public:
  struct Entry;

  explicit CodecPolicy(const std::vector<EnabledCodec>& enabled);

  // Those of an offered m-line that are enabled, in its order and with its payload types: RTX and
  // RED only with what they carry. Feedback is cut to what the server has a use for, and
  // names are spelt as usual.
  std::vector<sdp::Format> accept(sdp::MediaKind kind,
                                  const std::vector<sdp::Format>& offered) const;
  // For an m-line of ours that carries one of `codecs` (empty: any), best first.
  std::vector<sdp::Format> offer(sdp::MediaKind kind, const std::vector<std::string>& codecs) const;
  // Adds those of the enabled ones that are not in `formats`; RED is not.
  void append_others(sdp::MediaKind kind, std::vector<sdp::Format>& formats) const;

 private:
  const Entry* find(sdp::MediaKind kind, const sdp::Format& format) const;
  void append(const Entry& entry, std::vector<sdp::Format>& formats) const;

  std::vector<const Entry*> entries_;
  bool red_ = false;
};

}  // namespace gstlk::signal
