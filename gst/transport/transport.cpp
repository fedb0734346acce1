// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/transport.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "base/log.h"
#include "transport/demux.h"
#include "transport/dtls_certificate.h"

namespace gstlk::transport {
namespace {

LogCategory log_transport{"sfu-transport"};
[[maybe_unused]] const LogCategory& registered = register_log_category(log_transport);

constexpr size_t kMaxCheck = 256;

}  // namespace

Transport::Transport(const Config& config) : config_(config) {
  if (config.ice_client)
    client_.emplace(config.random);
  else
    lite_.emplace(config.random);
}

const IceCredentials& Transport::local_ice() const {
  return lite_ ? lite_->local() : client_->local();
}

const IceCredentials* Transport::previous_local_ice() const {
  return lite_ ? lite_->previous_local() : nullptr;
}

void Transport::set_remote_ice(const IceCredentials& remote) {
  if (remote_ice_ == remote) return;
  remote_ice_ = remote;
  if (lite_) lite_->set_remote(remote);
  aim_client();
}

void Transport::set_remote_address(const AddressPair& path) {
  remote_path_ = path;
  aim_client();
}

void Transport::aim_client() {
  if (client_ && remote_ice_ && remote_path_) client_->set_remote(*remote_ice_, *remote_path_);
}

bool Transport::set_remote_fingerprint(std::string_view fingerprint) {
  if (remote_fingerprint_ == fingerprint) return true;
  if (normalize_fingerprint(fingerprint).empty()) return false;
  if (dtls_ && !dtls_->set_remote_fingerprint(fingerprint)) return false;
  remote_fingerprint_ = fingerprint;
  update_dtls();
  return true;
}

void Transport::set_dtls_role(DtlsRole role) {
  if (!dtls_) config_.dtls_role = role;
  start_dtls();
}

void Transport::restart_ice() {
  if (!lite_) return;
  lite_->restart();
  if (std::exchange(silent_, false)) failed_ = false;
}

void Transport::enable_data_channels(uint16_t local_port, uint16_t remote_port) {
  sctp_local_port_ = local_port;
  sctp_remote_port_ = remote_port;
  if (connected_) start_sctp();
}

const std::optional<AddressPair>& Transport::selected() const {
  return lite_ ? lite_->selected() : client_->selected();
}

void Transport::handle_datagram(ByteView datagram, const AddressPair& path, Timestamp now) {
  if (failed_) return;
  switch (classify(datagram)) {
    case PacketKind::Stun:
      handle_stun(datagram, path, now);
      break;
    case PacketKind::Dtls:
      handle_dtls(datagram, path);
      break;
    case PacketKind::Rtp:
    case PacketKind::Rtcp:
      if (!srtp_receive_) ++stats_.early_media;
      break;
    case PacketKind::Unknown:
      ++stats_.unknown;
      break;
  }
}

void Transport::handle_stun(ByteView datagram, const AddressPair& path, Timestamp now) {
  if (lite_) {
    handle_check(datagram, path, now);
  } else {
    const bool was_selected = client_->selected().has_value();
    if (!client_->handle_response(datagram, now)) ++stats_.bad_stun;
    if (!was_selected && client_->selected())
      events_.emplace_back(TransportMoved{*client_->selected()});
  }
  update_ice_state(now);
  if (selected()) start_dtls();
}

void Transport::handle_check(ByteView datagram, const AddressPair& path, Timestamp now) {
  std::array<uint8_t, IceLite::kMaxResponse> response;
  size_t size = 0;
  const IceAction action = lite_->handle_check(datagram, path, now, response);
  if (const auto* respond = std::get_if<IceRespond>(&action)) {
    size = respond->size;
    if (respond->selected_changed) events_.emplace_back(TransportMoved{*lite_->selected()});
  } else {
    ++stats_.bad_stun;
    if (const auto* reject = std::get_if<IceReject>(&action)) size = reject->size;
  }
  if (size > 0) output_.push_back({path, Bytes(response.begin(), response.begin() + size)});
}

bool Transport::is_valid(const AddressPair& path) const {
  const auto same = [&path](const AddressPair& p) {
    return p.remote == path.remote && p.protocol == path.protocol;
  };
  if (client_) return client_->selected() && same(*client_->selected());
  return std::ranges::any_of(lite_->valid_pairs(), same);
}

void Transport::handle_dtls(ByteView datagram, const AddressPair& path) {
  // Only who passed a check may make us do public-key arithmetic.
  if (!is_valid(path)) {
    ++stats_.unknown;
    return;
  }
  dtls().handle_datagram(datagram);
  update_dtls();
}

IceState Transport::ice_state(Timestamp now) const {
  return lite_ ? lite_->state(now) : client_->state(now);
}

void Transport::update_ice_state(Timestamp now) {
  const IceState state = ice_state(now);
  const IceState before = std::exchange(last_ice_state_, state);
  if (state == before || failed_) return;
  if (state == IceState::Disconnected) events_.emplace_back(TransportDisconnected{});
  if (state == IceState::Connected && before != IceState::New && connected_)
    events_.emplace_back(TransportReconnected{});
  if (state == IceState::Failed) {
    silent_ = true;
    fail_with("no ICE check came for too long");
  }
}

void Transport::poll_client(Timestamp now) {
  std::array<uint8_t, kMaxCheck> check;
  const size_t size = client_->poll_check(now, check);
  if (size > 0) output_.push_back({*remote_path_, Bytes(check.begin(), check.begin() + size)});
}

DtlsSession& Transport::dtls() {
  if (!dtls_) {
    dtls_.emplace(*config_.dtls, config_.dtls_role);
    if (!remote_fingerprint_.empty() && !dtls_->set_remote_fingerprint(remote_fingerprint_))
      fail_with("the remote fingerprint cannot be read");
  }
  return *dtls_;
}

void Transport::start_dtls() {
  if (config_.dtls_role != DtlsRole::Client || !selected() || failed_) return;
  if (dtls_ && dtls_->state() != DtlsSession::State::New) return;
  dtls().start();
  update_dtls();
}

void Transport::update_dtls() {
  if (!dtls_ || failed_) return;
  drain_dtls();
  if (dtls_->state() == DtlsSession::State::Failed) return fail_with(dtls_->failure());
  if (dtls_->state() != DtlsSession::State::Connected) return;
  if (!connected_) finish_connecting();
  while (const std::optional<Bytes> packet = dtls_->poll_application_data())
    if (sctp_) sctp_->handle_packet(*packet);
}

void Transport::finish_connecting() {
  connected_ = true;
  if (const std::optional<SrtpMasterKeys>& keys = dtls_->srtp_keys()) {
    srtp_send_.emplace(keys->send);
    srtp_receive_.emplace(keys->receive, config_.replay);
  }
  events_.emplace_back(TransportConnected{});
  if (sctp_local_port_) start_sctp();
}

void Transport::start_sctp() {
  if (sctp_ || failed_) return;
  const auto streams =
      dtls_->role() == DtlsRole::Client ? SctpSession::Streams::Even : SctpSession::Streams::Odd;
  sctp_.emplace(streams, *sctp_local_port_, sctp_remote_port_, config_.sctp_wakeup);
  sctp_->set_receiving(receiving_data_);
  if (!sctp_->start()) fail_with("usrsctp refuses an association");
}

void Transport::drain_dtls() {
  if (!selected()) return;
  while (std::optional<Bytes> datagram = dtls_->poll_output())
    output_.push_back({*selected(), *std::move(datagram)});
}

void Transport::pump_sctp() {
  if (!sctp_ || failed_) return;
  while (const std::optional<Bytes> packet = sctp_->poll_packet()) {
    if (!dtls_->send_application_data(*packet))
      LOG_DEBUG(log_transport, "an SCTP packet of %zu bytes is lost", packet->size());
    drain_dtls();  // at once: what DTLS holds is bounded
  }
  drain_dtls();
}

std::optional<Datagram> Transport::poll_output() {
  if (output_.empty()) pump_sctp();
  if (output_.empty()) return std::nullopt;
  Datagram datagram = std::move(output_.front());
  output_.pop_front();
  return datagram;
}

std::optional<TransportEvent> Transport::poll_event() {
  while (events_.empty() && sctp_) {
    std::optional<SctpEvent> event = sctp_->poll_event();
    if (!event) break;
    std::visit(
        [this]<class E>(E& e) {
          if constexpr (std::is_constructible_v<TransportEvent, E>) events_.push_back(std::move(e));
        },
        *event);
  }
  if (events_.empty()) return std::nullopt;
  TransportEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<Timestamp> Transport::next_timeout(Timestamp now) const {
  if (failed_) return std::nullopt;
  // A change that happened already is overdue.
  if (ice_state(now) != last_ice_state_) return now;
  std::optional<Timestamp> next;
  const auto consider = [&next](std::optional<Timestamp> t) {
    if (t && (!next || *t < *next)) next = t;
  };
  if (dtls_) consider(dtls_->next_timeout(now));
  if (lite_) consider(lite_->next_timeout(now));
  if (client_) consider(client_->next_timeout(now));
  return next;
}

void Transport::handle_timeout(Timestamp now) {
  if (failed_) return;
  if (client_) poll_client(now);
  update_ice_state(now);
  if (dtls_) dtls_->handle_timeout();
  update_dtls();
}

std::optional<ChannelId> Transport::open_channel(DataChannelConfig config) {
  if (!sctp_ || failed_) return std::nullopt;
  return sctp_->open_channel(std::move(config));
}

bool Transport::send_data(ChannelId id, ByteView bytes, bool binary) {
  return sctp_ && !failed_ && sctp_->send(id, bytes, binary);
}

void Transport::set_receiving_data(bool receiving) {
  receiving_data_ = receiving;
  if (sctp_) sctp_->set_receiving(receiving);
}

void Transport::close_channel(ChannelId id) {
  if (sctp_) sctp_->close_channel(id);
}

void Transport::fail_with(std::string reason) {
  if (failed_) return;
  failed_ = true;
  LOG_INFO(log_transport, "failed: %s", reason.c_str());
  events_.emplace_back(TransportFailed{std::move(reason)});
}

}  // namespace gstlk::transport
