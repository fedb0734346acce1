// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation/remote_description.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "sdp/parse.h"

namespace gstlk::signal {
namespace {

using sdp::MediaDescription;
using sdp::MediaKind;
using sdp::SessionDescription;
using sdp::Setup;

bool speaks_our_protocol(const MediaDescription& media) {
  if (media.kind() == MediaKind::Application)
    return media.protocol.find("DTLS/SCTP") != std::string::npos;
  return media.protocol.find("RTP/SAVP") != std::string::npos && media.rtcp_mux;
}

// RFC 8843: everything goes over the transport of one group. Without groups there is one m-line.
std::vector<bool> find_usable(const SessionDescription& session) {
  std::unordered_set<Mid> bundled;
  if (!session.bundle_groups.empty())
    bundled.insert(session.bundle_groups[0].begin(), session.bundle_groups[0].end());
  std::vector<bool> usable;
  bool any = false;
  bool data = false;
  for (const MediaDescription& media : session.media) {
    const auto kind = media.kind();
    const bool ok = !media.rejected() && !media.mid.value.empty() && kind &&
                    speaks_our_protocol(media) &&
                    (session.bundle_groups.empty() ? !any : bundled.contains(media.mid)) &&
                    !(kind == MediaKind::Application && data);
    usable.push_back(ok);
    any |= ok;
    data |= ok && kind == MediaKind::Application;
  }
  return usable;
}

// The m-line whose transport all others share: the group's first, if it is usable.
const MediaDescription* find_tagged(const RemoteDescription& remote) {
  const MediaDescription* first = nullptr;
  for (size_t i = 0; i < remote.usable.size(); i++) {
    const MediaDescription& media = remote.session.media[i];
    if (!remote.usable[i]) continue;
    if (!first) first = &media;
    const auto& groups = remote.session.bundle_groups;
    if (!groups.empty() && !groups[0].empty() && groups[0][0] == media.mid) return &media;
  }
  return first;
}

template <class T>
const T& either(const T& of_media, const T& of_session) {
  return of_media == T() ? of_session : of_media;
}

// RFC 8839 section 5.4.
bool is_length(const std::string& text, size_t least) {
  return text.size() >= least && text.size() <= 256 && text.find(' ') == std::string::npos;
}

bool server_is_dtls_server(std::optional<Setup> setup, bool answer) {
  // An answer without a=setup is active (RFC 5763 section 5), and an offer leaves it to us.
  return answer ? setup != Setup::Passive : setup.value_or(Setup::ActPass) != Setup::Passive;
}

}  // namespace

Result<RemoteDescription> read_remote_description(std::string_view text, bool answer) {
  auto session = sdp::parse(text);
  if (!session) return fail(session.error().message);
  RemoteDescription remote{.session = std::move(*session)};
  remote.usable = find_usable(remote.session);
  const MediaDescription* tagged = find_tagged(remote);
  if (!tagged) return fail("SDP has no m-line that can be used");

  const sdp::TransportDescription& common = remote.session.transport;
  const sdp::TransportDescription& own = tagged->transport;
  remote.transport = {
      .ice_ufrag = either(own.ice_ufrag, common.ice_ufrag),
      .ice_pwd = either(own.ice_pwd, common.ice_pwd),
      .fingerprint = either(own.fingerprint, common.fingerprint),
      .dtls_server = server_is_dtls_server(either(own.setup, common.setup), answer)};
  if (!is_length(remote.transport.ice_ufrag, 4) || !is_length(remote.transport.ice_pwd, 22))
    return fail("SDP has no valid ICE credentials");
  if (remote.transport.fingerprint.empty()) return fail("SDP has no usable a=fingerprint");
  remote.candidates = tagged->candidates;
  return remote;
}

}  // namespace gstlk::signal
