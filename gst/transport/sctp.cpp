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
constexpr size_t kChunkHeader = 4;
constexpr size_t kDataHeader = 16;
constexpr uint8_t kDataChunk = 0;
// Messages or packets. Polling keeps the queue of packets near empty; its bound is for an owner
// that stopped.
constexpr size_t kMaxQueue = 4096;
// Of unsent bytes, what usrsctp shall have: what one acknowledgement may set free, with the window
// growing. The rest waits where the channels take turns and where it can be counted.
constexpr size_t kMaxUnsent = 16 * 1024;
constexpr uint32_t kSmallWindow = 8 * 1024;
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
  socket_ = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, nullptr, nullptr, 0, nullptr);
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
  const uint32_t on = 1;
  const int send_buffer = kSendBuffer;
  const int receive_buffer = kReceiveBuffer;
  sockaddr_conn local = address_of(id_, local_port_);
  return usrsctp_set_non_blocking(socket_, 1) == 0 &&
         usrsctp_set_upcall(socket_, SctpCallbacks::readable, reinterpret_cast<void*>(id_)) == 0 &&
         set_option(socket_, SOL_SOCKET, SO_LINGER, abort) &&
         set_option(socket_, SOL_SOCKET, SO_SNDBUF, send_buffer) &&
         set_option(socket_, SOL_SOCKET, SO_RCVBUF, receive_buffer) &&
         set_option(socket_, IPPROTO_SCTP, SCTP_RECVRCVINFO, on) &&
         set_option(socket_, IPPROTO_SCTP, SCTP_INITMSG, init) &&
         set_option(socket_, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, reset) &&
         set_option(socket_, IPPROTO_SCTP, SCTP_NODELAY, on) &&
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
  SctpStack::instance().note_packet(packet);
  usrsctp_conninput(reinterpret_cast<void*>(id_), packet.data(), packet.size(), 0);
  feed();
}

void SctpSession::wake() const {
  if (active != this && wakeup_.call) wakeup_.call(wakeup_.data);
}

void SctpSession::queue_packet(ByteView packet) {
  const MutexLock lock(mutex_);
  note_sent(packet);
  if (packets_.size() == kMaxQueue) {
    ++dropped_;
    return;
  }
  packets_.emplace_back(packet.begin(), packet.end());
  wake();
}

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  |   Type = 0    |  Res  |I|U|B|E|            Length             |
//  |                              TSN                              |
//  |      Stream Identifier S      |   Stream Sequence Number n    |
//  |                  Payload Protocol Identifier                  |
void SctpSession::note_sent(ByteView packet) {
  for (size_t at = kCommonHeader; at + kDataHeader <= packet.size();) {
    const size_t length = load_u16(&packet[at + 2]);
    if (length < kChunkHeader) return;
    if (packet[at] == kDataChunk && length >= kDataHeader) {
      const uint32_t tsn = load_u32(&packet[at + 4]);
      if (!last_tsn_ || static_cast<int32_t>(tsn - *last_tsn_) > 0) {
        last_tsn_ = tsn;
        unsent_ -= std::min(unsent_, length - kDataHeader);
      }
    }
    at += (length + 3) & ~size_t{3};
  }
}

std::optional<Bytes> SctpSession::poll_packet() {
  const MutexLock lock(mutex_);
  if (packets_.empty()) return std::nullopt;
  Bytes packet = std::move(packets_.front());
  packets_.pop_front();
  return packet;
}

std::optional<SctpEvent> SctpSession::poll_event() {
  const ActiveScope scope(this);
  while (events_.empty() && receiving_ && read()) {
  }
  flush_control();
  feed();
  if (events_.empty()) return std::nullopt;
  SctpEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

bool SctpSession::read() {
  // Longer messages come in pieces.
  static thread_local std::array<uint8_t, 16 * 1024> buffer;
  if (!socket_) return false;
  sctp_rcvinfo info{};
  socklen_t info_size = sizeof info;
  unsigned info_type = SCTP_RECVV_NOINFO;
  int flags = 0;
  const ssize_t size = usrsctp_recvv(socket_, buffer.data(), buffer.size(), nullptr, nullptr, &info,
                                     &info_size, &info_type, &flags);
  if (size <= 0) return false;
  const ByteView bytes(buffer.data(), static_cast<size_t>(size));
  if (flags & MSG_NOTIFICATION)
    handle_notification(bytes);
  else if (info_type == SCTP_RECVV_RCVINFO)
    handle_data(info.rcv_sid, static_cast<DataPpid>(ntohl(info.rcv_ppid)), bytes, flags & MSG_EOR);
  return true;
}

void SctpSession::handle_data(ChannelId stream, DataPpid ppid, ByteView bytes, bool complete) {
  std::optional<SctpReassembly::Message> message = reassembly_.add(stream, bytes, complete);
  if (!message) return;
  if (message->too_long) return count_drop();
  handle_message({stream, ppid, std::move(message->bytes)});
}

void SctpSession::handle_notification(ByteView notification) {
  // usrsctp's own structures: aligned, and as long as their type says.
  union sctp_notification n {};
  memcpy(&n, notification.data(), std::min(notification.size(), sizeof n));
  if (n.sn_header.sn_type == SCTP_ASSOC_CHANGE) {
    const uint16_t state = n.sn_assoc_change.sac_state;
    if (state != SCTP_RESTART) handle_association_change(state == SCTP_COMM_UP);
    return;
  }
  // The rest of a message was given up.
  if (n.sn_header.sn_type == SCTP_PARTIAL_DELIVERY_EVENT)
    return reassembly_.forget(static_cast<ChannelId>(n.sn_pdapi_event.pdapi_stream));
  if (n.sn_header.sn_type != SCTP_STREAM_RESET_EVENT) return;
  if (!(n.sn_strreset_event.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN)) return;
  for (size_t at = sizeof(sctp_stream_reset_event); at + 2 <= notification.size(); at += 2) {
    ChannelId stream = 0;
    memcpy(&stream, notification.data() + at, sizeof stream);
    handle_stream_reset(stream);
  }
}

void SctpSession::handle_association_change(bool up) {
  if (up == connected_) return;
  connected_ = up;
  LOG_INFO(log_sctp, "association %s", up ? "up" : "lost");
  if (up) {
    note_window();
    events_.emplace_back(SctpConnected{});
    return;
  }
  for (const auto& [id, channel] : channels_) events_.emplace_back(DataChannelClosed{id});
  channels_.clear();
  control_.clear();
  events_.emplace_back(SctpClosed{});
}

void SctpSession::handle_stream_reset(ChannelId id) {
  const auto found = channels_.find(id);
  if (found == channels_.end()) return;
  // RFC 8831 section 6.7: the side that did not start answers with a reset of its own.
  if (!found->second.closing) reset_stream(id);
  channels_.erase(found);
  events_.emplace_back(DataChannelClosed{id});
}

void SctpSession::handle_message(Received input) {
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
  const ActiveScope scope(this);
  const auto found = channels_.find(id);
  // Control messages go first: a channel's OPEN before what is sent on it.
  flush_control();
  if (!connected_ || found == channels_.end() || found->second.closing || !control_.empty() ||
      bytes.size() > kMaxMessageSize)
    return false;
  Channel& channel = found->second;
  if (channel.queue.empty() && is_hungry() && send_now(id, channel, bytes, binary)) return true;
  // An empty message takes a place too.
  if (channel.queued + bytes.size() > kMaxWaiting || channel.queue.size() >= kMaxQueue)
    return false;
  channel.queue.push_back({Bytes(bytes.begin(), bytes.end()), binary});
  channel.queued += bytes.size();
  return true;
}

size_t SctpSession::waiting(ChannelId id) const {
  const auto found = channels_.find(id);
  return found == channels_.end() ? 0 : found->second.queued;
}

bool SctpSession::send_now(ChannelId id, const Channel& channel, ByteView bytes, bool binary) {
  static constexpr std::array<uint8_t, 1> kNothing{};
  DataChannelConfig how = channel.config;
  // RFC 8832 section 6: ordered, whatever the channel is, until the peer has acknowledged it; else
  // data could overtake the OPEN.
  if (!channel.acknowledged) how.ordered = true;
  if (bytes.empty())
    return send_message(id, how, binary ? DataPpid::EmptyBinary : DataPpid::EmptyString, kNothing);
  return send_message(id, how, binary ? DataPpid::Binary : DataPpid::String, bytes);
}

std::optional<sctp_status> SctpSession::read_status() const {
  sctp_status status{};
  socklen_t size = sizeof status;
  if (usrsctp_getsockopt(socket_, IPPROTO_SCTP, SCTP_STATUS, &status, &size) != 0)
    return std::nullopt;
  return status;
}

bool SctpSession::is_hungry() {
  {
    const MutexLock lock(mutex_);
    if (unsent_ < kMaxUnsent) return true;
  }
  // What is unsent follows what is on its way. With nothing on its way our count is wrong: a
  // message grew too old before it was sent, or the association started over.
  const auto status = read_status();
  if (!status || status->sstat_unackdata != 0) return false;
  const MutexLock lock(mutex_);
  unsent_ = 0;
  return true;
}

// RFC 7053: a peer whose window is small shall not delay its acknowledgements, we cannot go on.
void SctpSession::note_window() {
  const auto status = read_status();
  is_pressed_ = status && status->sstat_rwnd < kSmallWindow;
}

// After every packet that may have been an acknowledgement.
void SctpSession::feed() {
  const auto has_queue = [](const auto& entry) { return !entry.second.queue.empty(); };
  if (!connected_) return;
  const bool waits = std::ranges::any_of(channels_, has_queue);
  if (waits || is_pressed_) note_window();
  if (!waits) return;
  while (true) {
    auto next = std::find_if(channels_.lower_bound(next_fed_), channels_.end(), has_queue);
    if (next == channels_.end()) next = std::ranges::find_if(channels_, has_queue);
    if (next == channels_.end() || !is_hungry()) break;
    auto& [id, channel] = *next;
    const Channel::Message& message = channel.queue.front();
    if (!send_now(id, channel, message.bytes, message.binary)) {
      if (errno == EWOULDBLOCK || errno == ENOBUFS) break;
      count_drop();
    }
    channel.queued -= message.bytes.size();
    channel.queue.pop_front();
    next_fed_ = static_cast<ChannelId>(id + 1);
  }
}

bool SctpSession::send_message(ChannelId id, const DataChannelConfig& how, DataPpid ppid,
                               ByteView bytes) {
  sctp_sendv_spa info{};
  info.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  info.sendv_sndinfo.snd_sid = id;
  info.sendv_sndinfo.snd_ppid = htonl(static_cast<uint32_t>(ppid));
  info.sendv_sndinfo.snd_flags = how.ordered ? SCTP_EOR : SCTP_EOR | SCTP_UNORDERED;
  if (is_pressed_) info.sendv_sndinfo.snd_flags |= SCTP_SACK_IMMEDIATELY;
  if (how.max_retransmits || how.max_lifetime_ms) {
    info.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    info.sendv_prinfo.pr_policy = how.max_retransmits ? SCTP_PR_SCTP_RTX : SCTP_PR_SCTP_TTL;
    info.sendv_prinfo.pr_value = how.max_retransmits ? *how.max_retransmits : *how.max_lifetime_ms;
  }
  {
    const MutexLock lock(mutex_);
    unsent_ += bytes.size();
  }
  const ssize_t sent = usrsctp_sendv(socket_, bytes.data(), bytes.size(), nullptr, 0, &info,
                                     sizeof info, SCTP_SENDV_SPA, 0);
  if (sent == static_cast<ssize_t>(bytes.size())) return true;
  const int why = errno;
  {
    const MutexLock lock(mutex_);
    unsent_ -= std::min(unsent_, bytes.size());
  }
  errno = why;
  return false;
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
    found->second.queue.clear();
    found->second.queued = 0;
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
