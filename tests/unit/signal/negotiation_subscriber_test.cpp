// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "negotiation_offers.h"
#include "signal/negotiation.h"

namespace gstlk::signal {
namespace {

using sdp::Direction;

// What a client that accepts everything answers.
std::string accept_all(const std::string& offer, sdp::Setup setup = sdp::Setup::Active) {
  sdp::SessionDescription session = parsed(offer);
  session.ice_lite = false;
  for (sdp::MediaDescription& media : session.media) {
    media.transport = {"client", "client-password-of-24-ch", {}, kFingerprint, setup};
    media.direction = sdp::direction(sdp::receives(media.direction), sdp::sends(media.direction));
    media.msid.reset();
    media.ssrcs.clear();
    media.ssrc_groups.clear();
  }
  return sdp::print(session);
}

class SubscriberNegotiationTest : public testing::Test {
 protected:
  AppliedAnswer negotiate() {
    EXPECT_TRUE(negotiation_.wants_offer());
    offer_ = negotiation_.create_offer(kLocal);
    auto result = negotiation_.handle_answer(accept_all(offer_.sdp), offer_.id);
    EXPECT_TRUE(result) << result.error().message;
    return *result;
  }

  SubscriberNegotiation negotiation_{NegotiationOptions{.first_offer_id = 17}};
  Offer offer_;
};

using Subscriber = SubscriberNegotiationTest;

TEST_F(Subscriber, OffersDataChannelsAndTracksAtOnce) {
  negotiation_.add_track(send_audio("TR_mic"));
  negotiation_.add_track(send_video("TR_cam"));
  const AppliedAnswer result = negotiate();
  const auto text = parsed(offer_.sdp);
  ASSERT_EQ(text.media.size(), 3u);
  EXPECT_TRUE(text.ice_lite);
  EXPECT_TRUE(text.media[0].data_channel);
  EXPECT_EQ(text.media[0].transport.setup, sdp::Setup::ActPass);
  EXPECT_EQ(text.media[2].msid, (sdp::Msid{"PA_other|TR_cam", "TR_cam"}));
  EXPECT_EQ(text.media[2].direction, Direction::SendOnly);
  EXPECT_EQ(text.media[2].ssrc_groups.size(), 1u);
  EXPECT_EQ(offer_.mid_to_track_id.at("2"), "TR_cam");
  ASSERT_EQ(result.sent.size(), 2u);
  EXPECT_EQ(result.sent[1].mid, Mid("2"));
  EXPECT_EQ(result.sent[1].encoding_name, "VP8");
  EXPECT_TRUE(result.sent[1].rtx_ssrc);
  EXPECT_TRUE(result.plans[2].send);
  EXPECT_TRUE(result.remote.dtls_server);
}

TEST_F(Subscriber, OffersEvenWithoutTracks) {
  EXPECT_EQ(negotiate().plans.size(), 1u);
  EXPECT_FALSE(negotiation_.wants_offer());
  negotiation_.mark_dirty();
  EXPECT_TRUE(negotiation_.wants_offer());
}

TEST_F(Subscriber, NeverOffersWhileAnAnswerIsOutstanding) {
  const Offer first = negotiation_.create_offer(kLocal);
  EXPECT_EQ(first.id, 17u);
  negotiation_.add_track(send_audio("TR_mic"));
  EXPECT_TRUE(negotiation_.awaiting_answer());
  EXPECT_FALSE(negotiation_.wants_offer());
  ASSERT_TRUE(negotiation_.handle_answer(accept_all(first.sdp), 0));
  EXPECT_TRUE(negotiation_.wants_offer());
  EXPECT_EQ(negotiation_.create_offer(kLocal).id, 18u);
}

TEST_F(Subscriber, ReusesAnMLineOnceItsEndIsAnswered) {
  negotiation_.add_track(send_video("TR_1"));
  negotiate();
  negotiation_.remove_track(TrackId("TR_1"));
  negotiation_.add_track(send_video("TR_2"));
  negotiate();
  auto text = parsed(offer_.sdp);
  ASSERT_EQ(text.media.size(), 3u);
  EXPECT_EQ(text.media[1].direction, Direction::Inactive);
  EXPECT_EQ(text.media[1].port, 9);
  negotiation_.add_track(send_video("TR_3"));
  EXPECT_EQ(negotiate().sent.size(), 2u);
  text = parsed(offer_.sdp);
  ASSERT_EQ(text.media.size(), 3u);
  EXPECT_EQ(text.media[1].msid->track, "TR_3");
}

TEST(SubscriberNegotiation, LeavesMLinesAloneWithoutReuse) {
  SubscriberNegotiation negotiation({.reuse_sections = false});
  for (const char* sid : {"TR_1", "TR_2", "TR_3"}) {
    negotiation.add_track(send_video(sid));
    ASSERT_TRUE(negotiation.handle_answer(accept_all(negotiation.create_offer(kLocal).sdp)));
    negotiation.remove_track(TrackId(sid));
  }
  EXPECT_EQ(parsed(negotiation.create_offer(kLocal).sdp).media.size(), 4u);
}

TEST_F(Subscriber, ForgetsATrackRemovedBeforeTheAnswer) {
  negotiation_.add_track(send_video("TR_1"));
  const Offer offer = negotiation_.create_offer(kLocal);
  negotiation_.remove_track(TrackId("TR_1"));
  const auto result = negotiation_.handle_answer(accept_all(offer.sdp));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->sent.empty());
  EXPECT_FALSE(result->plans[1].send);
  EXPECT_TRUE(negotiation_.wants_offer());
}

TEST_F(Subscriber, KeepsTheMLineOfATrackWhoseCodecsChange) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"VP9"}));
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"VP9"}));
  negotiate();
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"VP8"}));
  const AppliedAnswer result = negotiate();
  EXPECT_EQ(parsed(offer_.sdp).media.size(), 3u);
  ASSERT_EQ(result.sent.size(), 2u);
  EXPECT_EQ(result.sent[0].encoding_name, "VP9");
  EXPECT_EQ(result.sent[1].mid, Mid("2"));
  EXPECT_EQ(result.sent[1].encoding_name, "VP8");
}

TEST_F(Subscriber, AnAnswerForTheCodecsOfBeforeRefusesNothing) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"VP8"}));
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"VP9"}));
  const Offer before = negotiation_.create_offer(kLocal);
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"VP8"}));
  const auto result = negotiation_.handle_answer(accept_all(before.sdp));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->sent.size(), 1u);
  EXPECT_TRUE(result->unsupported.empty());
  EXPECT_EQ(negotiate().sent.size(), 2u);
}

TEST_F(Subscriber, AnAnswerForTheCodecsOfBeforeStopsNothing) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"VP9"}));
  const room::SubscribedMedia before = negotiate().sent.at(0);
  negotiation_.add_track(send_audio("TR_mic"));
  const Offer other = negotiation_.create_offer(kLocal);
  const SendTrack changed = send_track("TR_1", room::TrackKind::Video, {"VP8"});
  negotiation_.add_track(changed);
  const auto result = negotiation_.handle_answer(accept_all(other.sdp));
  ASSERT_TRUE(result);
  ASSERT_EQ(result->sent.size(), 2u);
  EXPECT_EQ(result->sent[0].ssrc, before.ssrc);
  EXPECT_EQ(result->sent[0].encoding_name, "VP9");
  EXPECT_TRUE(result->plans[1].send);
  const AppliedAnswer after = negotiate();
  EXPECT_EQ(after.sent[0].ssrc, changed.ssrc);
  EXPECT_EQ(after.sent[0].encoding_name, "VP8");
}

TEST_F(Subscriber, AMLineRefusedForTheCodecsOfBeforeIsNotThatOfTheNewOnes) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"VP8"}));
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"VP9"}));
  auto answer = parsed(accept_all(negotiation_.create_offer(kLocal).sdp));
  answer.media[2].port = 0;
  answer.bundle_groups = {{Mid("0"), Mid("1")}};
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"VP8"}));
  const auto result = negotiation_.handle_answer(sdp::print(answer));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->unsupported.empty());
  const AppliedAnswer after = negotiate();
  ASSERT_EQ(after.sent.size(), 2u);
  EXPECT_EQ(after.sent[1].mid, Mid("3"));
}

// pion takes in later sections only what it took in the first.
TEST_F(Subscriber, OffersTheCodecsOfTheTrackAndBehindThemEveryOtherInTheFirstSection) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"video/h264", "video/vp8"}));
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"video/h264"}));
  EXPECT_EQ(negotiate().sent[0].encoding_name, "H264");
  const auto text = parsed(offer_.sdp);
  const auto payload_types = [&text](size_t section) {
    std::vector<int> result;
    for (const sdp::Format& format : text.media[section].formats)
      result.push_back(format.payload_type.value);
    return result;
  };
  EXPECT_EQ(payload_types(1),
            (std::vector<int>{108, 109, 125, 126, 96, 97, 98, 99, 100, 101, 35, 36, 116, 117}));
  EXPECT_EQ(payload_types(2), (std::vector<int>{108, 109, 125, 126}));
  EXPECT_TRUE(text.media[1].formats[0].remb);
  EXPECT_FALSE(text.media[1].formats[0].transport_cc);
  EXPECT_FALSE(text.media[1].formats[4].transport_cc);
}

TEST_F(Subscriber, OffersRedWithOpusAndWithoutNack) {
  SendTrack track = send_track("TR_1", room::TrackKind::Audio, {"red", "opus"});
  track.stereo = true;
  negotiation_.add_track(track);
  EXPECT_EQ(negotiate().sent[0].encoding_name, "red");
  const auto text = parsed(offer_.sdp);
  EXPECT_EQ(text.media[1].formats[0].encoding_name, "red");
  EXPECT_FALSE(text.media[1].formats[1].nack);
  EXPECT_TRUE(text.media[1].formats[1].fmtp.ends_with(";sprop-stereo=1"));
}

TEST_F(Subscriber, TellsTracksTheClientCannotDecode) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"AV1"}));
  negotiation_.add_track(send_track("TR_2", room::TrackKind::Video, {"JPEG"}));
  const Offer offer = negotiation_.create_offer(kLocal);
  EXPECT_EQ(offer.unsupported, std::vector<TrackId>{TrackId("TR_2")});
  auto answer = parsed(accept_all(offer.sdp));
  answer.media[1].port = 0;
  answer.bundle_groups = {{Mid("0")}};
  const auto result = negotiation_.handle_answer(sdp::print(answer));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->unsupported, std::vector<TrackId>{TrackId("TR_1")});
  EXPECT_EQ(result->plans.size(), 1u);
  negotiation_.add_track(send_video("TR_3"));
  const auto text = parsed(negotiation_.create_offer(kLocal).sdp);
  EXPECT_TRUE(text.media[1].rejected());
  EXPECT_EQ(text.media[2].msid->track, "TR_3");
}

TEST_F(Subscriber, SettlesTheCommonFormatsInTheOrderOfTheAnswer) {
  negotiation_.add_track(send_track("TR_1", room::TrackKind::Video, {"VP8", "VP9"}));
  auto answer = parsed(accept_all(negotiation_.create_offer(kLocal).sdp));
  sdp::MediaDescription& media = answer.media[1];
  media.formats = {media.formats[2], media.formats[3]};
  media.formats[0].remb = false;
  media.extensions.resize(1);
  const auto result = negotiation_.handle_answer(sdp::print(answer));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->sent[0].encoding_name, "VP9");
  EXPECT_EQ(result->plans[1].formats.size(), 2u);
  EXPECT_FALSE(result->plans[1].formats[0].remb);
  EXPECT_EQ(result->plans[1].extensions.size(), 1u);
}

TEST_F(Subscriber, CleansTheNameOfAStream) {
  SendTrack track = send_video("TR_1");
  track.stream = "a|b\r\nm=x";
  negotiation_.add_track(track);
  negotiate();
  EXPECT_EQ(parsed(offer_.sdp).media[1].msid->stream, "PA_other|a_b__m=x");
}

TEST_F(Subscriber, RefusesAnswersThatDoNotFit) {
  EXPECT_FALSE(negotiation_.handle_answer(ClientDescription().data().text()));
  const Offer offer = negotiation_.create_offer(kLocal);
  EXPECT_FALSE(negotiation_.handle_answer(accept_all(offer.sdp), offer.id + 1));
  EXPECT_FALSE(negotiation_.handle_answer("nonsense", offer.id));
  EXPECT_FALSE(negotiation_.handle_answer(
      ClientDescription().data().audio(Direction::RecvOnly).text(), offer.id));
  EXPECT_TRUE(negotiation_.awaiting_answer());
  EXPECT_TRUE(negotiation_.handle_answer(accept_all(offer.sdp), offer.id));
}

TEST_F(Subscriber, IsDtlsClientOfAPassiveAnswer) {
  const Offer offer = negotiation_.create_offer(kLocal);
  EXPECT_FALSE(
      negotiation_.handle_answer(accept_all(offer.sdp, sdp::Setup::Passive))->remote.dtls_server);
}

}  // namespace
}  // namespace gstlk::signal
