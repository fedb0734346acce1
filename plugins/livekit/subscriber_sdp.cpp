// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/subscriber_sdp.h"

#include <glib.h>

#include <algorithm>
#include <set>

#include "plugins/livekit/sdp_lines.h"

namespace gstlk::client {

namespace {

using Lines = std::vector<std::string_view>;
using Payloads = std::set<std::string_view>;
using CanReceive = std::function<bool(std::string_view)>;

bool same_text(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](char x, char y) { return g_ascii_tolower(x) == g_ascii_tolower(y); });
}

std::string_view until(std::string_view text, char end) { return text.substr(0, text.find(end)); }

// "video/H264": "H264".
std::string_view encoding_of(std::string_view mime_type) {
  return mime_type.substr(std::min(mime_type.find('/') + 1, mime_type.size()));
}

// Calls `visit(payload, encoding)` for each "a=rtpmap:<payload> <encoding>/<clock rate>".
template <class Visit>
void for_each_payload(const Lines& section, Visit visit) {
  for (std::string_view line : section) {
    if (!line.starts_with("a=rtpmap:")) continue;
    const std::string_view value = line.substr(9);
    const size_t space = value.find(' ');
    if (space == std::string_view::npos) continue;
    visit(value.substr(0, space), until(value.substr(space + 1), '/'));
  }
}

// The parameters of `payload`: "a=fmtp:108 packetization-mode=1;...".
std::string_view parameters_of(const Lines& section, std::string_view payload) {
  for (std::string_view line : section) {
    if (!line.starts_with("a=fmtp:")) continue;
    const std::string_view value = line.substr(7);
    if (until(value, ' ') == payload) return value.substr(payload.size());
  }
  return {};
}

// The payload that `payload` repairs: "a=fmtp:97 apt=96".
std::string_view repaired_by(const Lines& section, std::string_view payload) {
  const std::string_view parameters = parameters_of(section, payload);
  const size_t apt = parameters.find("apt=");
  return apt == std::string_view::npos ? std::string_view()
                                       : until(parameters.substr(apt + 4), ';');
}

// One payload of the codec `encoding`, and what repairs it. Where there are more, as of H264, it is
// the one that the server sends what it gets as: every publisher makes packetization-mode=1, and
// the first profile of the others.
Payloads payloads_of(const Lines& section, std::string_view encoding) {
  std::string_view chosen;
  for_each_payload(section, [&](std::string_view payload, std::string_view name) {
    if (!same_text(name, encoding)) return;
    const bool whole =
        parameters_of(section, payload).find("packetization-mode=1") != std::string_view::npos;
    if (chosen.empty() || whole) chosen = payload;
  });
  if (chosen.empty()) return {};
  Payloads payloads{chosen};
  for_each_payload(section, [&](std::string_view payload, std::string_view) {
    if (repaired_by(section, payload) == chosen) payloads.insert(payload);
  });
  return payloads;
}

// Everything that can be received, and what repairs it.
Payloads payloads_of_all(const Lines& section, const CanReceive& can_receive) {
  Payloads codecs;
  for_each_payload(section, [&](std::string_view payload, std::string_view encoding) {
    if (can_receive(encoding)) codecs.insert(payload);
  });
  Payloads payloads = codecs;
  for_each_payload(section, [&](std::string_view payload, std::string_view) {
    if (codecs.contains(repaired_by(section, payload))) payloads.insert(payload);
  });
  return payloads;
}

// The payloads that webrtcbin is not to see. A section has to keep one.
Payloads unwanted_payloads(const Lines& section, std::string_view encoding,
                           const CanReceive& can_receive) {
  Payloads wanted = can_receive(encoding) ? payloads_of(section, encoding) : Payloads();
  if (wanted.empty()) wanted = payloads_of_all(section, can_receive);
  Payloads unwanted;
  for_each_payload(section, [&](std::string_view payload, std::string_view) {
    if (!wanted.empty() && !wanted.contains(payload)) unwanted.insert(payload);
  });
  return unwanted;
}

// "m=audio 9 UDP/TLS/RTP/SAVPF 63 111" without some payloads.
std::string media_line(std::string_view line, const Payloads& unwanted) {
  std::string out;
  for (int field = 0; !line.empty(); ++field) {
    const std::string_view word = until(line, ' ');
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    if (field > 2 && unwanted.contains(word)) continue;
    if (field > 0) out += ' ';
    out += word;
  }
  return out;
}

std::string_view attribute_payload(std::string_view line) {
  for (std::string_view name : {"a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"})
    if (line.starts_with(name)) return until(line.substr(name.size()), ' ');
  return {};
}

// LiveKit's server says recvonly of a section without a track, ours inactive.
bool sends_nothing(std::string_view line) { return line == "a=recvonly" || line == "a=inactive"; }

void print_section(const Lines& section, std::string_view encoding, const CanReceive& can_receive,
                   std::string& out) {
  const Payloads unwanted = unwanted_payloads(section, encoding, can_receive);
  for (std::string_view line : section) {
    if (unwanted.contains(attribute_payload(line))) continue;
    if (line.starts_with("m=")) {
      out += media_line(line, unwanted);
    } else if (line == "a=sendrecv") {
      out += "a=sendonly";
    } else if (sends_nothing(line)) {
      // webrtcbin keeps receiving where a track was: of the next one it only sees another source.
      out += encoding.empty() ? "a=inactive" : "a=sendonly";
    } else {
      out += line;
    }
    out += "\r\n";
  }
}

// What the offer has and the answer has not of the codecs that are wanted: their payloads for the
// "m=" line, and their attributes.
struct Addition {
  std::string payloads;
  std::string attributes;
};
Addition addition(const Lines& answered, const Lines& offered, const CanReceive& can_receive) {
  Payloads encodings;  // of which webrtcbin has taken a payload
  for_each_payload(
      answered, [&](std::string_view, std::string_view encoding) { encodings.insert(encoding); });
  const auto is_answered = [&](std::string_view encoding) {
    return std::ranges::any_of(encodings, [&](auto other) { return same_text(encoding, other); });
  };
  Payloads added;
  for_each_payload(offered, [&](std::string_view, std::string_view encoding) {
    if (is_answered(encoding) || !can_receive(encoding)) return;
    added.merge(payloads_of(offered, encoding));
  });
  Addition result;
  for_each_payload(offered, [&](std::string_view payload, std::string_view) {
    if (added.contains(payload)) result.payloads.append(" ").append(payload);
  });
  for (std::string_view line : offered) {
    const std::string_view payload = attribute_payload(line);
    if (added.contains(payload)) result.attributes.append(line).append("\r\n");
  }
  return result;
}

// webrtcbin's "a=fmtp:108 ..." as it was offered: it leaves H264's profile-level-id out, without
// which LiveKit finds that its codec was not taken.
std::string_view offered_format(std::string_view line, const Lines& offered) {
  if (!line.starts_with("a=fmtp:")) return line;
  const std::string_view name = until(line, ' ');
  for (std::string_view other : offered)
    if (until(other, ' ') == name) return other;
  return line;
}

bool carries_media(const Lines& section) {
  return !section.empty() &&
         (section[0].starts_with("m=audio") || section[0].starts_with("m=video"));
}

}  // namespace

std::string translate_subscriber_answer(std::string_view sdp, std::string_view offer,
                                        const CanReceive& can_receive) {
  const auto offered = sections_of(offer);
  std::string out;
  const auto answered = sections_of(sdp);
  for (size_t i = 0; i < answered.size(); ++i) {
    const bool media = carries_media(answered[i]) && i < offered.size();
    const Addition more = media ? addition(answered[i], offered[i], can_receive) : Addition();
    const bool gone = media && std::ranges::any_of(offered[i], sends_nothing);
    for (std::string_view line : answered[i]) {
      if (gone && line == "a=recvonly") line = "a=inactive";
      out.append(media ? offered_format(line, offered[i]) : line);
      if (line.starts_with("m=")) out.append(more.payloads);
      out.append("\r\n");
    }
    out.append(more.attributes);
  }
  return out;
}

std::string translate_server_offer(std::string_view sdp,
                                   const std::map<std::string, std::string>& mime_types,
                                   const CanReceive& can_receive) {
  std::string out;
  for (const Lines& section : sections_of(sdp)) {
    const auto mime_type = mime_types.find(std::string(value_of(section, "a=mid:")));
    const std::string_view encoding =
        mime_type == mime_types.end() ? std::string_view() : encoding_of(mime_type->second);
    if (carries_media(section)) {
      print_section(section, encoding, can_receive, out);
    } else {
      for (std::string_view line : section) out.append(line).append("\r\n");
    }
  }
  return out;
}

}  // namespace gstlk::client
