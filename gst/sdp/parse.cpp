// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sdp/parse.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "sdp/media_parser.h"
#include "sdp/text.h"

namespace gstlk::sdp {
namespace {

class SessionParser {
 public:
  Result<SessionDescription> run(std::string_view text);

 private:
  bool handle_line(char type, std::string_view value);
  bool handle_origin(std::string_view value);
  bool handle_media(std::string_view value);
  void handle_session_attribute(std::string_view line);
  void handle_group(std::string_view value);
  bool finish_media();
  bool fail_line(std::string reason);

  SessionDescription session_;
  Direction default_direction_ = Direction::SendRecv;
  std::unordered_set<std::string> mids_;
  std::optional<MediaParser> media_;
  size_t line_ = 0;
  std::string error_;
};

Result<SessionDescription> SessionParser::run(std::string_view text) {
  if (text.size() > kMaxTextSize) return fail("SDP is larger than 1 MiB");
  while (!text.empty()) {
    std::string_view line = take_token(text, '\n');
    line_++;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos)
      return fail("SDP line " + std::to_string(line_) + ": control character");
    if (line_ == 1 && line != "v=0") return fail("SDP does not start with v=0");
    if (line.size() < 2 || line[1] != '=')
      return fail("SDP line " + std::to_string(line_) + ": not of the form x=...");
    if (!handle_line(line[0], line.substr(2))) return fail(std::move(error_));
  }
  if (line_ == 0) return fail("SDP is empty");
  if (!finish_media()) return fail(std::move(error_));
  return std::move(session_);
}

bool SessionParser::fail_line(std::string reason) {
  error_ = "SDP line " + std::to_string(line_) + ": " + std::move(reason);
  return false;
}

bool SessionParser::handle_line(char type, std::string_view value) {
  switch (type) {
    case 'm':
      return handle_media(value);
    case 'o':
      return media_ || handle_origin(value);
    case 'a':
      if (media_) {
        media_->handle_attribute(value);
      } else {
        handle_session_attribute(value);
      }
      return true;
    default:
      return true;
  }
}

// o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
bool SessionParser::handle_origin(std::string_view value) {
  take_token(value, ' ');
  // Some clients count in more than 64 bits; nothing depends on the number.
  session_.session_id = parse_number<uint64_t>(take_token(value, ' ')).value_or(0);
  session_.session_version = parse_number<uint64_t>(take_token(value, ' ')).value_or(0);
  return true;
}

bool SessionParser::handle_media(std::string_view value) {
  if (!finish_media()) return false;
  if (session_.media.size() == kMaxMediaSections) return fail_line("more than 1000 m-lines");
  media_.emplace(default_direction_);
  if (!media_->handle_media_line(value)) return fail_line("malformed m-line");
  return true;
}

bool SessionParser::finish_media() {
  if (!media_) return true;
  MediaDescription media = std::move(*media_).finish();
  media_.reset();
  if (!media.mid.value.empty() && !mids_.insert(media.mid.value).second)
    return fail_line("two m-lines with mid " + media.mid.value);
  session_.media.push_back(std::move(media));
  return true;
}

void SessionParser::handle_session_attribute(std::string_view line) {
  std::string_view value = line;
  const std::string_view name = take_token(value, ':');
  if (name == "group") {
    handle_group(value);
  } else if (name == "ice-lite") {
    session_.ice_lite = true;
  } else if (name == "extmap-allow-mixed") {
    session_.extmap_allow_mixed = true;
  } else if (const auto direction = parse_direction(name)) {
    default_direction_ = *direction;
  } else {
    parse_transport_attribute(name, value, session_.transport);
  }
}

// a=group:BUNDLE 0 1 2
void SessionParser::handle_group(std::string_view value) {
  constexpr size_t kMaxGroups = 16;
  if (take_token(value, ' ') != "BUNDLE" || session_.bundle_groups.size() == kMaxGroups) return;
  std::vector<Mid>& group = session_.bundle_groups.emplace_back();
  while (!value.empty() && group.size() < kMaxMediaSections) {
    const std::string_view mid = take_token(value, ' ');
    if (!mid.empty()) group.emplace_back(std::string(mid));
  }
}

}  // namespace

Result<SessionDescription> parse(std::string_view text) { return SessionParser().run(text); }

}  // namespace gstlk::sdp
