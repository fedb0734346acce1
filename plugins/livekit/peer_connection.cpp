// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/peer_connection.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <atomic>
#include <string_view>

#include "plugins/livekit/webrtcbin_shutdown.h"

namespace gstlk::client {

using namespace std::chrono_literals;

namespace {

// ICE may come back from "disconnected" by itself; as long as livekit-server waits.
constexpr Duration kDisconnectedLimit = 10s;
// A server that goes, or sends us away, closes SCTP too, which is an error here. Its reasons come
// by the signal connection at the same time.
constexpr Duration kLastWords = 1s;
// What may wait in a data channel before more is refused.
constexpr uint64_t kMaxBuffered = 4 << 20;

struct SdpDeleter {
  void operator()(GstWebRTCSessionDescription* description) const {
    gst_webrtc_session_description_free(description);
  }
};
using DescriptionPtr = std::unique_ptr<GstWebRTCSessionDescription, SdpDeleter>;

struct IfaddrsDeleter {
  void operator()(ifaddrs* list) const { freeifaddrs(list); }
};

bool is_usable(const ifaddrs& entry) {
  if (!entry.ifa_addr || !(entry.ifa_flags & IFF_UP)) return false;
  if (entry.ifa_addr->sa_family == AF_INET) return true;
  if (entry.ifa_addr->sa_family != AF_INET6) return false;
  const auto* address = reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr);
  return !IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr);
}

// All of this host's, loopback included, which libnice leaves out unless it is told.
std::vector<std::string> local_addresses() {
  std::vector<std::string> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  const std::unique_ptr<ifaddrs, IfaddrsDeleter> owner(list);
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
    if (!is_usable(*entry)) continue;
    const socklen_t size =
        entry->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    char text[NI_MAXHOST] = {};
    if (getnameinfo(entry->ifa_addr, size, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.emplace_back(text);
  }
  return addresses;
}

std::string escape(const std::string& text) {
  gchar* escaped = g_uri_escape_string(text.c_str(), nullptr, FALSE);
  std::string result = escaped;
  g_free(escaped);
  return result;
}

std::string error_of(const GstStructure* reply) {
  const GValue* value = reply ? gst_structure_get_value(reply, "error") : nullptr;
  const auto* error = value ? static_cast<const GError*>(g_value_get_boxed(value)) : nullptr;
  return error ? error->message : "";
}

// Where a webrtcbin has its connection's handle.
GQuark handle_quark() { return g_quark_from_static_string("gstlk-peer-connection"); }

// Nobody reads the bus of a pipeline of our own.
GstBusSyncReply drop_message(GstBus*, GstMessage* message, gpointer) {
  (void)PeerConnection::take_error(message);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

}  // namespace

struct PeerConnection::Handle {
  ClientThread& thread;
  PeerConnection* peer = nullptr;  // client thread only; null once that is destroyed

  // Any thread. Runs `task` with the peer on the client thread, if it is still there then.
  template <class F>
  static void post(const std::shared_ptr<Handle>& handle, F task) {
    handle->thread.post([handle, task = std::move(task)] {
      if (handle->peer) task(*handle->peer);
    });
  }
};

namespace {

struct PromiseCall {
  std::function<void(const GstStructure*)> then;
  std::shared_ptr<std::atomic<bool>> settled;

  // Any thread.
  static void changed(GstPromise* promise, gpointer self) {
    const auto* call = static_cast<PromiseCall*>(self);
    const bool replied = gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED;
    call->then(replied ? gst_promise_get_reply(promise) : nullptr);
    call->settled->store(true);
    gst_promise_unref(promise);
  }
  static void free(gpointer self) { delete static_cast<PromiseCall*>(self); }
};

}  // namespace

GstPromise* PeerConnection::make_promise(std::function<void(const GstStructure*)> then) {
  std::erase_if(promises_, [](const Promise& promise) { return promise.settled->load(); });
  const auto settled = std::make_shared<std::atomic<bool>>(false);
  GstPromise* promise = gst_promise_new_with_change_func(
      PromiseCall::changed, new PromiseCall{std::move(then), settled}, PromiseCall::free);
  promises_.push_back({Ref<GstPromise>::share(promise), settled});
  return promise;
}

PeerConnection::PeerConnection(ClientThread& thread, GstBin* bin, const std::string& name,
                               const ::livekit::JoinResponse& join, Listener& listener)
    : listener_(listener),
      handle_(std::make_shared<Handle>(Handle{thread, this})),
      bin_(bin),
      disconnected_(thread),
      broken_(thread) {
  GstElement* element = gst_element_factory_make("webrtcbin", name.c_str());
  if (!element) {
    Handle::post(handle_, [](PeerConnection& self) {
      self.listener_.on_failed("the element webrtcbin is missing; install GStreamer's bad plugins");
    });
    return;
  }
  webrtcbin_ = Ref<GstElement>::sink(element);
  g_object_set_qdata_full(
      G_OBJECT(element), handle_quark(), new std::shared_ptr<Handle>(handle_),
      [](gpointer data) { delete static_cast<std::shared_ptr<Handle>*>(data); });
  gst_util_set_object_arg(G_OBJECT(element), "bundle-policy", "max-bundle");
  configure_ice(join);
  if (!bin_) {
    own_pipeline_ = Ref<GstElement>::sink(gst_pipeline_new((name + "-pipeline").c_str()));
    bin_ = GST_BIN(own_pipeline_.get());
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(own_pipeline_.get()));
    gst_bus_set_sync_handler(bus.get(), drop_message, nullptr, nullptr);
  }
  gst_element_set_locked_state(element, TRUE);
  gst_bin_add(bin_, element);
  gst_element_set_state(element, GST_STATE_READY);
  connect_signals();
}

PeerConnection::~PeerConnection() {
  handle_->peer = nullptr;
  for (const auto& [object, id] : handlers_) {
    g_signal_handler_disconnect(object, id);
    g_object_unref(object);
  }
  channels_.clear();
  if (!webrtcbin_) return;
  const ClientThread::Stopping stopping(handle_->thread);
  gst_element_set_locked_state(webrtcbin_.get(), TRUE);
  shut_down(webrtcbin_.get());
  gst_bin_remove(bin_, webrtcbin_.get());
  if (own_pipeline_) gst_element_set_state(own_pipeline_.get(), GST_STATE_NULL);
  // What webrtcbin has not begun with when it is closed it never answers.
  for (const Promise& promise : promises_) gst_promise_expire(promise.promise.get());
}

bool PeerConnection::take_error(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR || !GST_MESSAGE_SRC(message)) return false;
  auto object = Ref<GstObject>::share(GST_MESSAGE_SRC(message));
  while (object && !g_object_get_qdata(G_OBJECT(object.get()), handle_quark()))
    object = Ref<GstObject>::adopt(gst_object_get_parent(object.get()));
  if (!object) return false;
  const auto* handle = static_cast<const std::shared_ptr<Handle>*>(
      g_object_get_qdata(G_OBJECT(object.get()), handle_quark()));
  GError* error = nullptr;
  gchar* details = nullptr;
  gst_message_parse_error(message, &error, &details);
  // No other connection would have what is not installed.
  const bool is_missing = g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN);
  std::string why = error->message;
  if (details) why += std::string(" (") + details + ")";
  g_free(details);
  g_error_free(error);
  if (is_missing) return false;
  Handle::post(*handle, [why = std::move(why)](PeerConnection& self) { self.broken(why); });
  return true;
}

void PeerConnection::broken(const std::string& why) {
  if (!broken_.waiting()) broken_.start(kLastWords, [this, why] { listener_.on_failed(why); });
}

void PeerConnection::start() {
  if (!webrtcbin_) return;
  gst_element_set_locked_state(webrtcbin_.get(), FALSE);
  if (own_pipeline_)
    gst_element_set_state(own_pipeline_.get(), GST_STATE_PLAYING);
  else
    gst_element_sync_state_with_parent(webrtcbin_.get());
}

void PeerConnection::configure_ice(const ::livekit::JoinResponse& join) {
  if (join.client_configuration().force_relay() == ::livekit::ENABLED)
    gst_util_set_object_arg(G_OBJECT(webrtcbin_.get()), "ice-transport-policy", "relay");
  GObject* ice = nullptr;
  g_object_get(webrtcbin_.get(), "ice-agent", &ice, nullptr);
  const auto owner = Ref<GObject>::adopt(ice);
  for (const std::string& address : local_addresses()) {
    gboolean added = FALSE;
    g_signal_emit_by_name(ice, "add-local-ip-address", address.c_str(), &added);
  }
  GObject* agent = nullptr;
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(ice), "agent"))
    g_object_get(ice, "agent", &agent, nullptr);
  if (agent) {
    const auto agent_owner = Ref<GObject>::adopt(agent);
    // UPnP would open HTTP servers; checks instead of indications find out that the way is lost.
    g_object_set(agent, "upnp", FALSE, "keepalive-conncheck", TRUE, nullptr);
  }
  for (const auto& server : join.ice_servers())
    for (const auto& url : server.urls()) add_ice_server(server, url);
}

// "stun:host:port", "turn:host:port?transport=udp" (RFC 7064, 7065) to webrtcbin's "stun://..." and
// "turn://user:password@...".
void PeerConnection::add_ice_server(const ::livekit::ICEServer& server, const std::string& url) {
  const size_t colon = url.find(':');
  if (colon == std::string::npos) return;
  const std::string scheme = url.substr(0, colon);
  const std::string rest = url.substr(colon + 1);
  if (scheme == "stun") {
    g_object_set(webrtcbin_.get(), "stun-server", (scheme + "://" + rest).c_str(), nullptr);
  } else if (scheme == "turn" || scheme == "turns") {
    const std::string full =
        scheme + "://" + escape(server.username()) + ":" + escape(server.credential()) + "@" + rest;
    gboolean added = FALSE;
    g_signal_emit_by_name(webrtcbin_.get(), "add-turn-server", full.c_str(), &added);
  }
}

template <class F>
void PeerConnection::connect(gpointer object, const char* signal, F handler) {
  auto* handle = new std::shared_ptr<Handle>(handle_);
  const gulong id = g_signal_connect_data(
      object, signal, reinterpret_cast<GCallback>(+handler), handle,
      [](gpointer data, GClosure*) { delete static_cast<std::shared_ptr<Handle>*>(data); },
      GConnectFlags{});
  handlers_.emplace_back(g_object_ref(object), id);
}

void PeerConnection::connect_signals() {
  using HandlePtr = const std::shared_ptr<Handle>*;
  connect(webrtcbin_.get(), "on-negotiation-needed", [](GstElement*, gpointer handle) {
    Handle::post(*static_cast<HandlePtr>(handle),
                 [](PeerConnection& self) { self.listener_.on_negotiation_needed(); });
  });
  connect(webrtcbin_.get(), "on-ice-candidate",
          [](GstElement*, guint mline, gchar* candidate, gpointer handle) {
            Handle::post(*static_cast<HandlePtr>(handle),
                         [mline, text = std::string(candidate)](PeerConnection& self) {
                           if (!text.empty()) self.listener_.on_local_candidate(mline, text);
                         });
          });
  connect(webrtcbin_.get(), "notify::connection-state",
          [](GstElement*, GParamSpec*, gpointer handle) {
            Handle::post(*static_cast<HandlePtr>(handle),
                         [](PeerConnection& self) { self.connection_state_changed(); });
          });
  connect(webrtcbin_.get(), "on-data-channel",
          [](GstElement*, GstWebRTCDataChannel* channel, gpointer handle) {
            // Here: what the peer sends at once would come before the task below.
            receive(*static_cast<HandlePtr>(handle), channel);
            Handle::post(*static_cast<HandlePtr>(handle),
                         [channel = Channel::share(channel)](PeerConnection& self) {
                           self.adopt_channel(channel);
                         });
          });
}

void PeerConnection::connection_state_changed() {
  GstWebRTCPeerConnectionState state{};
  g_object_get(webrtcbin_.get(), "connection-state", &state, nullptr);
  if (state != GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED) disconnected_.stop();
  switch (state) {
    case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED:
      return listener_.on_connected();
    case GST_WEBRTC_PEER_CONNECTION_STATE_FAILED:
      return listener_.on_failed("ICE or DTLS failed");
    case GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED:
      return disconnected_.start(kDisconnectedLimit,
                                 [this] { listener_.on_failed("ICE was disconnected for 10 s"); });
    default:
      return;
  }
}

void PeerConnection::create_offer(SdpResult then) {
  create_description("create-offer", "offer", std::move(then));
}

void PeerConnection::create_answer(SdpResult then) {
  create_description("create-answer", "answer", std::move(then));
}

void PeerConnection::create_description(const char* signal, const char* field, SdpResult then) {
  if (!webrtcbin_) return;
  GstPromise* promise = make_promise([handle = handle_, field,
                                      then = std::move(then)](const GstStructure* reply) {
    std::string sdp;
    GstWebRTCSessionDescription* description = nullptr;
    if (reply)
      gst_structure_get(reply, field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, nullptr);
    if (description) {
      const DescriptionPtr owner(description);
      gchar* text = gst_sdp_message_as_text(description->sdp);
      sdp = text;
      g_free(text);
    }
    const std::string error = error_of(reply);
    Handle::post(handle, [sdp, error, field, then](PeerConnection&) {
      if (sdp.empty())
        then(fail(std::string("webrtcbin makes no ") + field + ": " + error));
      else
        then(sdp);
    });
  });
  g_signal_emit_by_name(webrtcbin_.get(), signal, nullptr, promise);
}

void PeerConnection::set_local(::GstWebRTCSDPType type, const std::string& sdp, Done then) {
  set_description("set-local-description", type, sdp, std::move(then));
}

void PeerConnection::set_remote(::GstWebRTCSDPType type, const std::string& sdp, Done then) {
  set_description("set-remote-description", type, sdp, [this, then](Result<void> result) {
    if (result) {
      has_remote_ = true;
      for (const auto& [mline, candidate] : std::exchange(early_candidates_, {}))
        add_candidate(mline, candidate);
    }
    then(std::move(result));
  });
}

void PeerConnection::set_description(const char* signal, ::GstWebRTCSDPType type,
                                     const std::string& sdp, Done then) {
  if (!webrtcbin_) return;
  GstSDPMessage* message = nullptr;
  if (gst_sdp_message_new_from_text(sdp.c_str(), &message) != GST_SDP_OK)
    return then(fail("the session description cannot be read"));
  const DescriptionPtr description(gst_webrtc_session_description_new(type, message));
  GstPromise* promise =
      make_promise([handle = handle_, then = std::move(then)](const GstStructure* reply) {
        Handle::post(handle, [error = error_of(reply), then](PeerConnection&) {
          if (error.empty())
            then({});
          else
            then(fail(error));
        });
      });
  g_signal_emit_by_name(webrtcbin_.get(), signal, description.get(), promise);
}

void PeerConnection::add_candidate(unsigned mline, const std::string& candidate) {
  if (!has_remote_) {
    early_candidates_.emplace_back(mline, candidate);
    return;
  }
  g_signal_emit_by_name(webrtcbin_.get(), "add-ice-candidate", mline, candidate.c_str());
}

void PeerConnection::get_stats(std::function<void(const GstStructure*)> then) {
  if (!webrtcbin_) return;
  GstPromise* promise =
      make_promise([handle = handle_, then = std::move(then)](const GstStructure* reply) {
        if (!reply) return;
        const std::shared_ptr<GstStructure> copy(gst_structure_copy(reply), gst_structure_free);
        Handle::post(handle, [copy, then](PeerConnection&) { then(copy.get()); });
      });
  g_signal_emit_by_name(webrtcbin_.get(), "get-stats", nullptr, promise);
}

void PeerConnection::create_data_channel(const std::string& label) {
  if (!webrtcbin_) return;
  GstStructure* options = gst_structure_new_empty("options");
  if (label == "_lossy")
    gst_structure_set(options, "ordered", G_TYPE_BOOLEAN, FALSE, "max-retransmits", G_TYPE_INT, 0,
                      nullptr);
  GstWebRTCDataChannel* channel = nullptr;
  g_signal_emit_by_name(webrtcbin_.get(), "create-data-channel", label.c_str(), options, &channel);
  gst_structure_free(options);
  if (!channel) return;
  const auto owner = Channel::adopt(channel);
  receive(handle_, channel);
  adopt_channel(owner);
}

void PeerConnection::receive(const std::shared_ptr<Handle>& handle, GstWebRTCDataChannel* channel) {
  const auto on_message = [](GstWebRTCDataChannel* from, GBytes* bytes, gpointer data) {
    if (!bytes) return;
    Handle::post(*static_cast<const std::shared_ptr<Handle>*>(data),
                 [channel = Channel::share(from), message = Ref<GBytes>::share(bytes)](
                     PeerConnection& self) { self.received(channel, message); });
  };
  g_signal_connect_data(
      channel, "on-message-data", reinterpret_cast<GCallback>(+on_message),
      new std::shared_ptr<Handle>(handle),
      [](gpointer data, GClosure*) { delete static_cast<std::shared_ptr<Handle>*>(data); },
      GConnectFlags{});
}

void PeerConnection::received(const Channel& channel, const Ref<GBytes>& message) {
  gsize size = 0;
  const auto* start = static_cast<const uint8_t*>(g_bytes_get_data(message.get(), &size));
  for (const auto& [label, known] : channels_)
    if (known.get() == channel.get()) return listener_.on_data(std::string(label), {start, size});
}

void PeerConnection::adopt_channel(const Channel& channel) {
  gchar* text = nullptr;
  g_object_get(channel.get(), "label", &text, nullptr);
  channels_[text ? text : ""] = channel;
  g_free(text);
}

bool PeerConnection::send(const std::string& label, ByteView message) {
  const auto it = channels_.find(label);
  if (it == channels_.end()) return false;
  GstWebRTCDataChannelState state{};
  guint64 buffered = 0;
  g_object_get(it->second.get(), "ready-state", &state, "buffered-amount", &buffered, nullptr);
  if (state != GST_WEBRTC_DATA_CHANNEL_STATE_OPEN || buffered > kMaxBuffered) return false;
  const auto bytes = Ref<GBytes>::adopt(g_bytes_new(message.data(), message.size()));
  // What is larger than the peer takes is refused, among others.
  return gst_webrtc_data_channel_send_data_full(it->second.get(), bytes.get(), nullptr);
}

}  // namespace gstlk::client
