// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>

#include "sdp/parse.h"
#include "sdp/print.h"
#include "signal/negotiation.h"

namespace gstlk::signal {

inline const std::string kFingerprint =
    "sha-256 "
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:"
    "DD:EE:FF";
inline const LocalDescription kLocal = {{"server", "server-password-of-24-ch", kFingerprint}, {}};

// A client's description, built m-line by m-line; mids count from 0.
class ClientDescription {
 public:
  ClientDescription& data() {
    sdp::MediaDescription& media = add("application", "UDP/DTLS/SCTP");
    media.data_channel = true;
    media.max_message_size = 262144;
    return *this;
  }
  ClientDescription& audio(sdp::Direction direction, const std::string& track = "") {
    sdp::MediaDescription& media = add_rtp("audio", direction, track);
    media.formats = {{PayloadType(111), "opus", 48000, 2, "minptime=10;useinbandfec=1"},
                     {PayloadType(63), "red", 48000, 2, "111/111"},
                     {PayloadType(9), "G722", 8000}};
    media.formats[0].nack = true;
    media.extensions = {
        {1, sdp::Direction::SendRecv, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}};
    return *this;
  }
  ClientDescription& video(sdp::Direction direction, const std::string& track = "") {
    sdp::MediaDescription& media = add_rtp("video", direction, track);
    media.formats = {video_format(96, "VP8"), rtx(97, 96), video_format(98, "H264"), rtx(99, 98),
                     video_format(100, "flexfec-03")};
    media.extensions = {
        {3, sdp::Direction::SendRecv,
         "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"},
        {4, sdp::Direction::SendRecv, "urn:ietf:params:rtp-hdrext:sdes:mid"},
        {10, sdp::Direction::SendRecv, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"},
        {13, sdp::Direction::SendRecv, "urn:3gpp:video-orientation"}};
    return *this;
  }
  ClientDescription& simulcast() {
    for (const char* rid : {"q", "h", "f"}) {
      last().rids.push_back({Rid(rid), true});
      last().simulcast.send.push_back({Rid(rid)});
    }
    return *this;
  }

  sdp::MediaDescription& last() { return session_.media.back(); }
  sdp::MediaDescription& section(size_t index) { return session_.media[index]; }
  ClientDescription& ice(const std::string& ufrag) {
    session_.transport.ice_ufrag = ufrag;
    return *this;
  }
  ClientDescription& setup(sdp::Setup setup) {
    session_.transport.setup = setup;
    return *this;
  }

  std::string text() const {
    sdp::SessionDescription session = session_;
    std::vector<Mid>& group = session.bundle_groups.emplace_back();
    for (const sdp::MediaDescription& media : session.media) {
      if (!media.rejected()) group.push_back(media.mid);
    }
    return sdp::print(session);
  }

 private:
  sdp::MediaDescription& add(const std::string& media, const std::string& protocol) {
    sdp::MediaDescription& section = session_.media.emplace_back();
    section.media = media;
    section.protocol = protocol;
    section.mid = Mid(std::to_string(session_.media.size() - 1));
    return section;
  }
  sdp::MediaDescription& add_rtp(const std::string& media, sdp::Direction direction,
                                 const std::string& track) {
    sdp::MediaDescription& section = add(media, "UDP/TLS/RTP/SAVPF");
    section.direction = direction;
    section.rtcp_mux = true;
    if (!track.empty()) section.msid = sdp::Msid{"stream", track};
    return section;
  }
  static sdp::Format video_format(uint8_t payload_type, const std::string& name) {
    sdp::Format format{PayloadType(payload_type), name, 90000};
    if (name == "H264") format.fmtp = "packetization-mode=1;profile-level-id=42e01f";
    format.nack = format.pli = format.fir = format.transport_cc = format.remb = true;
    return format;
  }
  static sdp::Format rtx(uint8_t payload_type, uint8_t apt) {
    return {.payload_type = PayloadType(payload_type),
            .encoding_name = "rtx",
            .clock_rate = 90000,
            .fmtp = "apt=" + std::to_string(apt),
            .apt = PayloadType(apt)};
  }

  sdp::SessionDescription session_{
      .transport = {"client", "client-password-of-24-ch", {}, kFingerprint, sdp::Setup::ActPass}};
};

inline SendTrack send_track(const std::string& sid, room::TrackKind kind,
                            std::vector<std::string> codecs) {
  static uint32_t ssrc = 1000;
  SendTrack track{.track = TrackId(sid),
                  .participant = ParticipantId("PA_other"),
                  .kind = kind,
                  .ssrc = Ssrc(ssrc++),
                  .codecs = std::move(codecs)};
  if (kind == room::TrackKind::Video) track.rtx_ssrc = Ssrc(ssrc++);
  return track;
}
inline SendTrack send_audio(const std::string& sid) {
  return send_track(sid, room::TrackKind::Audio, {"opus"});
}
inline SendTrack send_video(const std::string& sid) {
  return send_track(sid, room::TrackKind::Video, {"VP8"});
}

inline sdp::SessionDescription parsed(const std::string& text) { return sdp::parse(text).value(); }

}  // namespace gstlk::signal
