// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/send_session.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "rtp/dispatch_rtcp.h"
#include "rtp/rtcp_writer.h"

namespace gstlk::rtp {
namespace {

constexpr Timestamp kStart{100s};
constexpr Ssrc kLocal{1};
constexpr Ssrc kPeer{2};
constexpr Ssrc kVideo{10};
constexpr Ssrc kVideoRtx{11};
constexpr uint32_t kClock = 90000;
constexpr NtpTime kNtp{uint64_t{1000} << 32};

class SendSessionTest : public testing::Test {
 protected:
  std::vector<RtcpSenderReport> poll_reports(Timestamp now) {
    std::vector<RtcpSenderReport> reports;
    rtcp_.clear();
    while (true) {
      const size_t before = rtcp_.size();
      if (!session_.poll_rtcp(now, rtcp_)) break;
      EXPECT_LE(rtcp_.size() - before, 1200u);
    }
    RtcpReader reader(rtcp_);
    while (const auto message = reader.next()) {
      if (const auto* report = std::get_if<RtcpSenderReport>(&*message)) reports.push_back(*report);
    }
    EXPECT_EQ(reader.malformed(), 0u);
    return reports;
  }
  const std::vector<SendEvent>& dispatch(const Bytes& compound, Timestamp now = kStart) {
    received_ = compound;
    dispatch_rtcp(received_, receive_, session_, now, results_);
    return results_.send_events;
  }
  void report_loss(uint32_t last_sr, Duration held, Timestamp now) {
    const ReportBlock block{
        .ssrc = kVideo,
        .fraction_lost = 64,
        .cumulative_lost = 5,
        .jitter = 90,
        .last_sr = last_sr,
        .delay_since_last_sr = static_cast<uint32_t>(to_ntp_interval(held) >> 16)};
    Bytes bytes;
    RtcpWriter(bytes).receiver_report(kPeer, {&block, 1});
    dispatch(bytes, now);
  }

  SendSession session_{kLocal, "cname"};
  ReceiveSession receive_{kLocal};
  SendStreamId video_ = session_.add_stream({kVideo, kVideoRtx, kClock});
  RtcpResults results_;
  Bytes received_;
  Bytes rtcp_;
};

TEST_F(SendSessionTest, ThereIsNoReportBeforeMediaAndAClock) {
  session_.set_clock_mapping(video_, kNtp, 0, kStart);
  EXPECT_FALSE(session_.next_timeout());
  const SendStreamId other = session_.add_stream({Ssrc(20), std::nullopt, kClock});
  session_.on_sent(other, 100, kStart);
  EXPECT_FALSE(session_.next_timeout());
  EXPECT_TRUE(poll_reports(kStart + 10s).empty());
}

TEST_F(SendSessionTest, ReportsThePublishersTimeLineGoneOn) {
  session_.on_sent(video_, 1000, kStart);
  session_.on_sent(video_, 500, kStart);
  session_.set_clock_mapping(video_, kNtp, 0xffffffff, kStart);
  EXPECT_EQ(session_.next_timeout(), kStart);
  const auto reports = poll_reports(kStart + 500ms);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].sender, kVideo);
  EXPECT_EQ(reports[0].info.ntp.value, kNtp.value + (uint64_t{1} << 31));
  EXPECT_EQ(reports[0].info.rtp_timestamp, kClock / 2 - 1);
  EXPECT_EQ(reports[0].info.packets, 2u);
  EXPECT_EQ(reports[0].info.octets, 1500u);
}

TEST_F(SendSessionTest, ReportsCarryTheCname) {
  session_.on_sent(video_, 1000, kStart);
  session_.set_clock_mapping(video_, kNtp, 0, kStart);
  poll_reports(kStart);
  RtcpReader reader(rtcp_);
  reader.next();
  const auto message = reader.next();
  ASSERT_TRUE(message && std::holds_alternative<RtcpSdes>(*message));
  EXPECT_EQ(std::get_if<RtcpSdes>(&*message)->source, kVideo);
  EXPECT_EQ(std::get_if<RtcpSdes>(&*message)->cname, "cname");
}

TEST_F(SendSessionTest, EachPublisherHasACnameOfItsOwn) {
  const auto other = session_.add_stream({Ssrc(20), std::nullopt, kClock, "PA_other"});
  for (const SendStreamId id : {video_, other}) {
    session_.on_sent(id, 1000, kStart);
    session_.set_clock_mapping(id, kNtp, 0, kStart);
  }
  poll_reports(kStart);
  std::map<uint32_t, std::string> names;
  RtcpReader reader(rtcp_);
  while (const auto message = reader.next()) {
    if (const auto* sdes = std::get_if<RtcpSdes>(&*message))
      names[sdes->source.value] = sdes->cname;
  }
  EXPECT_EQ(names, (std::map<uint32_t, std::string>{{10, "cname"}, {20, "PA_other"}}));
}

TEST_F(SendSessionTest, ReportsEverySecondAtFirstThenEveryThree) {
  session_.set_clock_mapping(video_, kNtp, 0, kStart);
  Timestamp now = kStart;
  std::vector<Duration> gaps;
  session_.on_sent(video_, 100, now);
  poll_reports(now);
  for (int i = 0; i < 7; ++i) {
    session_.on_sent(video_, 100, now);
    const Timestamp next = *session_.next_timeout();
    gaps.push_back(next - now);
    now = next;
    EXPECT_EQ(poll_reports(now).size(), 1u);
  }
  EXPECT_EQ(gaps, (std::vector<Duration>{1s, 1s, 1s, 1s, 1s, 3s, 3s}));
}

TEST_F(SendSessionTest, ASilentStreamIsNotReportedUntilItSendsAgain) {
  session_.set_clock_mapping(video_, kNtp, 0, kStart);
  session_.on_sent(video_, 100, kStart);
  poll_reports(kStart);
  EXPECT_TRUE(poll_reports(kStart + 7s).empty());
  EXPECT_FALSE(session_.next_timeout());
  session_.on_sent(video_, 100, kStart + 20s);
  EXPECT_EQ(poll_reports(kStart + 20s).size(), 1u);
}

TEST_F(SendSessionTest, ReportsDoNotGoBackwardsButFollowAClockThatWasSet) {
  session_.set_clock_mapping(video_, kNtp, 0, kStart);
  session_.on_sent(video_, 100, kStart);
  EXPECT_EQ(poll_reports(kStart).size(), 1u);
  session_.on_sent(video_, 100, kStart + 1s);
  session_.set_clock_mapping(video_, NtpTime{kNtp.value - 1}, 0, kStart + 1s);
  EXPECT_TRUE(poll_reports(kStart + 1s).empty());
  session_.set_clock_mapping(video_, NtpTime{kNtp.value / 2}, 0, kStart + 2s);
  session_.on_sent(video_, 100, kStart + 2s);
  EXPECT_EQ(poll_reports(kStart + 2s).size(), 1u);
}

TEST_F(SendSessionTest, ManyStreamsGoIntoSeveralDatagrams) {
  for (uint32_t i = 0; i < 100; ++i) {
    const SendStreamId id = session_.add_stream({Ssrc(1000 + i), std::nullopt, kClock});
    session_.set_clock_mapping(id, kNtp, 0, kStart);
    session_.on_sent(id, 1, kStart);
  }
  EXPECT_EQ(poll_reports(kStart).size(), 100u);
  EXPECT_EQ(session_.next_timeout(), kStart + 1s);
}

TEST_F(SendSessionTest, MeasuresTheRoundTripOnItsOwnClock) {
  session_.set_clock_mapping(video_, kNtp, 0, kStart);
  session_.on_sent(video_, 100, kStart);
  const auto reports = poll_reports(kStart + 5ms);
  ASSERT_EQ(reports.size(), 1u);
  report_loss(reports[0].info.ntp.compact(), 300ms, kStart + 385ms);
  ASSERT_TRUE(session_.round_trip());
  EXPECT_NEAR(static_cast<double>(session_.round_trip()->count()), 80'000, 30);
  // One that names no report of ours, or claims to have held it longer than it is old.
  report_loss(12345, 0ms, kStart + 500ms);
  report_loss(reports[0].info.ntp.compact(), 5s, kStart + 500ms);
  EXPECT_NEAR(static_cast<double>(session_.round_trip()->count()), 80'000, 30);
}

TEST_F(SendSessionTest, KeepsWhatThePeerReports) {
  EXPECT_FALSE(session_.stats(video_).last_report);
  report_loss(0, 0ms, kStart);
  const SendStats stats = session_.stats(video_);
  EXPECT_EQ(stats.fraction_lost, 64);
  EXPECT_EQ(stats.cumulative_lost, 5);
  EXPECT_EQ(stats.jitter, 1ms);
  EXPECT_EQ(stats.last_report, kStart);
  EXPECT_FALSE(session_.round_trip());
}

TEST_F(SendSessionTest, NacksBecomeOneRequestPerItem) {
  Bytes bytes;
  const std::vector<uint16_t> numbers = {65535, 0, 15, 40};
  RtcpWriter(bytes).nack(kPeer, kVideo, numbers);
  RtcpWriter(bytes).nack(kPeer, Ssrc(404), numbers);
  const auto& events = dispatch(bytes);
  ASSERT_EQ(events.size(), 2u);
  const auto* first = std::get_if<NackRequest>(&events[0]);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->stream, video_);
  const auto asked = first->sequence_numbers();
  EXPECT_EQ(std::vector<uint16_t>(asked.begin(), asked.end()),
            (std::vector<uint16_t>{65535, 0, 15}));
  EXPECT_EQ(std::get_if<NackRequest>(&events[1])->numbers[0], 40);
  EXPECT_EQ(session_.stats(video_).nacks_received, 4u);
}

TEST_F(SendSessionTest, PliAndFirAskForAKeyframe) {
  Bytes bytes;
  RtcpWriter(bytes).pli(kPeer, kVideo);
  const FirItem items[] = {{kVideo, 1}, {Ssrc(404), 1}};
  RtcpWriter(bytes).fir(kPeer, items);
  const auto& events = dispatch(bytes);
  ASSERT_EQ(events.size(), 2u);
  for (const SendEvent& event : events) {
    ASSERT_TRUE(std::holds_alternative<KeyframeRequest>(event));
    EXPECT_EQ(std::get_if<KeyframeRequest>(&event)->stream, video_);
  }
  EXPECT_EQ(session_.stats(video_).keyframe_requests_received, 2u);
  EXPECT_EQ(session_.stats(video_).firs_received, 1u);
}

TEST_F(SendSessionTest, EstimatesAndFeedbackAreHandedOn) {
  Bytes bytes;
  RtcpWriter(bytes).remb(kPeer, Bitrate{1'000'000}, {});
  const Bytes fci = {0, 7, 0, 1, 0, 0, 0, 0, 0x20, 0x01, 4};
  RtcpWriter(bytes).transport_feedback(kPeer, kVideo, fci);
  const auto& events = dispatch(bytes);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_NEAR(static_cast<double>(std::get_if<RembEstimate>(&events[0])->bitrate.bps), 1e6, 10);
  EXPECT_EQ(std::get_if<TwccFeedback>(&events[1])->base_sequence(), 7);
}

TEST_F(SendSessionTest, AnswersAReferenceTime) {
  Bytes bytes;
  RtcpWriter(bytes).receiver_reference_time(kPeer, NtpTime{0x1122334455667788});
  dispatch(bytes, kStart);
  EXPECT_EQ(session_.next_timeout(), Timestamp::min());
  poll_reports(kStart + 1s);
  RtcpReader reader(rtcp_);
  const auto message = reader.next();
  ASSERT_TRUE(message);
  const auto* report = std::get_if<RtcpExtendedReport>(&*message);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->dlrr.size(), 1u);
  EXPECT_EQ(report->dlrr[0].ssrc, kPeer);
  EXPECT_EQ(report->dlrr[0].last_rr, 0x33445566u);
  EXPECT_EQ(report->dlrr[0].delay_since_last_rr, 65536u);
  EXPECT_FALSE(session_.next_timeout());
}

TEST_F(SendSessionTest, ARemovedStreamIsUnknownAndItsSlotIsReused) {
  session_.set_clock_mapping(video_, kNtp, 0, kStart);
  session_.on_sent(video_, 100, kStart);
  EXPECT_EQ(session_.find(kVideoRtx), video_);
  session_.remove_stream(video_);
  EXPECT_FALSE(session_.find(kVideo));
  EXPECT_FALSE(session_.find(kVideoRtx));
  EXPECT_TRUE(poll_reports(kStart).empty());
  const SendStreamId next = session_.add_stream({Ssrc(30), std::nullopt, kClock});
  EXPECT_EQ(next, video_);
  EXPECT_EQ(session_.stats(next).packets, 0u);
}

TEST_F(SendSessionTest, APeerThatAsksForEverythingIsHeldToItsShare) {
  Bytes compound;
  std::vector<uint16_t> numbers(300);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<uint16_t>(i);
  RtcpWriter writer(compound);
  for (int i = 0; i < 50; ++i) writer.nack(kPeer, kVideo, numbers);
  size_t asked = 0;
  for (const SendEvent& event : dispatch(compound)) asked += std::get<NackRequest>(event).count;
  EXPECT_LE(asked, SendSession::kMaxNumbers);
  EXPECT_GT(asked, SendSession::kMaxNumbers - 17);
  EXPECT_EQ(session_.refused_requests(), 50 * 300 - asked);
  EXPECT_EQ(session_.stats(video_).nacks_received, 50u * 300u);

  // A keyframe may end what the numbers are for.
  compound.clear();
  RtcpWriter keyframes(compound);
  for (int i = 0; i < 100; ++i) keyframes.pli(kPeer, kVideo);
  EXPECT_EQ(dispatch(compound).size(), SendSession::kMaxKeyframeRequests);
  EXPECT_EQ(dispatch(compound, kStart + SendSession::kRequestWindow).size(),
            SendSession::kMaxKeyframeRequests);
}

TEST_F(SendSessionTest, DispatchTellsTheReceivingHalfOfReportsAndByes) {
  ReceiveMedia media{.mid = Mid("0")};
  media.formats = {{.payload_type = PayloadType(96), .codec = Codec::Opus, .clock_rate = 48000}};
  media.ssrcs = {{Ssrc(77), std::nullopt}};
  receive_.set_media({media});
  Bytes bytes;
  RtcpWriter writer(bytes);
  writer.sender_report(Ssrc(77), {kNtp, 5, 1, 1});
  const Ssrc gone[] = {Ssrc(77)};
  writer.bye(gone);
  bytes.push_back(0);  // and a rest that is no packet
  dispatch(bytes);
  const EncodingId id = receive_.encodings()[0].id;
  EXPECT_EQ(results_.sender_reports, std::vector<EncodingId>{id});
  EXPECT_EQ(results_.ended, std::vector<EncodingId>{id});
  EXPECT_EQ(results_.malformed, 1u);
}

}  // namespace
}  // namespace gstlk::rtp
