// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sdp/parse.h"
#include "sdp/print.h"
#include "sdp/text.h"
#include "signal/negotiation.h"

namespace gstlk::signal {
namespace {

using sdp::MediaDescription;
using sdp::SessionDescription;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> find_offers() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(SDP_DIRECTORY, error)) {
    if (entry.path().extension() == ".sdp") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

const LocalDescription kLocal = {
    {"ufrag", "passwordpasswordpassword",
     "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:"
     "CC:DD:EE:FF"},
    {}};

// What an answer has settled, as text.
std::string summary(const Answer& answer) {
  std::stringstream out;
  for (const sdp::MediaPlan& plan : answer.plans) {
    out << plan.mid.value << (plan.receive ? " receive" : "") << (plan.send ? " send" : "");
    for (const sdp::Format& format : plan.formats)
      out << ' ' << format.encoding_name << '/' << int{format.payload_type.value};
    for (const Rid& rid : plan.rids) out << " rid=" << rid.value;
    for (const sdp::AnnouncedSsrc& ssrc : plan.ssrcs)
      out << " ssrc=" << ssrc.primary.value << (ssrc.rtx ? "+rtx" : "");
    out << '\n';
    for (const auto& [id, uri] : plan.extensions)
      out << "  extension " << int{id} << ' ' << uri.substr(uri.find_last_of(":/") + 1) << '\n';
  }
  for (const ReceivedTrack& track : answer.tracks)
    out << "track " << track.track_id << " on " << track.mid.value << '\n';
  for (const room::SubscribedMedia& media : answer.sent)
    out << "sends " << media.track.value << " on " << media.mid.value << " as "
        << media.encoding_name << (media.rtx_ssrc ? "+rtx" : "") << '\n';
  return out.str();
}

// Answers an offer as v1 does, with one audio and one video track to send.
class SdpConformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string text =
        read_file(std::filesystem::path(SDP_DIRECTORY) / (GetParam() + ".sdp"));
    offer_ = sdp::parse(text).value();
    negotiation_.add_track({.track = TrackId("TR_audio"),
                            .participant = ParticipantId("PA_a"),
                            .kind = room::TrackKind::Audio,
                            .ssrc = Ssrc(1),
                            .codecs = {"opus"}});
    negotiation_.add_track({.track = TrackId("TR_video"),
                            .participant = ParticipantId("PA_a"),
                            .kind = room::TrackKind::Video,
                            .ssrc = Ssrc(2),
                            .rtx_ssrc = Ssrc(3),
                            .codecs = {"video/vp8"}});
    auto remote = negotiation_.handle_offer(text);
    ASSERT_TRUE(remote) << remote.error().message;
    result_ = negotiation_.create_answer(kLocal, {}).value();
    auto answer = sdp::parse(result_.sdp);
    ASSERT_TRUE(answer) << answer.error().message;
    answer_ = *answer;
  }

  SinglePeerNegotiation negotiation_{NegotiationOptions{}};
  SessionDescription offer_;
  Answer result_;
  SessionDescription answer_;
};

TEST_P(SdpConformance, SettlesWhatIsExpected) {
  EXPECT_EQ(summary(result_),
            read_file(std::filesystem::path(SDP_DIRECTORY) / (GetParam() + ".expected")));
}

TEST_P(SdpConformance, ReadsBackWhatItPrints) {
  EXPECT_EQ(sdp::parse(sdp::print(offer_)).value(), offer_);
  EXPECT_EQ(sdp::print(answer_), result_.sdp);
}

TEST_P(SdpConformance, AnswersEveryMLineInItsPlace) {
  ASSERT_EQ(answer_.media.size(), offer_.media.size());
  for (size_t i = 0; i < answer_.media.size(); i++) {
    EXPECT_EQ(answer_.media[i].mid, offer_.media[i].mid);
    EXPECT_EQ(answer_.media[i].media, offer_.media[i].media);
    EXPECT_EQ(answer_.media[i].protocol, offer_.media[i].protocol);
    if (offer_.media[i].rejected()) {
      EXPECT_TRUE(answer_.media[i].rejected());
    }
  }
}

bool is_subset(const sdp::Format& answered, const sdp::Format& offered) {
  return sdp::equals_ignoring_case(answered.encoding_name, offered.encoding_name) &&
         answered.apt == offered.apt && answered.nack <= offered.nack &&
         answered.pli <= offered.pli && answered.fir <= offered.fir &&
         answered.remb <= offered.remb && answered.transport_cc <= offered.transport_cc;
}

TEST_P(SdpConformance, AnswersNothingThatWasNotOffered) {
  for (size_t i = 0; i < answer_.media.size(); i++) {
    const MediaDescription& answered = answer_.media[i];
    const MediaDescription& offered = offer_.media[i];
    for (const sdp::Format& format : answered.formats) {
      const auto same =
          std::ranges::find(offered.formats, format.payload_type, &sdp::Format::payload_type);
      ASSERT_NE(same, offered.formats.end());
      EXPECT_TRUE(is_subset(format, *same)) << format.encoding_name;
    }
    for (const sdp::HeaderExtension& extension : answered.extensions) {
      EXPECT_TRUE(std::ranges::any_of(offered.extensions, [&](const auto& e) {
        return e.id == extension.id && e.uri == extension.uri;
      })) << extension.uri;
    }
    if (answered.data_channel) continue;
    EXPECT_TRUE(!sdp::sends(answered.direction) || sdp::receives(offered.direction));
    EXPECT_TRUE(!sdp::receives(answered.direction) || sdp::sends(offered.direction));
  }
}

TEST_P(SdpConformance, BundlesWhatIsAccepted) {
  std::vector<Mid> accepted;
  for (const MediaDescription& media : answer_.media) {
    if (!media.rejected()) accepted.push_back(media.mid);
  }
  ASSERT_EQ(answer_.bundle_groups.size(), 1u);
  EXPECT_EQ(answer_.bundle_groups[0], accepted);
}

TEST_P(SdpConformance, IsIceLiteAndDtlsServer) {
  EXPECT_TRUE(answer_.ice_lite);
  for (const MediaDescription& media : answer_.media) {
    if (media.rejected()) continue;
    EXPECT_EQ(media.transport.setup, sdp::Setup::Passive);
    EXPECT_EQ(media.transport.ice_ufrag, "ufrag");
  }
}

INSTANTIATE_TEST_SUITE_P(Clients, SdpConformance, testing::ValuesIn(find_offers()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gstlk::signal
