// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>

namespace gstlk::sfu {

enum class PeerState : uint8_t { New, Connecting, Connected, Disconnected, Failed, Closed };

// What a PeerSession tells its element; on the worker's thread. Every method may call back in.
class PeerSessionListener {
 public:
  virtual ~PeerSessionListener() = default;
  virtual void on_state(PeerState state) = 0;
  virtual void on_data_channel(const std::string& label) = 0;
  // Reading stops while too much of what was told here is kept: see DataCredit.
  virtual void on_data(const std::string& label, GBytes* message) = 0;
  // PeerSession::data_buffered() has fallen to DataAccount::kLow.
  virtual void on_data_low(const std::string& label) = 0;
};

}  // namespace gstlk::sfu
