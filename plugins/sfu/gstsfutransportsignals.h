// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <string>

#include "plugins/sfu/peer_session_listener.h"

// The signals of sfu-transport, and its action signals with what they do.
void gst_sfu_transport_install_signals(GObjectClass* klass);

namespace gstlk::sfu {

// Says by the element's signals, and the property `state`, what the session has to say, as long as
// there is an element. Called on the session's worker; state() on any thread.
class ElementListener final : public PeerSessionListener {
 public:
  explicit ElementListener(GstElement* element) { g_weak_ref_init(&element_, element); }
  ~ElementListener() override { g_weak_ref_clear(&element_); }

  void on_state(PeerState state) override;
  void on_data_channel(const std::string& label) override;
  void on_data(const std::string& label, GBytes* message) override;
  void on_data_low(const std::string& label) override;

  PeerState state() const { return state_; }

 private:
  template <class Visit>
  void with_element(Visit&& visit);

  GWeakRef element_;
  std::atomic<PeerState> state_{PeerState::New};
};

}  // namespace gstlk::sfu
