// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/sdp_translation.h"

#include <algorithm>
#include <set>
#include <vector>

namespace gstlk::client {

namespace {

constexpr std::string_view kH264Parameters =
    "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// "a=rtpmap:102 H264/90000": its payload type.
std::string_view h264_payload(std::string_view line) {
  if (!line.starts_with("a=rtpmap:") || line.find(" H264/") == std::string_view::npos) return {};
  line.remove_prefix(9);
  return line.substr(0, line.find(' '));
}

bool is_stream_of_ssrc(std::string_view line) {
  if (!line.starts_with("a=ssrc:")) return false;
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view attribute = line.substr(space + 1);
  return attribute.starts_with("msid:") || attribute.starts_with("mslabel:") ||
         attribute.starts_with("label:");
}

// One section, or what stands in front of the first.
class Section {
 public:
  explicit Section(const std::map<std::string, OfferedTrack>& tracks) : tracks_(tracks) {}

  void add(std::string_view line) {
    const std::string_view payload = h264_payload(line);
    if (!payload.empty()) h264_ = "a=fmtp:" + std::string(payload) + " ";
    if (line.starts_with("a=mid:")) {
      const auto it = tracks_.find(std::string(line.substr(6)));
      if (it != tracks_.end()) track_ = &it->second;
    }
    lines_.push_back(line);
  }

  void print(std::string& out) const {
    for (std::string_view line : lines_) {
      if (track_ && (is_stream_of_ssrc(line) || line.starts_with("a=msid:"))) continue;
      if (!h264_.empty() && line.starts_with(h264_)) continue;
      out.append(line).append("\r\n");
      if (track_ && line.starts_with("a=mid:"))
        out.append("a=msid:" + track_->stream + " " + track_->cid + "\r\n");
      if (!h264_payload(line).empty()) out.append(h264_).append(kH264Parameters).append("\r\n");
    }
  }

 private:
  const std::map<std::string, OfferedTrack>& tracks_;
  const OfferedTrack* track_ = nullptr;
  std::string h264_;  // how its format parameters begin
  std::vector<std::string_view> lines_;
};

bool is_transport(std::string_view line) {
  return line.starts_with("a=ice-ufrag:") || line.starts_with("a=ice-pwd:") ||
         line.starts_with("a=fingerprint:") || line.starts_with("a=setup:");
}

bool is_direction(std::string_view line) {
  return line == "a=sendrecv" || line == "a=sendonly" || line == "a=recvonly" ||
         line == "a=inactive";
}

// "m=video 0 UDP/...".
bool is_refused(std::string_view line) {
  const size_t space = line.find(' ');
  return line.starts_with("m=") && space != std::string_view::npos &&
         line.substr(space).starts_with(" 0 ");
}

}  // namespace

std::string translate_offer(std::string_view sdp,
                            const std::map<std::string, OfferedTrack>& tracks) {
  std::vector<Section> sections(1, Section(tracks));
  for (std::string_view line : lines_of(sdp)) {
    if (line.starts_with("m=")) sections.emplace_back(tracks);
    sections.back().add(line);
  }
  std::string out;
  for (const Section& section : sections) section.print(out);
  return out;
}

TranslatedAnswer translate_answer(std::string_view sdp) {
  const std::vector<std::string_view> lines = lines_of(sdp);
  TranslatedAnswer answer;
  std::string transport;  // of the sections that were taken
  std::string bundle = "a=group:BUNDLE";
  bool refused = false;
  for (std::string_view line : lines) {
    if (line.starts_with("m=")) {
      refused = is_refused(line);
    } else if (line.starts_with("a=mid:")) {
      bundle.append(" ").append(line.substr(6));
      if (refused) answer.refused.emplace_back(line.substr(6));
    } else if (!refused && is_transport(line) &&
               transport.find(line.substr(0, line.find(':'))) == std::string::npos) {
      transport.append("\r\n").append(line);
    }
  }
  refused = false;
  for (std::string_view line : lines) {
    if (line.starts_with("m=")) refused = is_refused(line);
    if (refused && (is_transport(line) || is_direction(line) || line == "a=rtcp-mux")) continue;
    std::string text(line);
    // The first of the bundle has the transport, and that was settled by the offer.
    if (line.starts_with("a=group:BUNDLE")) text = bundle;
    if (refused && line.starts_with("m=")) {
      text.replace(text.find(' ') + 1, 1, "9");
      text += "\r\na=inactive\r\na=rtcp-mux" + transport;
    }
    answer.sdp.append(text).append("\r\n");
  }
  return answer;
}

std::string without_red(std::string_view sdp) {
  const std::vector<std::string_view> lines = lines_of(sdp);
  std::set<std::string, std::less<>> payloads;
  for (std::string_view line : lines) {
    if (!line.starts_with("a=rtpmap:")) continue;
    const size_t space = line.find(' ');
    if (space != std::string_view::npos && line.substr(space + 1).starts_with("red/"))
      payloads.emplace(line.substr(9, space - 9));
  }
  std::string out;
  for (std::string_view line : lines) {
    const size_t colon = line.find(':');
    const std::string_view name = line.substr(0, std::min(colon, line.size()));
    if (name == "a=rtpmap" || name == "a=fmtp" || name == "a=rtcp-fb") {
      const std::string_view value = line.substr(colon + 1);
      if (payloads.contains(value.substr(0, value.find(' ')))) continue;
    }
    std::string text(line);
    if (line.starts_with("m=audio"))
      for (const std::string& payload : payloads) {
        const size_t at = (text + " ").find(" " + payload + " ");
        if (at != std::string::npos) text.erase(at, payload.size() + 1);
      }
    out.append(text).append("\r\n");
  }
  return out;
}

}  // namespace gstlk::client
