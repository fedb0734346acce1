// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "base/ref.h"
#include "plugins/livekit/client_thread.h"
#include "plugins/livekit/peer_connection.h"
#include "plugins/livekit/trickle.h"
#include "tests/elements/fake_room.h"

namespace gstlk::client {

// The media of a FakeRoom: one video, TR_v, that is sent to the newest participant whatever that
// subscribes to. Offers once and never again.
class SendingPeer : public PeerConnection::Listener {
 public:
  explicit SendingPeer(gstlk::testing::FakeRoom& room) : room_(room) {
    pipeline_ = Ref<GstElement>::sink(
        gst_parse_launch("videotestsrc is-live=true pattern=ball ! "
                         "video/x-raw,width=160,height=90,framerate=15/1 ! "
                         "vp8enc deadline=1 keyframe-max-dist=15 ! rtpvp8pay pt=96 ! "
                         "capsfilter name=rtp caps=application/x-rtp,media=video,"
                         "encoding-name=VP8,payload=96,clock-rate=90000",
                         nullptr));
    thread_->run([this] {
      peer_ = std::make_unique<PeerConnection>(*thread_, GST_BIN(pipeline_.get()), "server",
                                               ::livekit::JoinResponse(), *this);
      const auto rtp = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "rtp"));
      gst_element_link_pads(rtp.get(), "src", peer_->webrtcbin(), "sink_%u");
      peer_->start();
    });
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  }
  ~SendingPeer() override {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    thread_->run([this] { peer_.reset(); });
  }

  // Takes what the participant has answered since the last call.
  void take_answers() {
    const auto requests = room_.requests();
    thread_->run([&] {
      for (; taken_ < requests.size(); ++taken_) take(requests[taken_]);
    });
  }

 private:
  void on_negotiation_needed() override {
    if (std::exchange(offered_, true)) return;
    peer_->create_offer([this](Result<std::string> sdp) {
      if (!sdp) return;
      peer_->set_local(GST_WEBRTC_SDP_TYPE_OFFER, *sdp, [this, sdp = *sdp](Result<void>) {
        ::livekit::SignalResponse message;
        message.mutable_offer()->set_type("offer");
        message.mutable_offer()->set_sdp(sdp);
        message.mutable_offer()->set_id(1);
        (*message.mutable_offer()->mutable_mid_to_track_id())["video0"] = "TR_v";
        room_.send(message);
      });
    });
  }
  void on_local_candidate(unsigned mline, const std::string& candidate) override {
    ::livekit::SignalResponse message;
    *message.mutable_trickle() = trickle_message(::livekit::SUBSCRIBER, mline, candidate).trickle();
    room_.send(message);
  }
  void on_connected() override {}
  void on_failed(const std::string&) override {}

  void take(const ::livekit::SignalRequest& request) {
    if (request.has_answer())
      peer_->set_remote(GST_WEBRTC_SDP_TYPE_ANSWER, request.answer().sdp(), [](Result<void>) {});
    if (!request.has_trickle() || request.trickle().target() != ::livekit::SUBSCRIBER) return;
    if (const auto candidate = read_trickle(request.trickle()))
      peer_->add_candidate(candidate->mline, candidate->text);
  }

  gstlk::testing::FakeRoom& room_;
  const std::shared_ptr<ClientThread> thread_ = ClientThread::get();
  Ref<GstElement> pipeline_;
  // Client thread.
  std::unique_ptr<PeerConnection> peer_;
  bool offered_ = false;
  size_t taken_ = 0;
};

}  // namespace gstlk::client
