// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gstlk::net {

class PermessageDeflate;

// RFC 6455 section 5.2.
enum class Opcode : uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10
};

// RFC 6455 section 7.4.1.
enum class CloseCode : uint16_t {
  Normal = 1000,
  GoingAway = 1001,
  ProtocolError = 1002,
  BadData = 1007,
  PolicyViolation = 1008,
  TooBig = 1009,
};

// A whole message (never a Continuation) or a control frame.
struct WebSocketMessage {
  Opcode opcode = Opcode::Binary;
  std::string payload;
};

// Reads what a client sends: RFC 6455 sections 5.2 to 5.6, fragments joined, compressed messages
// (RFC 7692) inflated. Keeps at most `max_message_size` bytes of a message, of its compressed and
// its inflated form each (0: of any size); what would be more is an error as soon as it is known:
// TooBig, but PolicyViolation where only the inflated form is too long, as LiveKit's clients take
// TooBig for a frame's size. Handle the bytes of a read, then call next() until it has nothing.
// After an error it must not be used any more. Not thread-safe.
class WebSocketReader {
 public:
  // `deflate` is null when compression was not agreed on; otherwise it outlives this.
  WebSocketReader(size_t max_message_size, PermessageDeflate* deflate);

  void handle_bytes(std::string_view bytes) { input_.append(bytes); }
  // The next message, nothing when bytes are missing, or why the connection has to be closed.
  Result<std::optional<WebSocketMessage>, CloseCode> next();

 private:
  //  0                   1                   2                   3
  //  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
  // +-+-+-+-+-------+-+-------------+-------------------------------+
  // |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
  // |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
  // |N|V|V|V|       |S|             |   (if payload len==126/127)   |
  // | |1|2|3|       |K|             |                               |
  // +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
  // |     Extended payload length continued, if payload len == 127  |
  // + - - - - - - - - - - - - - - - +-------------------------------+
  // |                               |          Masking-key          |
  // +-------------------------------+-------------------------------+
  // |    Masking-key (continued)    |          Payload Data         |
  // +-------------------------------- - - - - - - - - - - - - - - - +
  struct Frame {
    bool fin = false;
    Opcode opcode = Opcode::Binary;
    std::array<uint8_t, 4> mask{};
    uint64_t size = 0;
    uint64_t taken = 0;  // of the payload
    bool is_control() const { return (static_cast<uint8_t>(opcode) & 8) != 0; }
  };

  Result<bool, CloseCode> begin_frame();
  std::optional<CloseCode> check(const Frame& frame, uint8_t reserved);
  void take_payload(std::string& out);
  Result<WebSocketMessage, CloseCode> finish_message();

  const size_t max_message_size_;
  PermessageDeflate* const deflate_;
  std::string input_;  // what was not looked at yet
  size_t position_ = 0;
  std::optional<Frame> frame_;            // whose payload is being read
  std::optional<Opcode> message_opcode_;  // of the message that has begun
  bool compressed_ = false;
  std::string message_;
  std::string control_;
};

// The head of a frame of a server, which does not mask, for a whole message.
std::string frame_header(Opcode opcode, bool compressed, size_t size);
// A close frame's payload.
std::string close_payload(uint16_t code);
// What a peer's close frame says: its code, 1000 when it has none, or an error when the frame or
// the code may not be sent.
Result<uint16_t, CloseCode> read_close(std::string_view payload);

}  // namespace gstlk::net
