// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/negotiation.h"

#include <gtest/gtest.h>

#include "negotiation_offers.h"

namespace gstlk::signal {
namespace {

using room::TrackKind;
using sdp::Direction;

class PublisherNegotiationTest : public testing::Test {
 protected:
  Answer answer(const ClientDescription& offer, const std::vector<PublishHint>& hints = {}) {
    auto remote = negotiation_.handle_offer(offer.text());
    EXPECT_TRUE(remote) << remote.error().message;
    remote_ = *remote;
    return negotiation_.create_answer(kLocal, hints).value();
  }

  PublisherNegotiation negotiation_{NegotiationOptions{}};
  RemoteOffer remote_;
};

using Publisher = PublisherNegotiationTest;

TEST_F(Publisher, AnswersDataChannels) {
  const Answer result = answer(ClientDescription().data());
  EXPECT_TRUE(remote_.has_data_channels);
  ASSERT_EQ(result.plans.size(), 1u);
  EXPECT_EQ(result.plans[0].kind, sdp::MediaKind::Application);
  EXPECT_EQ(result.plans[0].max_message_size, 262144u);
  const auto text = parsed(result.sdp);
  EXPECT_TRUE(text.media[0].data_channel);
  EXPECT_EQ(text.media[0].max_message_size, 65535u);
  EXPECT_EQ(text.bundle_groups[0], std::vector<Mid>{Mid("0")});
}

TEST_F(Publisher, IsDtlsServerUnlessTheClientInsists) {
  EXPECT_EQ(parsed(answer(ClientDescription().data()).sdp).media[0].transport.setup,
            sdp::Setup::Passive);
  EXPECT_TRUE(remote_.remote.dtls_server);
  const auto passive = ClientDescription().data().setup(sdp::Setup::Passive);
  EXPECT_EQ(parsed(answer(passive).sdp).media[0].transport.setup, sdp::Setup::Active);
  EXPECT_FALSE(remote_.remote.dtls_server);
}

TEST_F(Publisher, MirrorsSimulcast) {
  const Answer result = answer(ClientDescription().video(Direction::SendOnly, "cam").simulcast());
  ASSERT_EQ(result.tracks.size(), 1u);
  EXPECT_EQ(result.tracks[0].track_id, "cam");
  EXPECT_EQ(result.tracks[0].rids, (std::vector<Rid>{Rid("q"), Rid("h"), Rid("f")}));
  EXPECT_EQ(result.plans[0].rids, result.tracks[0].rids);
  EXPECT_NE(result.sdp.find("a=rid:h recv\r\n"), std::string::npos);
  EXPECT_NE(result.sdp.find("a=simulcast:recv q;h;f\r\n"), std::string::npos);
}

TEST_F(Publisher, SortsLayersLowToHigh) {
  ClientDescription offer;
  offer.video(Direction::SendOnly, "cam").last().simulcast.send = {
      {Rid("0")}, {Rid("1")}, {Rid("2")}};
  EXPECT_EQ(answer(offer).tracks[0].rids, (std::vector<Rid>{Rid("2"), Rid("1"), Rid("0")}));
}

TEST_F(Publisher, TakesEnabledCodecsWithTheirRtx) {
  const Answer result = answer(ClientDescription().video(Direction::SendOnly, "cam"));
  std::vector<std::string> names;
  for (const sdp::Format& format : result.plans[0].formats) names.push_back(format.encoding_name);
  EXPECT_EQ(names, (std::vector<std::string>{"VP8", "rtx", "H264", "rtx"}));
  EXPECT_TRUE(result.plans[0].formats[0].transport_cc);
  EXPECT_FALSE(result.plans[0].formats[0].remb);
  EXPECT_FALSE(result.plans[0].formats[1].nack);
  EXPECT_EQ(result.tracks[0].codecs, (std::vector<std::string>{"VP8", "H264"}));
}

TEST_F(Publisher, RefusesVideoOrientation) {
  const Answer result = answer(ClientDescription().video(Direction::SendOnly, "cam"));
  EXPECT_EQ(result.sdp.find("video-orientation"), std::string::npos);
  EXPECT_EQ(result.plans[0].extensions.size(), 3u);
}

TEST_F(Publisher, PutsTheCodecOfAddTrackFirst) {
  const PublishHint hint{.cid = "cam", .kind = TrackKind::Video, .preferred_codec = "video/h264"};
  const Answer result = answer(ClientDescription().video(Direction::SendOnly, "cam"), {hint});
  EXPECT_EQ(result.plans[0].formats[0].encoding_name, "H264");
  EXPECT_EQ(result.plans[0].formats[1].apt, PayloadType(98));
  EXPECT_EQ(result.plans[0].formats.size(), 4u);
  EXPECT_EQ(result.tracks[0].cid, "cam");
}

TEST(PublisherNegotiation, ListsOnlyThePreferredCodecWhereToldTo) {
  PublisherNegotiation negotiation({.only_preferred_codec = true});
  const PublishHint hint{.cid = "cam", .kind = TrackKind::Video, .preferred_codec = "h264"};
  ASSERT_TRUE(
      negotiation.handle_offer(ClientDescription().video(Direction::SendOnly, "cam").text()));
  const Answer result = negotiation.create_answer(kLocal, {&hint, 1}).value();
  EXPECT_EQ(result.tracks[0].codecs, std::vector<std::string>{"H264"});
}

TEST_F(Publisher, AsksForDtxStereoAndRedAsAddTrackSays) {
  const ClientDescription offer = ClientDescription().audio(Direction::SendOnly, "mic");
  EXPECT_NE(answer(offer).sdp.find("useinbandfec=1;usedtx=1\r\n"), std::string::npos);
  PublishHint hint{
      .cid = "mic", .kind = TrackKind::Audio, .red = true, .dtx = false, .stereo = true};
  const Answer result = answer(offer, {hint});
  EXPECT_NE(result.sdp.find("useinbandfec=1;stereo=1;maxaveragebitrate=510000\r\n"),
            std::string::npos);
  EXPECT_EQ(result.tracks[0].codecs, (std::vector<std::string>{"red", "opus"}));
}

TEST(PublisherNegotiation, PutsRedInFrontOfNoCodecThatAddTrackNames) {
  const auto first = [](bool red, const std::string& codec) {
    PublisherNegotiation negotiation{NegotiationOptions{}};
    const PublishHint hint{
        .cid = "mic", .kind = TrackKind::Audio, .preferred_codec = codec, .red = red};
    EXPECT_TRUE(
        negotiation.handle_offer(ClientDescription().audio(Direction::SendOnly, "mic").text()));
    const Answer result = negotiation.create_answer(kLocal, {&hint, 1}).value();
    return result.plans[0].formats[0].encoding_name;
  };
  EXPECT_EQ(first(true, ""), "red");
  EXPECT_EQ(first(false, ""), "opus");
  EXPECT_EQ(first(true, "audio/opus"), "opus");
  EXPECT_EQ(first(true, "audio/red"), "red");
  EXPECT_EQ(first(false, "audio/red"), "red");
}

TEST_F(Publisher, MatchesTracksByIdBeforeByKind) {
  const std::vector<PublishHint> hints = {{.cid = "renamed", .kind = TrackKind::Video},
                                          {.cid = "b", .kind = TrackKind::Video}};
  const Answer result = answer(
      ClientDescription().video(Direction::SendOnly, "a").video(Direction::SendOnly, "b"), hints);
  EXPECT_EQ(result.tracks[0].cid, "renamed");
  EXPECT_EQ(result.tracks[1].cid, "b");
}

TEST_F(Publisher, TakesAnAddTrackThatComesAfterTheOffer) {
  const ClientDescription offer = ClientDescription().video(Direction::SendOnly, "cam");
  EXPECT_EQ(answer(offer).tracks[0].cid, std::nullopt);
  const PublishHint hint{.cid = "cam", .kind = TrackKind::Video};
  const auto claimed = negotiation_.claim(hint);
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->mid, Mid("0"));
  EXPECT_EQ(claimed->codecs, (std::vector<std::string>{"VP8", "H264"}));
  EXPECT_EQ(negotiation_.claim(hint), std::nullopt);
  EXPECT_EQ(answer(offer, {hint}).tracks[0].cid, "cam");
}

TEST_F(Publisher, WhatIsReceivedTakesNoOtherMLine) {
  PublishHint hint{.cid = "cam", .kind = TrackKind::Video};
  answer(ClientDescription().video(Direction::SendOnly, "cam"), {hint});
  hint.match = room::MatchBy::Place;
  const ClientDescription moved = ClientDescription().video(Direction::Inactive);
  for (const char* id : {"cam", "other"}) {
    const Answer result = answer(ClientDescription(moved).video(Direction::SendOnly, id), {hint});
    ASSERT_EQ(result.tracks.size(), 1u);
    EXPECT_EQ(result.tracks[0].cid, std::nullopt);
  }
}

TEST_F(Publisher, KeepsATrackWhoseIdChangesAsLongAsItsSenderStays) {
  PublishHint hint{.cid = "cam", .kind = TrackKind::Video};
  const auto sends = [&](const std::string& id, uint32_t ssrc) {
    ClientDescription offer = ClientDescription().video(Direction::SendOnly, id);
    offer.last().ssrcs = {{Ssrc(ssrc), "c", {}}};
    return answer(offer, {hint}).tracks[0].cid;
  };
  EXPECT_EQ(sends("cam", 1), "cam");
  hint.match = room::MatchBy::Place;
  EXPECT_EQ(sends("renamed", 1), "cam");
  EXPECT_EQ(sends("again", 1), "cam");
  // pion's AddTrack takes a transceiver that is free for another track.
  EXPECT_EQ(sends("other", 2), std::nullopt);
  ASSERT_TRUE(negotiation_.claim({.cid = "other", .kind = TrackKind::Video}));
}

TEST_F(Publisher, KnowsAnotherCodecOfATrackByItsIdOnly) {
  const PublishHint hint{.cid = "backup", .kind = TrackKind::Video, .match = room::MatchBy::Id};
  EXPECT_EQ(answer(ClientDescription().video(Direction::SendOnly, "cam"), {hint}).tracks[0].cid,
            std::nullopt);
  EXPECT_EQ(answer(ClientDescription().video(Direction::SendOnly, "backup"), {hint}).tracks[0].cid,
            "backup");
}

TEST_F(Publisher, TakesAMsidOfOneToken) {
  ClientDescription offer;
  offer.video(Direction::SendOnly).last().msid = sdp::Msid{"cam", ""};
  EXPECT_EQ(answer(offer).tracks[0].track_id, "cam");
}

TEST_F(Publisher, TellsWhichTracksEnded) {
  answer(ClientDescription().audio(Direction::SendOnly, "mic").video(Direction::SendOnly, "cam"));
  Answer result = answer(
      ClientDescription().audio(Direction::SendOnly, "other").video(Direction::Inactive, "cam"));
  EXPECT_EQ(result.ended, (std::vector<Mid>{Mid("0"), Mid("1")}));
  ASSERT_EQ(result.tracks.size(), 1u);
  EXPECT_EQ(result.tracks[0].track_id, "other");
  EXPECT_FALSE(result.plans[1].receive);
}

TEST_F(Publisher, KeepsRefusedMLinesOutOfTheGroup) {
  ClientDescription offer =
      ClientDescription().data().video(Direction::SendOnly, "a").audio(Direction::SendOnly, "b");
  offer.section(1).port = 0;
  const auto text = parsed(answer(offer).sdp);
  ASSERT_EQ(text.media.size(), 3u);
  EXPECT_TRUE(text.media[1].rejected());
  EXPECT_EQ(text.bundle_groups[0], (std::vector<Mid>{Mid("0"), Mid("2")}));
}

TEST_F(Publisher, RefusesMLinesWithoutACommonCodecOrRtcpMux) {
  ClientDescription offer =
      ClientDescription().data().video(Direction::SendOnly, "a").audio(Direction::SendOnly, "b");
  offer.section(1).formats = {{PayloadType(100), "flexfec-03", 90000}};
  offer.section(2).rtcp_mux = false;
  const auto text = parsed(answer(offer).sdp);
  EXPECT_TRUE(text.media[1].rejected());
  EXPECT_TRUE(text.media[2].rejected());
}

TEST_F(Publisher, NoticesAnIceRestart) {
  answer(ClientDescription().data());
  EXPECT_FALSE(remote_.ice_restart);
  answer(ClientDescription().data());
  EXPECT_FALSE(remote_.ice_restart);
  answer(ClientDescription().data().ice("fresh"));
  EXPECT_TRUE(remote_.ice_restart);
}

TEST_F(Publisher, ReportsAnnouncedSsrcsWithTheirRtx) {
  ClientDescription offer = ClientDescription().video(Direction::SendOnly, "cam");
  offer.last().ssrcs = {{Ssrc(1), "c", {}}, {Ssrc(2), "c", {}}};
  offer.last().ssrc_groups = {{"FID", {Ssrc(1), Ssrc(2)}}};
  const Answer result = answer(offer);
  ASSERT_EQ(result.plans[0].ssrcs.size(), 1u);
  EXPECT_EQ(result.plans[0].ssrcs[0].primary, Ssrc(1));
  EXPECT_EQ(result.plans[0].ssrcs[0].rtx, Ssrc(2));
}

TEST_F(Publisher, PutsCompleteCandidatesIntoTheFirstSection) {
  LocalDescription local = kLocal;
  local.candidates = {"candidate:1 1 udp 1 192.0.2.1 7882 typ host"};
  ASSERT_TRUE(negotiation_.handle_offer(ClientDescription().data().text()));
  const auto text = parsed(negotiation_.create_answer(local, {}).value().sdp);
  EXPECT_EQ(text.media[0].candidates, local.candidates);
  EXPECT_TRUE(text.media[0].end_of_candidates);
}

TEST_F(Publisher, SaysWhatIsWrongAndStaysAsItWas) {
  EXPECT_FALSE(negotiation_.create_answer(kLocal, {}));
  EXPECT_EQ(negotiation_.handle_offer("nonsense").error().message, "SDP does not start with v=0");
  EXPECT_EQ(negotiation_.handle_offer(ClientDescription().text()).error().message,
            "SDP has no m-line that can be used");
  EXPECT_EQ(negotiation_.handle_offer(ClientDescription().data().ice("x").text()).error().message,
            "SDP has no valid ICE credentials");
  answer(ClientDescription().data());
  EXPECT_FALSE(negotiation_.handle_offer("nonsense"));
  EXPECT_TRUE(negotiation_.create_answer(kLocal, {}));
}

TEST(NegotiationOptions, NarrowTheCodecs) {
  PublisherNegotiation negotiation({.publish_codecs = {{"audio/opus", ""}, {"video/vp8", ""}}});
  ASSERT_TRUE(negotiation.handle_offer(ClientDescription()
                                           .video(Direction::SendOnly, "cam")
                                           .audio(Direction::SendOnly, "mic")
                                           .text()));
  const Answer result = negotiation.create_answer(kLocal, {}).value();
  // Nobody lists what lost packets are sent again with; LiveKit adds it, too.
  ASSERT_EQ(result.plans[0].formats.size(), 2u);
  EXPECT_EQ(result.plans[0].formats[1].encoding_name, "rtx");
  EXPECT_EQ(result.tracks[1].codecs, std::vector<std::string>{"opus"});
}

}  // namespace
}  // namespace gstlk::signal
