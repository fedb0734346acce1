// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load_engine.h"
#include "signal_client.h"

namespace gstlk::bench {

// What all participants of a run share; outlives them.
struct LoadSite {
  LoadEngine& engine;
  SoupSession* soup = nullptr;
  transport::DtlsContext* dtls = nullptr;
  uint16_t http_port = 0;
  transport::SocketAddress media;
};

// A LiveKit client that wants little: joins by `/rtc` (protocol.md: "v0", two peer connections as
// the Go SDK has them), publishes what it is told and takes every offer. On the GLib thread; its
// peers live on the engine's.
class LoadParticipant final : private SignalListener {
 public:
  struct Config {
    std::string room;
    std::string identity;
    bool subscribe = true;
    bool hidden = false;  // others are not told of it
    bool sampling = false;
    bool gro = true;
    MediaKind kind = MediaKind::Video;
    std::vector<MediaSource::Config> publish;
  };

  LoadParticipant(LoadSite& site, Config config);
  ~LoadParticipant() override;

  // When the WebSocket was asked for.
  Timestamp started() const { return started_; }
  bool joined() const { return joined_; }
  // The server has answered the offer to publish.
  bool published() const { return published_; }
  // Why it is not in the room any more.
  const std::string& failure() const { return failure_; }
  // nullptr until the server's offer came. Touch it by LoadEngine::call() only.
  LoadPeer* subscriber() { return subscriber_; }
  // nullptr when it publishes nothing.
  LoadPeer* publisher() { return publisher_; }

 private:
  void on_response(const ::livekit::SignalResponse& response) override;
  void on_closed(const std::string& reason) override;
  void publish();
  void answer(const std::string& offer, uint32_t id);
  std::unique_ptr<LoadPeer> make_peer(bool publishes) const;
  void start(LoadPeer* peer, const std::string& description);

  LoadSite& site_;
  const Config config_;
  const Timestamp started_;
  LoadPeer* publisher_ = nullptr;   // the engine's
  LoadPeer* subscriber_ = nullptr;  // the engine's
  bool joined_ = false;
  bool published_ = false;
  std::string failure_;
  SignalClient signal_;
};

}  // namespace gstlk::bench
