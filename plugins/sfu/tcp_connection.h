// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace gstlk::sfu {

// What comes on a TCP connection, which its first byte tells. A frame of ICE/TCP begins with its
// length (RFC 4571), and no STUN check is as long as another protocol's first byte would make it: 5
// KB for the record of a TLS handshake (22), 16 KB for a method of HTTP (a capital letter).
enum class Greeting : uint8_t { Frames, Http, Tls };

// An accepted ICE/TCP connection: frames of a 16-bit length and that many bytes (RFC 4571, as RFC
// 6544 section 3 asks). What cannot be written at once waits in a bounded buffer; a datagram that
// does not fit is dropped whole, as a full UDP path would.
//
// Owned by one worker and used only on its thread. Does not dial: the server is always passive.
class TcpConnection {
 public:
  explicit TcpConnection(int fd) : fd_(fd) {}
  ~TcpConnection();
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  int fd() const { return fd_; }
  // The socket is somebody else's from now on.
  int release() { return std::exchange(fd_, -1); }
  // Frames when it has been read from.
  Greeting greeting() const;

  // Reads what is there and calls `on_frame` for each complete frame. False: the connection is
  // closed or broken and must be destroyed.
  template <class OnFrame>
  bool read(OnFrame&& on_frame) {
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
      const ReadResult result = fill();
      if (result == ReadResult::Closed) return false;
      size_t at = 0;
      while (received_ - at >= 2) {
        const size_t size = load_u16(&input_[at]);
        if (received_ - at - 2 < size) break;
        on_frame(ByteView(input_.data() + at + 2, size));
        at += 2 + size;
      }
      consume(at);
      if (result == ReadResult::Drained) break;
    }
    return true;
  }

  // So much of a frame is there that has not come to its end.
  size_t begun() const { return received_; }

  // Room for a datagram of `size` bytes behind what waits. Always room: what is over the bound goes
  // to a scratch place and is counted as dropped.
  uint8_t* reserve(size_t size);
  // Writes as much as the socket takes. False: broken.
  bool flush();
  bool wants_write() const { return !output_.empty(); }
  uint64_t dropped() const { return dropped_; }

  // The worker's list of connections to flush at the end of its turn; this one enters it when it is
  // written to and leaves it (its place becomes null) when it is destroyed.
  void set_flush_list(std::vector<TcpConnection*>* list);
  void queue_flush();

 private:
  enum class ReadResult { More, Drained, Closed };
  static constexpr int kReadsPerTurn = 4;
  static constexpr size_t kInputSize = 2 + 65'535;
  static constexpr size_t kMaxOutput = 256 * 1024;

  ReadResult fill();
  void consume(size_t count);

  int fd_;
  std::vector<uint8_t> input_;
  size_t received_ = 0;
  std::vector<uint8_t> output_;
  std::vector<uint8_t> scratch_;
  uint64_t dropped_ = 0;
  std::vector<TcpConnection*>* flush_list_ = nullptr;
  bool flush_queued_ = false;
};

}  // namespace gstlk::sfu
