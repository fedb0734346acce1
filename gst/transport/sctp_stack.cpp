// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/sctp_callbacks.h"

namespace gstlk::transport {
namespace {

// usrsctp's defaults are for the open internet and for hosts with many addresses.
void tune_usrsctp() {
  usrsctp_sysctl_set_sctp_ecn_enable(0);
  usrsctp_sysctl_set_sctp_asconf_enable(0);
  usrsctp_sysctl_set_sctp_auto_asconf(0);
  usrsctp_sysctl_set_sctp_auth_enable(0);
  usrsctp_sysctl_set_sctp_nrsack_enable(0);
  usrsctp_sysctl_set_sctp_pktdrop_enable(0);
  usrsctp_sysctl_set_sctp_pr_enable(1);
  usrsctp_sysctl_set_sctp_reconfig_enable(1);
  // Limits, not allocations. SctpSession::kSendBuffer is 1,900 chunks.
  usrsctp_sysctl_set_sctp_recvspace(SctpSession::kReceiveBuffer);
  usrsctp_sysctl_set_sctp_max_chunks_on_queue(4096);
  // Windows are counted in bytes by everybody but usrsctp, which takes 256 off for each chunk on
  // its way: in a small window nothing would be left.
  usrsctp_sysctl_set_sctp_peer_chunk_oh(0);
  // Milliseconds. A lost signalling packet should cost what a lost video packet costs, not a
  // second.
  usrsctp_sysctl_set_sctp_delayed_sack_time_default(20);
  usrsctp_sysctl_set_sctp_rto_initial_default(400);
  usrsctp_sysctl_set_sctp_rto_min_default(200);
  usrsctp_sysctl_set_sctp_rto_max_default(10'000);
  usrsctp_sysctl_set_sctp_init_rto_max_default(5'000);
}

}  // namespace

SctpStack::SctpStack() {
  usrsctp_init_nothreads(0, SctpCallbacks::send, nullptr);
  tune_usrsctp();
}

SctpStack& SctpStack::instance() {
  // Never destroyed: usrsctp cannot be finished while an association is dying.
  static SctpStack* const stack = new SctpStack;
  return *stack;
}

void SctpStack::handle_timers(Duration elapsed) {
  std::chrono::milliseconds whole{};
  {
    const MutexLock lock(mutex_);
    carried_ += elapsed;
    whole = std::chrono::duration_cast<std::chrono::milliseconds>(carried_);
    carried_ -= whole;
  }
  if (whole.count() > 0) usrsctp_handle_timers(static_cast<uint32_t>(whole.count()));
}

// Of RFC 9260 section 3.2: the first chunk's type is behind the common header.
void SctpStack::note_packet(ByteView packet) {
  constexpr size_t kCommonHeader = 12;
  constexpr uint8_t kHeartbeat = 4;
  constexpr uint8_t kHeartbeatAck = 5;
  if (packet.size() <= kCommonHeader) return;
  const uint8_t type = packet[kCommonHeader];
  if (type != kHeartbeat && type != kHeartbeatAck) busy_.store(true, std::memory_order_relaxed);
}

uintptr_t SctpStack::add(SctpSession* session) {
  const MutexLock lock(mutex_);
  const uintptr_t id = next_id_++;
  sessions_[id] = session;
  return id;
}

void SctpStack::remove(uintptr_t id) {
  const MutexLock lock(mutex_);
  sessions_.erase(id);
}

int SctpCallbacks::send(void* address, void* packet, size_t size, uint8_t, uint8_t) {
  SctpStack& stack = SctpStack::instance();
  const ByteView bytes(static_cast<const uint8_t*>(packet), size);
  stack.note_packet(bytes);
  const MutexLock lock(stack.mutex_);
  const auto found = stack.sessions_.find(reinterpret_cast<uintptr_t>(address));
  if (found != stack.sessions_.end()) found->second->queue_packet(bytes);
  return 0;
}

void SctpCallbacks::readable(struct socket*, void* id, int) {
  SctpStack& stack = SctpStack::instance();
  const MutexLock lock(stack.mutex_);
  const auto found = stack.sessions_.find(reinterpret_cast<uintptr_t>(id));
  if (found != stack.sessions_.end()) found->second->wake();
}

}  // namespace gstlk::transport
