// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session_text.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace gstlk::bench {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// The value of the first "a=<name>:" line.
std::string attribute(const std::vector<std::string>& lines, std::string_view name) {
  const std::string prefix = "a=" + std::string(name) + ":";
  for (const std::string& line : lines) {
    if (line.starts_with(prefix)) return line.substr(prefix.size());
  }
  return {};
}

std::string credentials(const LoadPeer& peer, const char* setup) {
  return "a=ice-ufrag:" + peer.local_ice().ufrag + "\r\na=ice-pwd:" + peer.local_ice().pwd +
         "\r\na=fingerprint:" + peer.fingerprint() + "\r\na=setup:" + setup + "\r\n";
}

constexpr const char* kSessionStart = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

bool is_of_the_server(const std::string& line) {
  static constexpr std::array kPrefixes = {
      "a=ice-", "a=fingerprint", "a=setup",    "a=candidate", "a=end-of-candidates", "a=ssrc",
      "a=msid", "a=sendrecv",    "a=sendonly", "a=recvonly",  "a=rtcp-fb:* tr",
  };
  return std::ranges::any_of(kPrefixes, [&](const char* p) { return line.starts_with(p); });
}

bool is_congestion_feedback(const std::string& line) {
  return line.ends_with("transport-cc") || line.ends_with("goog-remb") ||
         line.find("transport-wide-cc") != std::string::npos;
}

}  // namespace

LoadPeer::Remote read_remote(std::string_view description) {
  const std::vector<std::string> lines = lines_of(description);
  LoadPeer::Remote remote;
  remote.ice = {attribute(lines, "ice-ufrag"), attribute(lines, "ice-pwd")};
  remote.fingerprint = attribute(lines, "fingerprint");
  remote.data_channels = std::ranges::any_of(
      lines, [](const std::string& line) { return line.starts_with("m=application"); });
  return remote;
}

std::string make_offer(const LoadPeer& peer, const std::vector<MediaSource::Config>& sources,
                       const std::vector<std::string>& cids) {
  std::string mids;
  std::string media;
  for (size_t i = 0; i < sources.size(); ++i) {
    const bool video = sources[i].kind == MediaKind::Video;
    const std::string mid = std::to_string(i);
    const std::string type = std::to_string(sources[i].payload_type.value);
    const std::string ssrc = std::to_string(sources[i].ssrc.value);
    mids += " " + mid;
    media += std::string("m=") + (video ? "video" : "audio") + " 9 UDP/TLS/RTP/SAVPF " + type +
             "\r\nc=IN IP4 0.0.0.0\r\na=mid:" + mid + "\r\na=sendonly\r\na=rtcp-mux\r\na=msid:- " +
             cids[i] + "\r\n" + credentials(peer, "actpass");
    media += "a=rtpmap:" + type + (video ? " VP8/90000\r\n" : " opus/48000/2\r\n");
    if (video) {
      for (const char* feedback : {" nack\r\n", " nack pli\r\n", " ccm fir\r\n"})
        media += "a=rtcp-fb:" + type + feedback;
    }
    media += "a=ssrc:" + ssrc + " cname:load\r\na=ssrc:" + ssrc + " msid:- " + cids[i] + "\r\n";
  }
  return std::string(kSessionStart) + "a=group:BUNDLE" + mids + "\r\na=msid-semantic: WMS\r\n" +
         media;
}

std::string make_answer(const LoadPeer& peer, std::string_view offer) {
  std::string answer = kSessionStart;
  bool in_media = false;
  for (const std::string& line : lines_of(offer)) {
    in_media |= line.starts_with("m=");
    if (!in_media && !line.starts_with("a=group")) continue;
    if (is_congestion_feedback(line)) continue;
    if (line.starts_with("a=sendonly") || line.starts_with("a=sendrecv"))
      answer += "a=recvonly\r\n";
    if (is_of_the_server(line)) continue;
    answer += line + "\r\n";
    if (line.starts_with("a=mid:")) answer += credentials(peer, "active");
  }
  return answer;
}

}  // namespace gstlk::bench
