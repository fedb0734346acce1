// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "negotiation_offers.h"
#include "signal/negotiation.h"

namespace gstlk::signal {
namespace {

using sdp::Direction;

class SinglePeerNegotiationTest : public testing::Test {
 protected:
  Answer answer(const ClientDescription& offer) {
    auto remote = negotiation_.handle_offer(offer.text());
    EXPECT_TRUE(remote) << remote.error().message;
    return negotiation_.create_answer(kLocal, {}).value();
  }
  static ClientDescription receiving(int videos) {
    ClientDescription offer;
    offer.data().audio(Direction::RecvOnly);
    for (int i = 0; i < videos; i++) offer.video(Direction::RecvOnly);
    return offer;
  }

  SinglePeerNegotiation negotiation_{NegotiationOptions{}};
};

using SinglePeer = SinglePeerNegotiationTest;

TEST_F(SinglePeer, FillsRecvonlyMLines) {
  negotiation_.add_track(send_audio("TR_mic"));
  negotiation_.add_track(send_video("TR_cam"));
  const Answer result = answer(receiving(2));
  const auto text = parsed(result.sdp);
  EXPECT_EQ(text.media[1].direction, Direction::SendOnly);
  EXPECT_EQ(text.media[2].direction, Direction::SendOnly);
  EXPECT_EQ(text.media[2].msid, (sdp::Msid{"PA_other|TR_cam", "TR_cam"}));
  EXPECT_EQ(text.media[3].direction, Direction::Inactive);
  EXPECT_EQ(result.mid_to_track_id,
            (std::map<std::string, std::string>{{"1", "TR_mic"}, {"2", "TR_cam"}}));
  ASSERT_EQ(result.sent.size(), 2u);
  EXPECT_TRUE(result.sent[1].rtx_ssrc);
  EXPECT_EQ(negotiation_.poll_requirement(), std::nullopt);
}

TEST_F(SinglePeer, AsksOnceForTheSectionsThatAreMissing) {
  negotiation_.add_track(send_video("TR_1"));
  EXPECT_EQ(negotiation_.poll_requirement(), std::nullopt);
  answer(receiving(1));
  negotiation_.add_track(send_video("TR_2"));
  negotiation_.add_track(send_video("TR_3"));
  negotiation_.add_track(send_audio("TR_mic"));
  EXPECT_EQ(negotiation_.poll_requirement(), (MediaSections{0, 2}));
  EXPECT_EQ(negotiation_.poll_requirement(), std::nullopt);
  negotiation_.add_track(send_video("TR_4"));
  EXPECT_EQ(negotiation_.poll_requirement(), (MediaSections{0, 1}));
  EXPECT_EQ(answer(receiving(4)).sent.size(), 5u);
  EXPECT_EQ(negotiation_.poll_requirement(), std::nullopt);
}

TEST_F(SinglePeer, AsksAgainWhenTheClientAddedTooFew) {
  for (const char* sid : {"TR_1", "TR_2", "TR_3"}) negotiation_.add_track(send_video(sid));
  answer(receiving(1));
  EXPECT_EQ(negotiation_.poll_requirement(), (MediaSections{0, 2}));
  answer(receiving(2));
  EXPECT_EQ(negotiation_.poll_requirement(), (MediaSections{0, 1}));
}

TEST_F(SinglePeer, AsksForAnOfferAloneWhereSectionsAreFree) {
  answer(receiving(1));
  negotiation_.add_track(send_video("TR_1"));
  EXPECT_EQ(negotiation_.poll_requirement(), (MediaSections{0, 0}));
}

TEST_F(SinglePeer, AnswersAnEndedTrackInactiveBeforeReuse) {
  negotiation_.add_track(send_video("TR_1"));
  answer(receiving(1));
  negotiation_.remove_track(TrackId("TR_1"));
  EXPECT_EQ(negotiation_.poll_requirement(), (MediaSections{0, 0}));
  negotiation_.add_track(send_video("TR_2"));
  Answer result = answer(receiving(1));
  EXPECT_EQ(parsed(result.sdp).media[2].direction, Direction::Inactive);
  EXPECT_EQ(negotiation_.poll_requirement(), (MediaSections{0, 0}));
  result = answer(receiving(1));
  EXPECT_EQ(result.mid_to_track_id.at("2"), "TR_2");
}

TEST_F(SinglePeer, MovesATrackWhoseMLineIsGone) {
  negotiation_.add_track(send_video("TR_1"));
  answer(receiving(1));
  ClientDescription offer = receiving(2);
  offer.section(2).port = 0;
  EXPECT_EQ(answer(offer).mid_to_track_id.at("3"), "TR_1");
}

TEST_F(SinglePeer, ReceivesAndSendsOverTheSameConnection) {
  negotiation_.add_track(send_video("TR_1"));
  const Answer result = answer(receiving(1).video(Direction::SendOnly, "cam").simulcast());
  EXPECT_TRUE(result.plans[2].send);
  EXPECT_TRUE(result.plans[3].receive);
  EXPECT_EQ(result.tracks[0].track_id, "cam");
}

TEST_F(SinglePeer, AnswersInAllMLinesTheExtensionsThatOneNeeds) {
  const Answer result = answer(receiving(1));
  EXPECT_NE(result.sdp.find("rtp-stream-id"), std::string::npos);
  EXPECT_TRUE(result.plans[2].extensions.empty());
}

TEST_F(SinglePeer, ListsOneEstimateDownstream) {
  negotiation_.add_track(send_video("TR_1"));
  const Answer result = answer(receiving(1));
  EXPECT_TRUE(result.plans[2].formats[0].remb);
  EXPECT_FALSE(result.plans[2].formats[0].transport_cc);
}

TEST_F(SinglePeer, TellsTracksTheClientCannotDecode) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"AV1"}));
  const Answer result = answer(receiving(1));
  EXPECT_EQ(result.unsupported, std::vector<TrackId>{TrackId("TR_1")});
  EXPECT_TRUE(result.sent.empty());
  EXPECT_EQ(negotiation_.poll_requirement(), std::nullopt);
}

}  // namespace
}  // namespace gstlk::signal
