// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_receiver.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "plugins/sfu/packet_pool.h"
#include "plugins/sfu/worker_pool.h"
#include "support/rtp_packet.h"

namespace gstlk::sfu {
namespace {

using test::rtp_packet;

constexpr Ssrc kCamera{7};

MediaSection::Format format(uint8_t payload_type, const char* name, rtp::Codec codec,
                            uint32_t clock_rate) {
  MediaSection::Format result;
  result.receive.payload_type = PayloadType(payload_type);
  result.receive.codec = codec;
  result.receive.clock_rate = clock_rate;
  result.encoding_name = name;
  return result;
}

MediaSection camera() {
  MediaSection section;
  section.mid = Mid("0");
  section.video = section.receive = true;
  section.formats = {format(96, "VP8", rtp::Codec::Vp8, 90'000),
                     format(97, "rtx", rtp::Codec::Rtx, 90'000),
                     format(98, "H264", rtp::Codec::H264, 90'000)};
  section.formats[1].receive.apt = PayloadType(96);
  section.ssrcs = {{kCamera, {}}};
  return section;
}

MediaSection microphone() {
  MediaSection section;
  section.mid = Mid("0");
  section.receive = true;
  section.formats = {format(63, "red", rtp::Codec::Red, 48'000),
                     format(0, "PCMU", rtp::Codec::Pcmu, 8'000),
                     format(111, "opus", rtp::Codec::Opus, 48'000)};
  section.ssrcs = {{kCamera, {}}};
  return section;
}

// A client's transport connected to one of ours, whose packets come out of `source_`; what gets to
// the pad behind it is written down.
class PeerReceiverTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  void SetUp() override {
    pool_ = open_pool();
    ASSERT_TRUE(pool_);
    const auto config_of = [&](bool client) {
      transport::Transport::Config config;
      config.dtls = &pool_->dtls();
      config.random = pool_->random();
      config.ice_client = client;
      config.dtls_role = client ? transport::DtlsRole::Client : transport::DtlsRole::Server;
      return config;
    };
    server_.emplace(config_of(false));
    client_.emplace(config_of(true));
    connect();
    receiver_.emplace(*server_, *pool_);
    gst_pad_set_element_private(sink_.get(), this);
    gst_pad_set_event_function(sink_.get(), &PeerReceiverTest::on_event);
    gst_pad_set_chain_list_function(sink_.get(), &PeerReceiverTest::on_list);
    gst_pad_set_active(sink_.get(), TRUE);
    gst_pad_set_active(source_.get(), TRUE);
    gst_pad_push_event(source_.get(), gst_event_new_stream_start("camera"));
  }
  void link() {
    ASSERT_EQ(gst_pad_link_full(source_.get(), sink_.get(), GST_PAD_LINK_CHECK_NOTHING),
              GST_PAD_LINK_OK);
  }
  void set_media(const MediaSection& section) {
    receiver_->set_media({section}, {{section.mid, {}, source_}});
  }
  void receive(uint8_t payload_type, uint16_t sequence) {
    const Bytes packet = rtp_packet()
                             .ssrc(kCamera)
                             .payload_type(payload_type)
                             .seq(sequence)
                             .payload_size(20)
                             .bytes();
    Bytes sealed(packet.size() + 32);
    sealed.resize(client_->srtp_send()->protect_rtp(
        ByteView(packet).first(12), {}, ByteView(packet).subspan(12), sealed.data(), 0));
    receiver_->handle_rtp(sealed, packets_, now_);
    receiver_->push_pending();
  }

  static std::string caps_of(const Ref<GstPad>& pad) {
    GstCaps* caps = gst_pad_get_current_caps(pad.get());
    if (!caps) return "";
    std::string name = gst_structure_get_string(gst_caps_get_structure(caps, 0), "encoding-name");
    gst_caps_unref(caps);
    return name;
  }

  std::vector<std::string> caps_;  // their encoding names
  int segments_ = 0;
  guint buffers_ = 0;
  std::function<void()> on_caps_;
  std::shared_ptr<WorkerPool> pool_;
  std::optional<transport::Transport> server_;
  std::optional<transport::Transport> client_;
  std::optional<PeerReceiver> receiver_;
  PacketPool packets_;
  const Ref<GstPad> source_ = Ref<GstPad>::sink(gst_pad_new("source", GST_PAD_SRC));
  GstStaticPadTemplate any_ =
      GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  const Ref<GstPad> sink_ = Ref<GstPad>::sink(gst_pad_new_from_static_template(&any_, "sink"));
  Timestamp now_{100s};

 private:
  static std::shared_ptr<WorkerPool> open_pool() {
    WorkerPoolConfig config;
    config.workers = 1;
    config.addresses = {"127.0.0.1"};
    config.tcp_port = 0;
    // Any free port: tests run beside each other.
    for (config.udp_port = 20'400; config.udp_port < 20'600; ++config.udp_port) {
      if (auto opened = WorkerPool::create(config)) return *opened;
    }
    return nullptr;
  }

  bool deliver(transport::Transport& from, transport::Transport& to) {
    bool moved = false;
    while (auto datagram = from.poll_output()) {
      moved = true;
      const transport::AddressPair& sent = datagram->path;
      to.handle_datagram(datagram->bytes, {sent.local, sent.remote, sent.protocol}, now_);
    }
    return moved;
  }
  void connect() {
    client_->set_remote_ice(server_->local_ice());
    server_->set_remote_ice(client_->local_ice());
    ASSERT_TRUE(client_->set_remote_fingerprint(server_->local_fingerprint()));
    ASSERT_TRUE(server_->set_remote_fingerprint(client_->local_fingerprint()));
    client_->set_remote_address({*transport::SocketAddress::from_text("192.0.2.1:7882"),
                                 *transport::SocketAddress::from_text("192.0.2.7:40000")});
    for (int i = 0; i < 10 && !server_->connected(); ++i) {
      now_ += 10ms;
      client_->handle_timeout(now_);
      while (deliver(*client_, *server_) | deliver(*server_, *client_)) {
      }
    }
    ASSERT_TRUE(client_->connected());
    ASSERT_TRUE(server_->connected());
  }

  static gboolean on_event(GstPad* pad, GstObject*, GstEvent* event) {
    auto* self = static_cast<PeerReceiverTest*>(gst_pad_get_element_private(pad));
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      self->caps_.emplace_back(
          gst_structure_get_string(gst_caps_get_structure(caps, 0), "encoding-name"));
      if (self->on_caps_) self->on_caps_();
    }
    self->segments_ += GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT;
    gst_event_unref(event);
    return TRUE;
  }
  static GstFlowReturn on_list(GstPad* pad, GstObject*, GstBufferList* list) {
    static_cast<PeerReceiverTest*>(gst_pad_get_element_private(pad))->buffers_ +=
        gst_buffer_list_length(list);
    gst_buffer_list_unref(list);
    return GST_FLOW_OK;
  }
};

using Names = std::vector<std::string>;

TEST_F(PeerReceiverTest, WhatIsSilentHasTheCapsOfItsPreferredFormat) {
  link();
  set_media(camera());
  EXPECT_EQ(caps_, Names());
  receiver_->announce();
  receiver_->announce();
  EXPECT_EQ(caps_, Names{"VP8"});
  receive(96, 1);
  EXPECT_EQ(caps_, Names{"VP8"});
  EXPECT_EQ(buffers_, 1u);
}

TEST_F(PeerReceiverTest, OfRedItHasThoseOfWhatIsInside) {
  link();
  set_media(microphone());
  receiver_->announce();
  receive(63, 1);
  receive(111, 2);
  receive(63, 3);
  EXPECT_EQ(caps_, Names{"OPUS"});
  EXPECT_EQ(buffers_, 3u);
}

TEST_F(PeerReceiverTest, TheCapsFollowWhatIsSentAfterAll) {
  link();
  set_media(camera());
  receiver_->announce();
  receive(98, 1);
  EXPECT_EQ(caps_, (Names{"VP8", "H264"}));
  EXPECT_EQ(segments_, 1);
  EXPECT_EQ(buffers_, 1u);
  receiver_->announce();
  EXPECT_EQ(caps_.size(), 2u);
}

// The router takes a track's last caps for all of its encodings.
TEST_F(PeerReceiverTest, LayersThatAreSilentHaveTheCapsOfWhatIsSent) {
  link();
  MediaSection section = camera();
  section.rids = {Rid("q"), Rid("h")};
  section.ssrcs = {{kCamera, {}}, {Ssrc(8), {}}};
  const auto other = Ref<GstPad>::sink(gst_pad_new("other", GST_PAD_SRC));
  gst_pad_set_active(other.get(), TRUE);
  gst_pad_push_event(other.get(), gst_event_new_stream_start("other"));
  receiver_->set_media({section},
                       {{section.mid, Rid("q"), source_}, {section.mid, Rid("h"), other}});
  receiver_->announce();
  EXPECT_EQ(caps_of(other), "VP8");
  receive(98, 1);
  EXPECT_EQ(caps_, (Names{"VP8", "H264"}));
  EXPECT_EQ(caps_of(other), "H264");
}

TEST_F(PeerReceiverTest, RedOfAnotherCodecThanWasExpectedIsOpus) {
  link();
  MediaSection section = microphone();
  std::swap(section.formats[0], section.formats[1]);
  set_media(section);
  receiver_->announce();
  receive(63, 1);
  EXPECT_EQ(caps_, (Names{"PCMU", "OPUS"}));
}

TEST_F(PeerReceiverTest, APadThatIsLinkedLaterLearnsItsCapsWhenItAsks) {
  set_media(camera());
  receiver_->announce();
  link();
  EXPECT_EQ(caps_, Names());
  receiver_->announce(source_.get());
  EXPECT_EQ(caps_, Names{"VP8"});
}

// An application may set `media` from inside a push.
TEST_F(PeerReceiverTest, APacketGoesOnWhenItsCapsHaveReconfiguredTheSession) {
  link();
  set_media(camera());
  on_caps_ = [&] { set_media(camera()); };
  receive(96, 1);
  EXPECT_EQ(buffers_, 1u);
}

TEST_F(PeerReceiverTest, APacketIsDroppedWhenItsCapsHaveEndedItsStream) {
  link();
  set_media(camera());
  on_caps_ = [&] { receiver_->set_media({}, {}); };
  receive(96, 1);
  EXPECT_EQ(buffers_, 0u);
}

}  // namespace
}  // namespace gstlk::sfu
