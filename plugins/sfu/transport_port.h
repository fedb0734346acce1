// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <span>

#include "base/ref.h"
#include "plugins/sfu/send_port.h"
#include "plugins/sfu/send_stream.h"

namespace gstlk::sfu {

class PeerSender;
class PeerSession;
class Worker;

// A sink pad of sfu-transport where its packets are: one stream that is sent to the peer. A router
// on the session's own worker stages what is sent and pushes; any other element, on any thread,
// pushes whole packets, which the session's thread sends.
class TransportPort final : public SendPort, public std::enable_shared_from_this<TransportPort> {
 public:
  using Config = SendStream::Config;

  TransportPort(std::weak_ptr<PeerSession> session, GstPad* pad, Config config)
      : session_(std::move(session)), pad_(Ref<GstPad>::share(pad)), stream_(std::move(config)) {}

  // SendPort.
  void set_listener(std::shared_ptr<Listener> listener) override;
  void prefetch_next() const override;
  std::optional<Duration> round_trip() const override;
  std::optional<StreamPosition> position() const override { return stream_.progress.position; }
  void stage(std::span<const StagedPacket> packets) override;

  // --- any thread ---

  // The pad's chain functions. Takes over `list`.
  GstFlowReturn push(GstBufferList* list);
  void set_clock_mapping(NtpTime ntp, uint32_t timestamp);

  // --- the session's thread ---

  SendStream& stream() { return stream_; }
  const Ref<GstPad>& pad() const { return pad_; }
  // `sender` takes packets from now on, on `worker`'s thread. Tells the listener, once.
  void bind(PeerSender& sender, Worker& worker);
  // The end.
  void detach();

 private:
  GstFlowReturn push_packets(Ref<GstBufferList> list);

  const std::weak_ptr<PeerSession> session_;
  Ref<GstPad> pad_;  // dropped when the port is removed
  std::shared_ptr<Listener> listener_;
  // Once connected and until the port or the session is released; so while anything is staged.
  PeerSender* bound_ = nullptr;
  std::span<const StagedPacket> staged_;
  SendStream stream_;
};

}  // namespace gstlk::sfu
