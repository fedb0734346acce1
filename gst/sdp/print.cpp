// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sdp/print.h"

#include <string_view>

namespace gstlk::sdp {
namespace {

std::string_view name(Direction direction) {
  switch (direction) {
    case Direction::Inactive:
      return "inactive";
    case Direction::SendOnly:
      return "sendonly";
    case Direction::RecvOnly:
      return "recvonly";
    case Direction::SendRecv:
      return "sendrecv";
  }
  return "inactive";
}

std::string_view name(Setup setup) {
  switch (setup) {
    case Setup::ActPass:
      return "actpass";
    case Setup::Active:
      return "active";
    case Setup::Passive:
      return "passive";
  }
  return "actpass";
}

class Printer {
 public:
  std::string run(const SessionDescription& session);

 private:
  void line(std::string_view head, std::string_view value = {});
  void flag(bool set, std::string_view text);
  void transport(const TransportDescription& transport);
  void media(const MediaDescription& media);
  void media_line(const MediaDescription& media);
  void rtp(const MediaDescription& media);
  void format(const Format& format);
  void sources(const MediaDescription& media);
  void simulcast(const MediaDescription& media);

  std::string out_;
};

void Printer::line(std::string_view head, std::string_view value) {
  out_.append(head).append(value).append("\r\n");
}

void Printer::flag(bool set, std::string_view text) {
  if (set) line(text);
}

std::string Printer::run(const SessionDescription& session) {
  line("v=0");
  line("o=- ", std::to_string(session.session_id) + ' ' + std::to_string(session.session_version) +
                   " IN IP4 127.0.0.1");
  line("s=-");
  line("t=0 0");
  for (const std::vector<Mid>& group : session.bundle_groups) {
    out_ += "a=group:BUNDLE";
    for (const Mid& mid : group) out_.append(" ").append(mid.value);
    line("");
  }
  flag(session.extmap_allow_mixed, "a=extmap-allow-mixed");
  line("a=msid-semantic: WMS *");
  flag(session.ice_lite, "a=ice-lite");
  transport(session.transport);
  for (const MediaDescription& section : session.media) media(section);
  return std::move(out_);
}

void Printer::transport(const TransportDescription& transport) {
  if (!transport.ice_ufrag.empty()) line("a=ice-ufrag:", transport.ice_ufrag);
  if (!transport.ice_pwd.empty()) line("a=ice-pwd:", transport.ice_pwd);
  if (!transport.ice_options.empty()) {
    out_ += "a=ice-options:";
    for (size_t i = 0; i < transport.ice_options.size(); i++)
      out_.append(i ? " " : "").append(transport.ice_options[i]);
    line("");
  }
  if (!transport.fingerprint.empty()) line("a=fingerprint:", transport.fingerprint);
  if (transport.setup) line("a=setup:", name(*transport.setup));
}

void Printer::media(const MediaDescription& media) {
  media_line(media);
  line("c=IN IP4 0.0.0.0");
  flag(media.bundle_only, "a=bundle-only");
  transport(media.transport);
  if (!media.mid.value.empty()) line("a=mid:", media.mid.value);
  if (media.data_channel) {
    line("a=sctp-port:", std::to_string(media.sctp_port));
    line("a=max-message-size:", std::to_string(media.max_message_size));
  }
  // A data channel's direction means nothing, but is part of the description.
  if (!media.data_channel || media.direction != Direction::SendRecv)
    line("a=", name(media.direction));
  rtp(media);
  for (const std::string& candidate : media.candidates) line("a=", candidate);
  flag(media.end_of_candidates, "a=end-of-candidates");
}

void Printer::media_line(const MediaDescription& media) {
  out_ += "m=" + media.media + ' ' + std::to_string(media.port) + ' ' + media.protocol;
  for (const Format& format : media.formats)
    out_ += ' ' + std::to_string(format.payload_type.value);
  if (media.data_channel) out_ += " webrtc-datachannel";
  if (!media.other_formats.empty()) out_ += ' ' + media.other_formats;
  line("");
}

void Printer::rtp(const MediaDescription& media) {
  flag(media.rtcp_mux, "a=rtcp-mux");
  flag(media.rtcp_rsize, "a=rtcp-rsize");
  flag(media.extmap_allow_mixed, "a=extmap-allow-mixed");
  for (const HeaderExtension& extension : media.extensions) {
    out_ += "a=extmap:" + std::to_string(extension.id);
    if (extension.direction != Direction::SendRecv)
      out_.append("/").append(name(extension.direction));
    line(" ", extension.uri);
  }
  for (const Format& entry : media.formats) format(entry);
  if (media.msid) {
    out_ += "a=msid:" + media.msid->stream;
    if (!media.msid->track.empty()) out_ += ' ' + media.msid->track;
    line("");
  }
  simulcast(media);
  sources(media);
}

void Printer::format(const Format& format) {
  const std::string payload_type = std::to_string(format.payload_type.value);
  if (!format.encoding_name.empty()) {
    out_ += "a=rtpmap:" + payload_type + ' ' + format.encoding_name + '/' +
            std::to_string(format.clock_rate);
    if (format.channels != 0) out_ += '/' + std::to_string(format.channels);
    line("");
  }
  if (!format.fmtp.empty()) line("a=fmtp:" + payload_type + ' ', format.fmtp);
  const std::string feedback = "a=rtcp-fb:" + payload_type;
  flag(format.remb, feedback + " goog-remb");
  flag(format.transport_cc, feedback + " transport-cc");
  flag(format.fir, feedback + " ccm fir");
  flag(format.nack, feedback + " nack");
  flag(format.pli, feedback + " nack pli");
}

void Printer::simulcast(const MediaDescription& media) {
  for (const RidDescription& rid : media.rids)
    line("a=rid:", rid.rid.value + (rid.send ? " send" : " recv"));
  if (media.simulcast.empty()) return;
  out_ += "a=simulcast:";
  const auto list = [this](std::string_view direction, const SimulcastList& encodings) {
    if (encodings.empty()) return;
    if (!out_.ends_with(':')) out_ += ' ';
    out_.append(direction);
    for (size_t i = 0; i < encodings.size(); i++) {
      for (size_t j = 0; j < encodings[i].size(); j++)
        out_.append(j ? "," : i ? ";" : " ").append(encodings[i][j].value);
    }
  };
  list("send", media.simulcast.send);
  list("recv", media.simulcast.receive);
  line("");
}

void Printer::sources(const MediaDescription& media) {
  for (const SsrcGroup& group : media.ssrc_groups) {
    out_ += "a=ssrc-group:" + group.semantics;
    for (const Ssrc ssrc : group.ssrcs) out_ += ' ' + std::to_string(ssrc.value);
    line("");
  }
  for (const SsrcDescription& source : media.ssrcs) {
    const std::string head = "a=ssrc:" + std::to_string(source.ssrc.value) + ' ';
    line(head + "cname:", source.cname);
    if (!source.msid.stream.empty())
      line(head + "msid:", source.msid.track.empty()
                               ? source.msid.stream
                               : source.msid.stream + ' ' + source.msid.track);
  }
}

}  // namespace

std::string print(const SessionDescription& description) { return Printer().run(description); }

}  // namespace gstlk::sdp
