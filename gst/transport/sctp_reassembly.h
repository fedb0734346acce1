// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "transport/data_channel.h"

namespace gstlk::transport {

// Messages of which usrsctp gives the pieces: it has less room than a message may be long. Of one
// that is too long the rest is not kept, and nor is the rest of any when all streams together hold
// twice what one message may. Not thread-safe.
class SctpReassembly {
 public:
  struct Message {
    Bytes bytes;
    bool too_long = false;  // then without bytes
  };

  explicit SctpReassembly(size_t longest) : longest_(longest) {}

  // The whole message behind its last piece.
  std::optional<Message> add(ChannelId stream, ByteView piece, bool last) {
    Message& message = partial_[stream];
    if (!message.too_long) {
      message.bytes.insert(message.bytes.end(), piece.begin(), piece.end());
      size_ += piece.size();
    }
    if (message.bytes.size() > longest_ || size_ > 2 * longest_) {
      size_ -= message.bytes.size();
      message = {{}, true};
    }
    if (!last) return std::nullopt;
    Message whole = std::move(message);
    size_ -= whole.bytes.size();
    partial_.erase(stream);
    return whole;
  }

  // The rest of what came on the stream was given up.
  void forget(ChannelId stream) {
    const auto found = partial_.find(stream);
    if (found == partial_.end()) return;
    size_ -= found->second.bytes.size();
    partial_.erase(found);
  }

 private:
  const size_t longest_;
  std::map<ChannelId, Message> partial_;
  size_t size_ = 0;  // of all
};

}  // namespace gstlk::transport
