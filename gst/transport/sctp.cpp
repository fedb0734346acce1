// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/sctp.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/log.h"
#include "transport/dtls.h"
#include "transport/sctp_callbacks.h"

namespace gstlk::transport {
namespace {

LogCategory log_sctp{"sfu-sctp"};
[[maybe_unused]] const LogCategory& registered = register_log_category(log_sctp);

constexpr size_t kCommonHeader = 12;
// Polling keeps these queues near empty; the bounds are for an owner that stopped.
constexpr size_t kMaxQueue = 4096;
constexpr size_t kMaxControl = 256;
// The association ends with its transport, not by giving up: a peer may start SCTP much later.
constexpr uint16_t kInitAttempts = 1000;

// The session whose method runs on this thread: it polls by itself and needs no wakeup.
thread_local const SctpSession* active = nullptr;

class ActiveScope {
 public:
  explicit ActiveScope(const SctpSession* session) : before_(active) { active = session; }
  ~ActiveScope() { active = before_; }
  ActiveScope(const ActiveScope&) = delete;
  ActiveScope& operator=(const ActiveScope&) = delete;

 private:
  const SctpSession* const before_;
};

sockaddr_conn address_of(uintptr_t id, uint16_t port) {
  sockaddr_conn address{};
  address.sconn_family = AF_CONN;
  address.sconn_port = htons(port);
  address.sconn_addr = reinterpret_cast<void*>(id);
  return address;
}

template <class T>
bool set_option(struct socket* socket, int level, int name, const T& value) {
  return usrsctp_setsockopt(socket, level, name, &value, sizeof value) == 0;
}

bool subscribe(struct socket* socket, uint16_t type) {
  sctp_event event{};
  event.se_assoc_id = SCTP_ALL_ASSOC;
  event.se_type = type;
  event.se_on = 1;
  return set_option(socket, IPPROTO_SCTP, SCTP_EVENT, event);
}

bool is_text(DataPpid ppid) { return ppid == DataPpid::String || ppid == DataPpid::EmptyString; }

}  // namespace

SctpSession::SctpSession(Streams streams, uint16_t local_port, uint16_t remote_port,
                         SctpWakeup wakeup)
    : streams_(streams),
      local_port_(local_port),
      remote_port_(remote_port),
      wakeup_(wakeup),
      next_stream_(streams == Streams::Even ? 0 : 1) {
  id_ = SctpStack::instance().add(this);
  usrsctp_register_address(reinterpret_cast<void*>(id_));
}

SctpSession::~SctpSession() {
  // Nothing of usrsctp finds this session from here on, whatever thread it runs on.
  SctpStack::instance().remove(id_);
  if (socket_) usrsctp_close(socket_);
  usrsctp_deregister_address(reinterpret_cast<void*>(id_));
}

bool SctpSession::start() {
  const ActiveScope scope(this);
  if (socket_) return false;
  socket_ = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, SctpCallbacks::receive, nullptr, 0,
                           reinterpret_cast<void*>(id_));
  if (socket_ && configure_socket() && connect_socket()) return true;
  LOG_ERROR(log_sctp, "usrsctp refuses an association: %s", strerror(errno));
  return false;
}

bool SctpSession::configure_socket() {
  // Closing aborts at once instead of lingering.
  const linger abort{.l_onoff = 1, .l_linger = 0};
  const sctp_initmsg init{.sinit_num_ostreams = kMaxStreams,
                          .sinit_max_instreams = kMaxStreams,
                          .sinit_max_attempts = kInitAttempts,
                          .sinit_max_init_timeo = 0};
  const sctp_assoc_value reset{.assoc_id = SCTP_ALL_ASSOC,
                               .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ};
  const uint32_t no_delay = 1;
  const int send_buffer = kSendBuffer;
  sockaddr_conn local = address_of(id_, local_port_);
  return usrsctp_set_non_blocking(socket_, 1) == 0 &&
         set_option(socket_, SOL_SOCKET, SO_LINGER, abort) &&
         set_option(socket_, SOL_SOCKET, SO_SNDBUF, send_buffer) &&
         set_option(socket_, IPPROTO_SCTP, SCTP_INITMSG, init) &&
         set_option(socket_, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, reset) &&
         set_option(socket_, IPPROTO_SCTP, SCTP_NODELAY, no_delay) &&
         subscribe(socket_, SCTP_ASSOC_CHANGE) && subscribe(socket_, SCTP_STREAM_RESET_EVENT) &&
         subscribe(socket_, SCTP_PARTIAL_DELIVERY_EVENT) &&
         usrsctp_bind(socket_, reinterpret_cast<sockaddr*>(&local), sizeof local) == 0;
}

bool SctpSession::connect_socket() {
  sockaddr_conn remote = address_of(id_, remote_port_);
  if (usrsctp_connect(socket_, reinterpret_cast<sockaddr*>(&remote), sizeof remote) != 0 &&
      errno != EINPROGRESS)
    return false;
  // RFC 8261 section 5: no path MTU discovery of SCTP's own. ICE does the heartbeats.
  sctp_paddrparams path{};
  memcpy(&path.spp_address, &remote, sizeof remote);
  path.spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE;
  path.spp_pathmtu = DtlsSession::kMaxApplicationData - kCommonHeader;
  return set_option(socket_, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path);
}

void SctpSession::handle_packet(ByteView packet) {
  const ActiveScope scope(this);
  // Before start() usrsctp would answer with an ABORT.
  if (packet.size() < kCommonHeader || !socket_) return count_drop();
  usrsctp_conninput(reinterpret_cast<void*>(id_), packet.data(), packet.size(), 0);
}

void SctpSession::wake() const {
  if (active != this && wakeup_.call) wakeup_.call(wakeup_.data);
}

void SctpSession::queue_packet(ByteView packet) {
  const MutexLock lock(mutex_);
  if (packets_.size() == kMaxQueue) {
    ++dropped_;
    return;
  }
  packets_.emplace_back(packet.begin(), packet.end());
  wake();
}

void SctpSession::queue_data(ChannelId stream, DataPpid ppid, ByteView bytes, bool complete) {
  const MutexLock lock(mutex_);
  Partial& message = partial_[stream];
  if (!message.too_long) {
    message.bytes.insert(message.bytes.end(), bytes.begin(), bytes.end());
    partial_size_ += bytes.size();
  }
  // All channels together may hold twice what one message may.
  if (message.bytes.size() > kMaxReceivedSize || partial_size_ > 2 * kMaxReceivedSize) {
    partial_size_ -= message.bytes.size();
    message = {{}, true};
  }
  if (!complete) return;
  if (message.too_long)
    ++dropped_;
  else
    queue_input(Received{stream, ppid, message.bytes});
  forget_partial(stream);
}

void SctpSession::forget_partial(ChannelId stream) {
  const auto found = partial_.find(stream);
  if (found == partial_.end()) return;
  partial_size_ -= found->second.bytes.size();
  partial_.erase(found);
}

void SctpSession::queue_notification(ByteView notification) {
  const MutexLock lock(mutex_);
  // usrsctp's own structures: aligned, and as long as their type says.
  union sctp_notification n {};
  memcpy(&n, notification.data(), std::min(notification.size(), sizeof n));
  if (n.sn_header.sn_type == SCTP_ASSOC_CHANGE) {
    const uint16_t state = n.sn_assoc_change.sac_state;
    if (state != SCTP_RESTART) queue_input(AssociationChanged{state == SCTP_COMM_UP});
    return;
  }
  // The rest of a message was given up.
  if (n.sn_header.sn_type == SCTP_PARTIAL_DELIVERY_EVENT)
    return forget_partial(static_cast<ChannelId>(n.sn_pdapi_event.pdapi_stream));
  if (n.sn_header.sn_type != SCTP_STREAM_RESET_EVENT) return;
  if (!(n.sn_strreset_event.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN)) return;
  StreamsReset reset;
  for (size_t at = sizeof(sctp_stream_reset_event); at + 2 <= notification.size(); at += 2) {
    ChannelId stream = 0;
    memcpy(&stream, notification.data() + at, sizeof stream);
    reset.streams.push_back(stream);
  }
  queue_input(std::move(reset));
}

void SctpSession::queue_input(Input input) {
  if (inputs_.size() == kMaxQueue) {
    ++dropped_;
    return;
  }
  inputs_.push_back(std::move(input));
  wake();
}

std::optional<Bytes> SctpSession::poll_packet() {
  const MutexLock lock(mutex_);
  if (packets_.empty()) return std::nullopt;
  Bytes packet = std::move(packets_.front());
  packets_.pop_front();
  return packet;
}

std::optional<SctpSession::Input> SctpSession::take_input() {
  const MutexLock lock(mutex_);
  if (inputs_.empty()) return std::nullopt;
  Input input = std::move(inputs_.front());
  inputs_.pop_front();
  return input;
}

std::optional<SctpEvent> SctpSession::poll_event() {
  const ActiveScope scope(this);
  while (events_.empty()) {
    std::optional<Input> input = take_input();
    if (!input) break;
    std::visit([this](auto& i) { handle_input(std::move(i)); }, *input);
  }
  flush_control();
  if (events_.empty()) return std::nullopt;
  SctpEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void SctpSession::handle_input(AssociationChanged input) {
  if (input.up == connected_) return;
  connected_ = input.up;
  LOG_INFO(log_sctp, "association %s", input.up ? "up" : "lost");
  if (input.up) {
    events_.emplace_back(SctpConnected{});
    return;
  }
  for (const auto& [id, channel] : channels_) events_.emplace_back(DataChannelClosed{id});
  channels_.clear();
  control_.clear();
  events_.emplace_back(SctpClosed{});
}

void SctpSession::handle_input(StreamsReset input) {
  for (const ChannelId id : input.streams) {
    const auto found = channels_.find(id);
    if (found == channels_.end()) continue;
    // RFC 8831 section 6.7: the side that did not start answers with a reset of its own.
    if (!found->second.closing) reset_stream(id);
    channels_.erase(found);
    events_.emplace_back(DataChannelClosed{id});
  }
}

void SctpSession::handle_input(Received input) {
  if (input.ppid == DataPpid::Dcep) return handle_dcep(input);
  const bool empty = input.ppid == DataPpid::EmptyString || input.ppid == DataPpid::EmptyBinary;
  const bool known = empty || is_text(input.ppid) || input.ppid == DataPpid::Binary;
  const auto found = channels_.find(input.stream);
  if (!known || found == channels_.end()) return count_drop();
  // RFC 8831 section 6.6: SCTP has no empty messages, so one byte stands for none.
  if (empty) input.bytes.clear();
  events_.emplace_back(DataMessage{input.stream, std::move(input.bytes), !is_text(input.ppid)});
}

void SctpSession::handle_dcep(const Received& input) {
  std::optional<DcepMessage> message = parse_dcep(input.bytes);
  const auto found = channels_.find(input.stream);
  const bool exists = found != channels_.end();
  if (!message) return count_drop();
  if (std::holds_alternative<DcepAck>(*message)) {
    if (!exists || found->second.acknowledged) return count_drop();
    found->second.acknowledged = true;
    events_.emplace_back(DataChannelOpened{input.stream, found->second.config, false});
    return;
  }
  if (exists || input.stream >= kMaxStreams) return count_drop();
  auto& config = std::get<DataChannelConfig>(*message);
  LOG_INFO(log_sctp, "channel %u \"%s\" opened by the peer", input.stream, config.label.c_str());
  channels_[input.stream] = Channel{config, true};
  send_control(input.stream, build_dcep_ack());
  events_.emplace_back(DataChannelOpened{input.stream, std::move(config), true});
}

std::optional<ChannelId> SctpSession::open_channel(DataChannelConfig config) {
  const ActiveScope scope(this);
  for (size_t tried = 0; tried < kMaxStreams / 2; ++tried) {
    const ChannelId id = next_stream_;
    next_stream_ = static_cast<ChannelId>((next_stream_ + 2) % kMaxStreams);
    if (channels_.contains(id)) continue;
    send_control(id, build_dcep_open(config));
    channels_[id] = Channel{std::move(config)};
    flush_control();
    return id;
  }
  return std::nullopt;
}

bool SctpSession::send(ChannelId id, ByteView bytes, bool binary) {
  static constexpr std::array<uint8_t, 1> kNothing{};
  const ActiveScope scope(this);
  const auto found = channels_.find(id);
  // Control messages go first: a channel's OPEN before what is sent on it.
  flush_control();
  if (!connected_ || found == channels_.end() || found->second.closing || !control_.empty() ||
      bytes.size() > kMaxMessageSize)
    return false;
  DataChannelConfig how = found->second.config;
  // RFC 8832 section 6: ordered, whatever the channel is, until the peer has acknowledged it; else
  // data could overtake the OPEN.
  if (!found->second.acknowledged) how.ordered = true;
  if (bytes.empty())
    return send_message(id, how, binary ? DataPpid::EmptyBinary : DataPpid::EmptyString, kNothing);
  return send_message(id, how, binary ? DataPpid::Binary : DataPpid::String, bytes);
}

bool SctpSession::send_message(ChannelId id, const DataChannelConfig& how, DataPpid ppid,
                               ByteView bytes) {
  sctp_sendv_spa info{};
  info.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  info.sendv_sndinfo.snd_sid = id;
  info.sendv_sndinfo.snd_ppid = htonl(static_cast<uint32_t>(ppid));
  info.sendv_sndinfo.snd_flags = how.ordered ? SCTP_EOR : SCTP_EOR | SCTP_UNORDERED;
  if (how.max_retransmits || how.max_lifetime_ms) {
    info.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    info.sendv_prinfo.pr_policy = how.max_retransmits ? SCTP_PR_SCTP_RTX : SCTP_PR_SCTP_TTL;
    info.sendv_prinfo.pr_value = how.max_retransmits ? *how.max_retransmits : *how.max_lifetime_ms;
  }
  return usrsctp_sendv(socket_, bytes.data(), bytes.size(), nullptr, 0, &info, sizeof info,
                       SCTP_SENDV_SPA, 0) == static_cast<ssize_t>(bytes.size());
}

void SctpSession::send_control(ChannelId id, Bytes message) {
  if (control_.size() == kMaxControl) return count_drop();
  control_.push_back({id, std::move(message)});
}

void SctpSession::flush_control() {
  while (connected_ && !control_.empty()) {
    const Control& next = control_.front();
    if (!send_message(next.stream, DataChannelConfig{}, DataPpid::Dcep, next.bytes)) return;
    control_.pop_front();
  }
}

void SctpSession::close_channel(ChannelId id) {
  const ActiveScope scope(this);
  const auto found = channels_.find(id);
  if (found == channels_.end() || found->second.closing) return;
  if (connected_) {
    found->second.closing = true;
    reset_stream(id);
    return;
  }
  std::erase_if(control_, [id](const Control& c) { return c.stream == id; });
  channels_.erase(found);
  events_.emplace_back(DataChannelClosed{id});
}

void SctpSession::reset_stream(ChannelId id) {
  alignas(sctp_reset_streams) std::array<uint8_t, sizeof(sctp_reset_streams) + sizeof id> option{};
  const sctp_reset_streams head{SCTP_ALL_ASSOC, SCTP_STREAM_RESET_OUTGOING, 1};
  memcpy(option.data(), &head, sizeof head);
  memcpy(option.data() + sizeof head, &id, sizeof id);
  // While another reset is on its way usrsctp keeps this one for later.
  usrsctp_setsockopt(socket_, IPPROTO_SCTP, SCTP_RESET_STREAMS, option.data(), option.size());
}

void SctpSession::count_drop() {
  const MutexLock lock(mutex_);
  ++dropped_;
}

uint64_t SctpSession::dropped() const {
  const MutexLock lock(mutex_);
  return dropped_;
}

}  // namespace gstlk::transport
