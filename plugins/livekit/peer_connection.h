// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ref.h"
#include "base/result.h"
#include "livekit_models.pb.h"
#include "livekit_rtc.pb.h"
#include "plugins/livekit/client_thread.h"

namespace gstlk::client {

// A webrtcbin and what LiveKit's signalling needs of it. It is put into the given bin, or into a
// pipeline of its own when there is none (data channels alone). What webrtcbin says on its own
// threads comes to the listener on the client thread, and never after this is destroyed.
// Client thread only.
class PeerConnection {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // `candidate` is "candidate:...".
    virtual void on_local_candidate(unsigned mline, const std::string& candidate) = 0;
    virtual void on_negotiation_needed() {}
    // ICE and DTLS are through.
    virtual void on_connected() = 0;
    // It will not come back by itself.
    virtual void on_failed(const std::string& why) = 0;
    // On a data channel of the peer's making or ours.
    virtual void on_data(const std::string& label, ByteView message) {}
  };

  using SdpResult = std::function<void(Result<std::string>)>;
  using Done = std::function<void(Result<void>)>;

  // `bin` is null or outlives this. `name` is the webrtcbin's. `join` says by which ways.
  PeerConnection(ClientThread& thread, GstBin* bin, const std::string& name,
                 const ::livekit::JoinResponse& join, Listener& listener);
  ~PeerConnection();
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;

  // What goes wrong inside such a webrtcbin is the loss of that connection and no error of the
  // element around it: true when `message` is that, and the listener will be told. Any thread.
  [[nodiscard]] static bool take_error(GstMessage* message);

  // For pads, transceivers and statistics. Valid as long as this is.
  GstElement* webrtcbin() const { return webrtcbin_.get(); }
  // After pads and signals are connected: lets it run with its bin.
  void start();

  // The description that webrtcbin would offer or answer; not yet set.
  void create_offer(SdpResult then);
  void create_answer(SdpResult then);
  // Both may be translated texts. `then` with the reason when webrtcbin refuses it.
  void set_local(::GstWebRTCSDPType type, const std::string& sdp, Done then);
  void set_remote(::GstWebRTCSDPType type, const std::string& sdp, Done then);
  // Held back until there is a remote description.
  void add_candidate(unsigned mline, const std::string& candidate);

  // webrtcbin's statistics, see GstWebRTCStatsType; not called when there are none.
  void get_stats(std::function<void(const GstStructure*)> then);

  // "_reliable" (ordered), "_lossy" (unordered, no retransmission). Before start().
  void create_data_channel(const std::string& label);
  // False when there is no such channel, it is not open, too much waits in it, or the message is
  // larger than the peer takes.
  [[nodiscard]] bool send(const std::string& label, ByteView message);

 private:
  // What signal handlers hold: lets them find out on the client thread whether this is still there.
  struct Handle;
  using Channel = Ref<GstWebRTCDataChannel>;
  struct Promise {
    Ref<GstPromise> promise;
    std::shared_ptr<std::atomic<bool>> settled;
  };

  void configure_ice(const ::livekit::JoinResponse& join);
  void add_ice_server(const ::livekit::ICEServer& server, const std::string& url);
  void connect_signals();
  template <class F>
  void connect(gpointer object, const char* signal, F handler);
  void create_description(const char* signal, const char* field, SdpResult then);
  void set_description(const char* signal, ::GstWebRTCSDPType type, const std::string& sdp,
                       Done then);
  // What is to be handed to webrtcbin, which settles it on a thread of its own.
  GstPromise* make_promise(std::function<void(const GstStructure*)> then);
  // Lets what comes on the channel be received(). Any thread.
  static void receive(const std::shared_ptr<Handle>& handle, GstWebRTCDataChannel* channel);
  void received(const Channel& channel, const Ref<GBytes>& message);
  void adopt_channel(const Channel& channel);
  void connection_state_changed();
  void broken(const std::string& why);

  Listener& listener_;
  std::shared_ptr<Handle> handle_;
  Ref<GstElement> own_pipeline_;  // when no bin was given
  Ref<GstElement> webrtcbin_;
  GstBin* bin_ = nullptr;  // outlives this
  std::map<std::string, Channel> channels_;
  std::vector<std::pair<gpointer, gulong>> handlers_;
  std::vector<Promise> promises_;
  bool has_remote_ = false;
  std::vector<std::pair<unsigned, std::string>> early_candidates_;
  ClientTimer disconnected_;
  ClientTimer broken_;
};

}  // namespace gstlk::client
