// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/room_session.h"

#include <glib.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "plugins/livekit/publisher.h"
#include "plugins/livekit/subscriber.h"

namespace gstlk::client {

using namespace std::chrono_literals;

namespace {

LogCategory& log_session = register_log_category(*new LogCategory{"livekit-session"});

// The elements of a pipeline that stops go one after the other; the last one says goodbye.
constexpr Duration kLeavingTogether = 200ms;

livekit::UnixTime wall_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

void fill_random(std::span<uint8_t> out) {
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(g_random_int());
}

livekit::ClientSession::Options session_options(const ConnectionSettings& settings) {
  livekit::ClientSession::Options options;
  options.join_timeout = settings.timeout;
  options.retry_for = settings.retry_for;
  options.random = fill_random;
  return options;
}

// Protocol 15: room moves and packet trailers, which come later, are not understood. Who wants
// tracks subscribes to them one by one: a participant that only publishes is sent nothing.
constexpr const char* kQuery =
    "?protocol=15&sdk=cpp&version=" GST_LIVEKIT_VERSION "&os=linux&auto_subscribe=0";

// As far as the settings say. Both have a URL that can be read.
bool is_same_room(const ConnectionSettings& a, const ConnectionSettings& b) {
  if (*signal_url(a.ws_url, "rtc") != *signal_url(b.ws_url, "rtc")) return false;
  return a.room_name.empty() || b.room_name.empty() || a.room_name == b.room_name;
}

// Sessions that may be shared, by name. Thread-safe.
class SharedSessions {
 public:
  static SharedSessions& get() {
    static auto* sessions = new SharedSessions();
    return *sessions;
  }

  template <class Make>
  Result<std::shared_ptr<RoomSession>> find_or_make(const ConnectionSettings& settings, Make make) {
    MutexLock lock(mutex_);
    std::erase_if(sessions_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<RoomSession>& place = sessions_[settings.session];
    std::shared_ptr<RoomSession> session = place.lock();
    if (session && !session->ended()) {
      if (is_same_room(session->settings(), settings)) return session;
      return fail("session \"" + settings.session +
                  "\" is that of another room or ws-url; give this one another name");
    }
    session = make();
    place = session;
    return session;
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::weak_ptr<RoomSession>> sessions_ GUARDED_BY(mutex_);
};

}  // namespace

Result<std::shared_ptr<RoomSession>> RoomSession::find_or_make(const ConnectionSettings& settings) {
  const auto token = make_token(settings, wall_now());
  if (!token) return fail(token.error().message);
  const auto url = signal_url(settings.ws_url, "rtc");
  if (!url) return fail("ws-url: " + url.error().message);
  const auto make = [&settings] {
    // Its timers and its socket belong to the thread, and so does its end.
    const auto thread = ClientThread::get();
    return std::shared_ptr<RoomSession>(
        new RoomSession(settings, thread),
        [thread](RoomSession* session) { thread->post([thread, session] { delete session; }); });
  };
  if (settings.session.empty()) return make();
  return SharedSessions::get().find_or_make(settings, make);
}

RoomSession::RoomSession(const ConnectionSettings& settings, std::shared_ptr<ClientThread> thread)
    : settings_(settings),
      thread_(std::move(thread)),
      session_(session_options(settings)),
      socket_(*thread_, *this),
      timer_(*thread_),
      rejoin_(*thread_) {}

RoomSession::~RoomSession() = default;

void RoomSession::add(RoomListener& listener) { listeners_.push_back(&listener); }

void RoomSession::remove(RoomListener& listener) {
  std::erase(listeners_, &listener);
  if (!listeners_.empty()) return;
  rejoin_.stop();
  session_.close(monotonic_now());
  drive();
}

void RoomSession::open() {
  session_.open(monotonic_now());
  drive();
}

bool RoomSession::set_publisher(SessionPeer* publisher) {
  if (publisher) data_publisher_.reset();
  return replace_peer(publisher_, publisher);
}

bool RoomSession::set_subscriber(SessionPeer* subscriber) {
  return replace_peer(subscriber_, subscriber);
}

bool RoomSession::replace_peer(SessionPeer*& place, SessionPeer* peer) {
  if (peer && place) return false;
  const bool goes = place && !peer;
  if (place && peers_running_) place->stop();
  place = peer;
  // The server keeps what it negotiated with the peer that was there.
  if (!peers_running_) return true;
  if (peer) rejoin("an element has joined the session");
  if (goes) rejoin_.start(kLeavingTogether, [this] { rejoin("an element has left the session"); });
  return true;
}

void RoomSession::rejoin(const std::string& why) {
  session_.rejoin(why, monotonic_now());
  drive();
}

void RoomSession::send(const ::livekit::SignalRequest& request) {
  session_.send(request);
  drive();
}

void RoomSession::peer_connected(::livekit::SignalTarget target) {
  session_.handle_peer_connected(target, monotonic_now());
  drive();
}

void RoomSession::peer_failed(::livekit::SignalTarget target, const std::string& why) {
  session_.handle_peer_failed(target, why, monotonic_now());
  drive();
}

void RoomSession::on_signal_message(ByteView message) {
  session_.handle_message(message, monotonic_now());
  drive();
}

void RoomSession::on_signal_closed(const livekit::SocketFault& fault) {
  session_.handle_socket_closed(fault, monotonic_now());
  drive();
}

// Handlers call peers and listeners, which call send() and so come back here: only the outermost
// call takes events out, so that they are carried out in their order.
void RoomSession::drive() {
  if (driving_) return;
  driving_ = true;
  while (auto event = session_.poll_event())
    std::visit([this](auto& wanted) { handle(wanted); }, *event);
  driving_ = false;
  const auto next = session_.next_timeout();
  if (!next) return timer_.stop();
  timer_.start(std::max(*next - monotonic_now(), Duration::zero()), [this] {
    session_.handle_timeout(monotonic_now());
    drive();
  });
}

void RoomSession::handle(livekit::ClientSession::OpenSocket&) {
  ConnectionSettings settings = settings_;
  // The one that was given has a short life, and its successor belongs to it, not to a key.
  if (!session_.refreshed_token().empty() && !settings.auth_token.empty())
    settings.auth_token = session_.refreshed_token();
  // Both were checked when the session was made.
  const auto token = make_token(settings, wall_now());
  const auto url = signal_url(settings_.ws_url, "rtc");
  const auto validate = signal_url(settings_.ws_url, "rtc/validate");
  LOG_INFO(log_session, "connecting to %s", url->c_str());
  socket_.open(*url + kQuery, *validate + kQuery, *token);
}

void RoomSession::handle(livekit::ClientSession::CloseSocket&) { socket_.close(); }

void RoomSession::handle(livekit::ClientSession::Send& send) { socket_.send(send.message); }

void RoomSession::handle(livekit::ClientSession::StartPeers& start) {
  rejoin_.stop();
  last_sequence_ = 0;
  received_sequences_.clear();
  peers_running_ = true;
  join_ = start.join;
  join_.clear_other_participants();
  tell(room_.join(start.join));
  if (!subscriber_ && start.join.subscriber_primary()) {
    data_subscriber_ = std::make_unique<Subscriber>(*this, nullptr, nullptr);
    data_subscriber_->start(start.join);
  } else if (subscriber_) {
    subscriber_->start(start.join);
  }
  // Who may not subscribe has the publisher's connection as its first, whether it publishes or not.
  if (!any_publisher() && !start.join.subscriber_primary())
    data_publisher_ = std::make_unique<Publisher>(*this, nullptr, nullptr);
  if (SessionPeer* publisher = any_publisher()) publisher->start(start.join);
}

void RoomSession::handle(livekit::ClientSession::StopPeers&) {
  peers_running_ = false;
  data_subscriber_.reset();
  if (subscriber_) subscriber_->stop();
  if (SessionPeer* publisher = any_publisher()) publisher->stop();
}

void RoomSession::handle(livekit::ClientSession::StateChange& change) {
  for_each_listener(
      [&](RoomListener& listener) { listener.on_state(change.state, change.detail); });
}

void RoomSession::handle(livekit::ClientSession::Received& received) {
  const ::livekit::SignalResponse& message = received.message;
  if (message.has_update()) tell(room_.update(message.update()));
  if (message.has_room_update()) room_.update(message.room_update());
  SessionPeer* subscriber = subscriber_ ? subscriber_ : data_subscriber_.get();
  if (subscriber) subscriber->handle(message);
  if (SessionPeer* publisher = any_publisher()) publisher->handle(message);
  for_each_listener([&](RoomListener& listener) { listener.on_message(message); });
}

void RoomSession::handle(livekit::ClientSession::Ended& ended) {
  ended_ = true;
  tell(room_.clear());
  for_each_listener([&](RoomListener& listener) { listener.on_ended(ended.end); });
}

void RoomSession::tell(const std::vector<livekit::RoomChange>& changes) {
  for (const livekit::RoomChange& change : changes) {
    if (change.kind == livekit::RoomChangeKind::ParticipantLeft)
      received_sequences_.erase(change.participant.sid());
    for_each_listener([&](RoomListener& listener) { listener.on_room_change(change); });
  }
}

template <class F>
void RoomSession::for_each_listener(F&& tell) {
  const std::vector<RoomListener*> listeners = listeners_;
  for (RoomListener* listener : listeners)
    if (std::ranges::find(listeners_, listener) != listeners_.end()) tell(*listener);
}

void RoomSession::handle_data(ByteView message, bool reliable) {
  ::livekit::DataPacket packet;
  if (!livekit::from_protobuf(message, packet)) {
    LOG_DEBUG(log_session, "a data packet of %zu bytes cannot be read", message.size());
    return;
  }
  // What the server repeats after a loss (protocol section 7.1).
  if (reliable && packet.sequence() > 0) {
    uint32_t& last = received_sequences_[packet.participant_sid()];
    if (packet.sequence() <= last) return;
    last = packet.sequence();
  }
  for_each_listener([&](RoomListener& listener) { listener.on_data(packet, reliable); });
}

SessionPeer* RoomSession::any_publisher() const {
  return publisher_ ? publisher_ : data_publisher_.get();
}

bool RoomSession::publish_data(::livekit::DataPacket& packet, bool reliable) {
  if (!any_publisher() && peers_running_) {
    data_publisher_ = std::make_unique<Publisher>(*this, nullptr, nullptr);
    data_publisher_->start(join_);
  }
  if (reliable) packet.set_sequence(last_sequence_ + 1);
  SessionPeer* publisher = any_publisher();
  if (!publisher || !publisher->send_data(reliable, livekit::to_protobuf(packet))) return false;
  if (reliable) last_sequence_ += 1;
  return true;
}

}  // namespace gstlk::client
