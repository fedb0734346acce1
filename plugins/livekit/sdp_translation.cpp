// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/sdp_translation.h"

#include <vector>

#include "plugins/livekit/sdp_lines.h"

namespace gstlk::client {

namespace {

constexpr std::string_view kH264Parameters =
    "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

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

namespace {

// What both sides have settled for the whole bundle, from a section that was taken.
std::string transport_of(const std::vector<std::vector<std::string_view>>& sections) {
  for (const auto& section : sections) {
    if (section.empty() || !section[0].starts_with("m=") || is_refused(section[0])) continue;
    std::string transport;
    for (std::string_view line : section)
      if (is_transport(line)) transport.append(line).append("\r\n");
    return transport;
  }
  return {};
}

// The offered section once more, without its sources: inactive.
void print_inactive(const std::vector<std::string_view>& offered, const std::string& transport,
                    std::string& out) {
  for (std::string_view line : offered) {
    const bool kept = line.starts_with("m=") || line.starts_with("c=") ||
                      line.starts_with("a=mid:") || line.starts_with("a=rtpmap:") ||
                      line.starts_with("a=fmtp:");
    if (kept) out.append(line).append("\r\n");
  }
  out.append("a=inactive\r\na=rtcp-mux\r\n").append(transport);
}

}  // namespace

TranslatedAnswer translate_answer(std::string_view sdp, std::string_view offer) {
  const auto sections = sections_of(sdp);
  const auto offered = sections_of(offer);
  const std::string transport = transport_of(sections);
  std::string bundle = "a=group:BUNDLE";
  for (size_t i = 1; i < offered.size(); ++i)
    bundle.append(" ").append(value_of(offered[i], "a=mid:"));

  TranslatedAnswer answer;
  for (size_t i = 0; i < sections.size(); ++i) {
    if (i > 0 && is_refused(sections[i][0]) && i < offered.size()) {
      answer.refused.emplace_back(value_of(offered[i], "a=mid:"));
      print_inactive(offered[i], transport, answer.sdp);
      continue;
    }
    for (std::string_view line : sections[i]) {
      // The first of the bundle has the transport, and that was settled by the offer.
      answer.sdp.append(line.starts_with("a=group:BUNDLE") ? bundle : line).append("\r\n");
    }
  }
  return answer;
}

}  // namespace gstlk::client
