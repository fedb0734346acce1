// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "base/token_bucket.h"
#include "plugins/sfu/data_account.h"
#include "plugins/sfu/data_credit.h"
#include "plugins/sfu/peer_session_listener.h"
#include "transport/transport.h"

namespace gstlk::sfu {

// The data channels of one peer, known by their labels: which are open, what is to be sent on them
// and how fast they are read. Reading stops when the peer's rate is used up, or when those who were
// told of messages keep too much of them (DataCredit); SCTP's window closes then, and the peer
// waits.
//
// post() and buffered(): any thread. All else: the session's thread, which drives it: handle() for
// what Transport::poll_event() gives, poll() each turn, handle_timeout() at next_timeout().
class DataChannels {
 public:
  // `transport` outlives this.
  DataChannels(transport::Transport& transport, std::weak_ptr<PeerSessionListener> listener)
      : transport_(transport), listener_(std::move(listener)) {}

  // Who kept too much has let go of it, on any thread: take_credit() is due.
  void on_credit(std::function<void()> resume);
  void take_credit(Timestamp now);

  // Notes a message that will be given to send(). False: too much waits already.
  [[nodiscard]] bool post(const std::string& label, size_t size) {
    return account_.post(label, size);
  }
  // Bytes of messages for the channel that wait to be sent.
  size_t buffered(const std::string& label) const { return account_.buffered(label); }

  // Opens it when the connection is up.
  void open(transport::DataChannelConfig config);
  void handle_connected();
  // What was post()ed.
  void send(const std::string& label, ByteView message);
  // Bytes of messages per second that are read; 0 is any.
  void set_rate(uint32_t per_second);

  void handle(const transport::DataChannelOpened& opened);
  void handle(const transport::DataChannelClosed& closed);
  void handle(transport::DataMessage& message, Timestamp now);
  // Stops reading where that is due after what was handled.
  void apply_credit(Timestamp now);
  // Tells which channels have sent what waited.
  void poll();
  std::optional<Timestamp> next_timeout() const { return resumes_; }
  void handle_timeout(Timestamp now);

 private:
  struct Channel {
    transport::ChannelId id;
    std::string label;
    bool open = false;
  };

  Channel* find(const std::string& label);
  void update_receiving(Timestamp now);

  transport::Transport& transport_;
  const std::weak_ptr<PeerSessionListener> listener_;
  DataAccount account_;
  std::shared_ptr<DataCredit> credit_;
  std::vector<Channel> channels_;
  std::vector<transport::DataChannelConfig> unopened_;  // until the connection is up
  std::optional<TokenBucket> bucket_;
  std::optional<Timestamp> resumes_;  // until then nothing more is read
  bool credit_spent_ = false;
  bool receiving_ = true;
};

}  // namespace gstlk::sfu
