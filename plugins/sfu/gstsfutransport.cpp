// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-sfu-transport
 * @title: sfu-transport
 *
 * One WebRTC peer connection, server side: ICE-lite, DTLS, SRTP, SCTP and RTCP towards one peer.
 * What the peer sends comes out of `src_%u` pads, one for each RTP encoding, as application/x-rtp
 * without any waiting; what is linked to `sink_%u` pads goes to the peer. SDP is left to the
 * application: it gives the result of a negotiation as the property `media`, one structure for each
 * m-line, beside the peer's ICE credentials and DTLS fingerprint.
 *
 * All transports share a few worker threads and UDP ports, which travel in a #GstContext of type
 * `gstlk.sfu.workers`; the first one in a pipeline makes them from its own properties when nobody
 * has set that context.
 *
 * An upstream GstForceKeyUnit event on a source pad becomes a PLI or FIR (merged and throttled); a
 * PLI, FIR or NACK of the peer becomes an upstream GstForceKeyUnit or GstRTPRetransmissionRequest
 * event on a sink pad. NACKs towards the peer, receiver and sender reports and transport-wide
 * feedback are made inside.
 *
 * |[
 * gst-launch-1.0 sfu-router name=r  sfu-transport name=t  t.src_0 ! r.sink_0
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/sfu/gstsfutransport.h"

#include <gst/video/video.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/worker.h"
#include "plugins/sfu/worker_pool.h"

GST_DEBUG_CATEGORY(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

using gstlk::Bytes;
using gstlk::Mid;
using gstlk::Mutex;
using gstlk::MutexLock;
using gstlk::Ref;
using gstlk::Rid;
using gstlk::Ssrc;
using gstlk::sfu::MediaSection;
using gstlk::sfu::PeerSession;
using gstlk::sfu::PeerState;
using gstlk::sfu::PeerStats;
using gstlk::sfu::TransportPort;
using gstlk::sfu::WorkerPool;
using gstlk::sfu::WorkerPoolConfig;

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS("application/x-rtp"));

GType gst_sfu_transport_state_get_type(void) {
  static const GEnumValue values[] = {
      {static_cast<int>(PeerState::New), "No valid check has arrived", "new"},
      {static_cast<int>(PeerState::Connecting), "ICE works, DTLS does not yet", "connecting"},
      {static_cast<int>(PeerState::Connected), "Media flows", "connected"},
      {static_cast<int>(PeerState::Disconnected), "Nothing was heard for 10 s", "disconnected"},
      {static_cast<int>(PeerState::Failed), "Given up", "failed"},
      {static_cast<int>(PeerState::Closed), "Closed", "closed"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstSfuTransportState", values);
  return type;
}

// --- the sink pad ---

struct _GstSfuTransportSinkPad {
  GstPad parent;
  gchar* mid;
  guint ssrc;
  guint rtx_ssrc;
  gint min_playout_delay;
  guint max_playout_delay;
  std::shared_ptr<TransportPort>* port;  // made when the pad is first asked for it
  // The same for the chain functions, which would otherwise lock the pad and count a reference at
  // every push. They run under the stream lock: whoever has deactivated the pad may let go.
  std::atomic<TransportPort*> streaming_port;
};
G_DEFINE_FINAL_TYPE(GstSfuTransportSinkPad, gst_sfu_transport_sink_pad, GST_TYPE_PAD)

enum {
  PAD_PROP_0,
  PAD_PROP_MID,
  PAD_PROP_SSRC,
  PAD_PROP_RTX_SSRC,
  PAD_PROP_MIN_PLAYOUT_DELAY,
  PAD_PROP_MAX_PLAYOUT_DELAY,
};

static void gst_sfu_transport_sink_pad_init(GstSfuTransportSinkPad* self) {
  self->port = new std::shared_ptr<TransportPort>;
  self->min_playout_delay = -1;
}

static void gst_sfu_transport_sink_pad_finalize(GObject* object) {
  auto* self = GST_SFU_TRANSPORT_SINK_PAD(object);
  g_free(self->mid);
  delete self->port;
  G_OBJECT_CLASS(gst_sfu_transport_sink_pad_parent_class)->finalize(object);
}

static void gst_sfu_transport_sink_pad_set_property(GObject* object, guint id, const GValue* value,
                                                    GParamSpec* spec) {
  auto* self = GST_SFU_TRANSPORT_SINK_PAD(object);
  GST_OBJECT_LOCK(self);
  switch (id) {
    case PAD_PROP_MID:
      g_free(self->mid);
      self->mid = g_value_dup_string(value);
      break;
    case PAD_PROP_SSRC:
      self->ssrc = g_value_get_uint(value);
      break;
    case PAD_PROP_RTX_SSRC:
      self->rtx_ssrc = g_value_get_uint(value);
      break;
    case PAD_PROP_MIN_PLAYOUT_DELAY:
      self->min_playout_delay = g_value_get_int(value);
      break;
    case PAD_PROP_MAX_PLAYOUT_DELAY:
      self->max_playout_delay = g_value_get_uint(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_sfu_transport_sink_pad_get_property(GObject* object, guint id, GValue* value,
                                                    GParamSpec* spec) {
  auto* self = GST_SFU_TRANSPORT_SINK_PAD(object);
  GST_OBJECT_LOCK(self);
  switch (id) {
    case PAD_PROP_MID:
      g_value_set_string(value, self->mid);
      break;
    case PAD_PROP_SSRC:
      g_value_set_uint(value, self->ssrc);
      break;
    case PAD_PROP_RTX_SSRC:
      g_value_set_uint(value, self->rtx_ssrc);
      break;
    case PAD_PROP_MIN_PLAYOUT_DELAY:
      g_value_set_int(value, self->min_playout_delay);
      break;
    case PAD_PROP_MAX_PLAYOUT_DELAY:
      g_value_set_uint(value, self->max_playout_delay);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_sfu_transport_sink_pad_class_init(GstSfuTransportSinkPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_sfu_transport_sink_pad_finalize;
  object_class->set_property = gst_sfu_transport_sink_pad_set_property;
  object_class->get_property = gst_sfu_transport_sink_pad_get_property;
  const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                              GST_PARAM_MUTABLE_READY);
  g_object_class_install_property(
      object_class, PAD_PROP_MID,
      g_param_spec_string("mid", "Media id",
                          "The a=mid of the m-line in `media` that this stream is sent on; set "
                          "before the pad is linked (default: empty)",
                          "", flags));
  g_object_class_install_property(
      object_class, PAD_PROP_SSRC,
      g_param_spec_uint("ssrc", "SSRC",
                        "RTP synchronization source of what is sent, as announced to the peer "
                        "(default: 0, a random one)",
                        0, G_MAXUINT32, 0, flags));
  g_object_class_install_property(
      object_class, PAD_PROP_RTX_SSRC,
      g_param_spec_uint("rtx-ssrc", "Retransmission SSRC",
                        "SSRC of RFC 4588 retransmissions (default: 0, packets are sent again as "
                        "they were)",
                        0, G_MAXUINT32, 0, flags));
  g_object_class_install_property(
      object_class, PAD_PROP_MIN_PLAYOUT_DELAY,
      g_param_spec_int("min-playout-delay", "Least playout delay",
                       "How long the peer shall hold video back at least, in milliseconds; the "
                       "jitter on the way to it adds to that. Told by the playout-delay header "
                       "extension where it was negotiated; set before the pad is linked (default: "
                       "-1, nothing is told)",
                       -1, 40950, -1, flags));
  g_object_class_install_property(
      object_class, PAD_PROP_MAX_PLAYOUT_DELAY,
      g_param_spec_uint("max-playout-delay", "Most playout delay",
                        "How long the peer shall hold video back at most, in milliseconds, when "
                        "min-playout-delay is set (default: 0, ten seconds; with a "
                        "min-playout-delay of 0 it renders as fast as it can)",
                        0, 40950, 0, flags));
}

// --- the source pad ---

struct _GstSfuTransportSrcPad {
  GstPad parent;
  gchar* mid;
  gchar* rid;
};
G_DEFINE_FINAL_TYPE(GstSfuTransportSrcPad, gst_sfu_transport_src_pad, GST_TYPE_PAD)

enum { SRC_PAD_PROP_0, SRC_PAD_PROP_MID, SRC_PAD_PROP_RID };

static void gst_sfu_transport_src_pad_init(GstSfuTransportSrcPad*) {}

static void gst_sfu_transport_src_pad_finalize(GObject* object) {
  auto* self = GST_SFU_TRANSPORT_SRC_PAD(object);
  g_free(self->mid);
  g_free(self->rid);
  G_OBJECT_CLASS(gst_sfu_transport_src_pad_parent_class)->finalize(object);
}

static void gst_sfu_transport_src_pad_set_property(GObject* object, guint id, const GValue* value,
                                                   GParamSpec* spec) {
  auto* self = GST_SFU_TRANSPORT_SRC_PAD(object);
  switch (id) {
    case SRC_PAD_PROP_MID:
      self->mid = g_value_dup_string(value);
      break;
    case SRC_PAD_PROP_RID:
      self->rid = g_value_dup_string(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_sfu_transport_src_pad_get_property(GObject* object, guint id, GValue* value,
                                                   GParamSpec* spec) {
  const auto* self = GST_SFU_TRANSPORT_SRC_PAD(object);
  switch (id) {
    case SRC_PAD_PROP_MID:
      g_value_set_string(value, self->mid);
      break;
    case SRC_PAD_PROP_RID:
      g_value_set_string(value, self->rid);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_sfu_transport_src_pad_class_init(GstSfuTransportSrcPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_sfu_transport_src_pad_finalize;
  object_class->set_property = gst_sfu_transport_src_pad_set_property;
  object_class->get_property = gst_sfu_transport_src_pad_get_property;
  const auto flags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, SRC_PAD_PROP_MID,
      g_param_spec_string("mid", "Media id", "The a=mid of the m-line it is received on", "",
                          flags));
  g_object_class_install_property(
      object_class, SRC_PAD_PROP_RID,
      g_param_spec_string("rid", "RTP stream id",
                          "The a=rid of the simulcast encoding (RFC 8851), empty without simulcast",
                          "", flags));
}

// --- the element ---

enum {
  PROP_0,
  PROP_ICE_UFRAG,
  PROP_ICE_PWD,
  PROP_FINGERPRINT,
  PROP_CANDIDATES,
  PROP_REMOTE_ICE_UFRAG,
  PROP_REMOTE_ICE_PWD,
  PROP_REMOTE_FINGERPRINT,
  PROP_DTLS_CLIENT,
  PROP_MEDIA,
  PROP_STATE,
  PROP_STATS,
  PROP_WORKERS,
  PROP_UDP_PORT,
  PROP_TCP_PORT,
  PROP_NODE_IP,
  PROP_MAX_RECEIVE_BITRATE,
  PROP_MAX_DATA_RATE,
  N_PROPERTIES,
};
enum {
  SIGNAL_DATA_MESSAGE,
  SIGNAL_DATA_CHANNEL,
  SIGNAL_BUFFERED_AMOUNT_LOW,
  SIGNAL_SEND_DATA,
  SIGNAL_BUFFERED_AMOUNT,
  SIGNAL_OPEN_DATA_CHANNEL,
  SIGNAL_RESTART_ICE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];
static GParamSpec* properties[N_PROPERTIES];

namespace {

// Tells the element's signals what the session has to say, as long as there is an element.
class ElementListener final : public gstlk::sfu::PeerSessionListener {
 public:
  explicit ElementListener(GstElement* element) { g_weak_ref_init(&element_, element); }
  ~ElementListener() override { g_weak_ref_clear(&element_); }

  void on_state(PeerState state) override {
    state_ = state;
    with_element([](GstElement* element) {
      g_object_notify_by_pspec(G_OBJECT(element), properties[PROP_STATE]);
    });
  }
  void on_data_channel(const std::string& label) override {
    with_element([&](GstElement* element) {
      g_signal_emit(element, signals[SIGNAL_DATA_CHANNEL], 0, label.c_str());
    });
  }
  void on_data(const std::string& label, GBytes* message) override {
    with_element([&](GstElement* element) {
      g_signal_emit(element, signals[SIGNAL_DATA_MESSAGE], 0, label.c_str(), message);
    });
  }
  void on_data_low(const std::string& label) override {
    with_element([&](GstElement* element) {
      g_signal_emit(element, signals[SIGNAL_BUFFERED_AMOUNT_LOW], 0, label.c_str());
    });
  }

  PeerState state() const { return state_; }

 private:
  template <class Visit>
  void with_element(Visit&& visit) {
    const auto element = Ref<GstElement>::adopt(GST_ELEMENT_CAST(g_weak_ref_get(&element_)));
    if (element) visit(element.get());
  }

  GWeakRef element_;
  std::atomic<PeerState> state_{PeerState::New};
};

// Order of locks: mutex_, then the session's binding lock. No pad is pushed on here.
class SfuTransport {
 public:
  explicit SfuTransport(GstElement* element) : element_(element) {}

  bool start();
  void stop();
  void set_playing(GstClockTime base_time);
  void set_context(GstContext* context);

  void set_property(guint id, const GValue* value);
  void get_property(guint id, GValue* value);

  GstPad* request_pad(GstPadTemplate* pad_template, const gchar* name);
  void release_pad(GstPad* pad);
  std::shared_ptr<TransportPort> port(GstSfuTransportSinkPad* pad);
  std::shared_ptr<PeerSession> session() {
    MutexLock lock(mutex_);
    return session_;
  }

 private:
  struct SourcePad {
    Mid mid;
    Rid rid;
    Ref<GstPad> pad;
  };

  bool find_pool();
  void set_media(const GValue* value);
  void apply_remote() REQUIRES(mutex_);
  void apply_media() REQUIRES(mutex_);
  Ref<GstPad> make_source_pad(const Mid& mid, const Rid& rid);
  GstStructure* stats();

  GstElement* const element_;
  Mutex mutex_;
  WorkerPoolConfig pool_config_ GUARDED_BY(mutex_);
  std::shared_ptr<WorkerPool> pool_ GUARDED_BY(mutex_);
  std::shared_ptr<PeerSession> session_ GUARDED_BY(mutex_);
  std::shared_ptr<ElementListener> listener_ GUARDED_BY(mutex_);
  gstlk::transport::IceCredentials remote_ice_ GUARDED_BY(mutex_);
  std::string remote_fingerprint_ GUARDED_BY(mutex_);
  PeerSession::ReceiveLimits limits_ GUARDED_BY(mutex_);
  bool dtls_client_ GUARDED_BY(mutex_) = false;
  std::vector<MediaSection> media_ GUARDED_BY(mutex_);
  std::vector<SourcePad> sources_ GUARDED_BY(mutex_);
  unsigned next_source_ GUARDED_BY(mutex_) = 0;
  unsigned next_sink_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

struct _GstSfuTransport {
  GstElement parent;
  SfuTransport* impl;
};
G_DEFINE_FINAL_TYPE(GstSfuTransport, gst_sfu_transport, GST_TYPE_ELEMENT)

namespace {

bool SfuTransport::find_pool() {
  {
    MutexLock lock(mutex_);
    if (pool_) return true;
  }
  // Neighbours, then the bin and the application, which answers by set_context().
  const auto query = Ref<GstQuery>::adopt(gst_query_new_context(WorkerPool::kContextType));
  gst_element_post_message(
      element_, gst_message_new_need_context(GST_OBJECT(element_), WorkerPool::kContextType));
  WorkerPoolConfig config;
  {
    MutexLock lock(mutex_);
    if (pool_) return true;
    config = pool_config_;
  }
  auto pool = WorkerPool::create(config);
  if (!pool) {
    GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_READ_WRITE, ("%s", pool.error().message.c_str()),
                      (nullptr));
    return false;
  }
  {
    MutexLock lock(mutex_);
    pool_ = *pool;
  }
  GstContext* context = WorkerPool::to_context(*pool);
  gst_element_set_context(element_, context);
  gst_element_post_message(element_, gst_message_new_have_context(GST_OBJECT(element_), context));
  return true;
}

bool SfuTransport::start() {
  if (!find_pool()) return false;
  MutexLock lock(mutex_);
  listener_ = std::make_shared<ElementListener>(element_);
  session_ = PeerSession::create(*pool_, listener_);
  session_->set_limits(limits_);
  apply_remote();
  apply_media();
  return true;
}

void SfuTransport::stop() {
  std::shared_ptr<PeerSession> session;
  std::vector<SourcePad> sources;
  {
    MutexLock lock(mutex_);
    session = std::move(session_);
    sources.swap(sources_);
  }
  if (session) session->close();
  for (const SourcePad& source : sources) {
    gst_pad_set_active(source.pad.get(), FALSE);
    gst_element_remove_pad(element_, source.pad.get());
  }
  GST_OBJECT_LOCK(element_);
  for (GList* item = element_->sinkpads; item; item = item->next) {
    auto* pad = GST_SFU_TRANSPORT_SINK_PAD(item->data);
    pad->streaming_port = nullptr;
    pad->port->reset();
  }
  GST_OBJECT_UNLOCK(element_);
}

void SfuTransport::set_playing(GstClockTime base_time) {
  if (const auto current = session()) current->set_base_time(base_time);
}

void SfuTransport::set_context(GstContext* context) {
  auto pool = WorkerPool::from_context(context);
  if (!pool) return;
  MutexLock lock(mutex_);
  if (!session_) pool_ = std::move(pool);
}

void SfuTransport::set_property(guint id, const GValue* value) {
  auto text = [value] {
    const char* string = g_value_get_string(value);
    return std::string(string ? string : "");
  };
  if (id == PROP_MEDIA) {
    set_media(value);
    return;
  }
  MutexLock lock(mutex_);
  switch (id) {
    case PROP_REMOTE_ICE_UFRAG:
      remote_ice_.ufrag = text();
      break;
    case PROP_REMOTE_ICE_PWD:
      remote_ice_.pwd = text();
      break;
    case PROP_REMOTE_FINGERPRINT:
      remote_fingerprint_ = text();
      break;
    case PROP_DTLS_CLIENT:
      dtls_client_ = g_value_get_boolean(value);
      break;
    case PROP_WORKERS:
      pool_config_.workers = g_value_get_uint(value);
      return;
    case PROP_UDP_PORT:
      pool_config_.udp_port = static_cast<uint16_t>(g_value_get_uint(value));
      return;
    case PROP_TCP_PORT:
      pool_config_.tcp_port = static_cast<uint16_t>(g_value_get_uint(value));
      return;
    case PROP_NODE_IP:
      pool_config_.node_ip = text();
      return;
    case PROP_MAX_RECEIVE_BITRATE:
      limits_.bitrate.bps = g_value_get_uint(value);
      if (session_) session_->set_limits(limits_);
      return;
    case PROP_MAX_DATA_RATE:
      limits_.data_per_second = g_value_get_uint(value);
      if (session_) session_->set_limits(limits_);
      return;
    default:
      return;
  }
  if (session_) apply_remote();
}

void SfuTransport::apply_remote() {
  if (!remote_ice_.ufrag.empty() && !remote_ice_.pwd.empty()) session_->set_remote_ice(remote_ice_);
  if (!remote_fingerprint_.empty()) session_->set_remote_fingerprint(remote_fingerprint_);
  session_->set_dtls_role(dtls_client_ ? gstlk::transport::DtlsRole::Client
                                       : gstlk::transport::DtlsRole::Server);
}

void SfuTransport::get_property(guint id, GValue* value) {
  if (id == PROP_STATS) {
    g_value_take_boxed(value, stats());
    return;
  }
  MutexLock lock(mutex_);
  switch (id) {
    case PROP_ICE_UFRAG:
      g_value_set_string(value, session_ ? session_->local_ice().ufrag.c_str() : nullptr);
      break;
    case PROP_ICE_PWD:
      g_value_set_string(value, session_ ? session_->local_ice().pwd.c_str() : nullptr);
      break;
    case PROP_FINGERPRINT:
      g_value_set_string(value, session_ ? session_->fingerprint().c_str() : nullptr);
      break;
    case PROP_CANDIDATES: {
      GStrvBuilder* builder = g_strv_builder_new();
      if (pool_) {
        for (const auto& candidate : pool_->candidates())
          g_strv_builder_add(builder, candidate.c_str());
      }
      g_value_take_boxed(value, g_strv_builder_end(builder));
      g_strv_builder_unref(builder);
      break;
    }
    case PROP_REMOTE_ICE_UFRAG:
      g_value_set_string(value, remote_ice_.ufrag.c_str());
      break;
    case PROP_REMOTE_ICE_PWD:
      g_value_set_string(value, remote_ice_.pwd.c_str());
      break;
    case PROP_REMOTE_FINGERPRINT:
      g_value_set_string(value, remote_fingerprint_.c_str());
      break;
    case PROP_DTLS_CLIENT:
      g_value_set_boolean(value, dtls_client_);
      break;
    case PROP_MEDIA:
      for (const MediaSection& section : media_) {
        GValue item = G_VALUE_INIT;
        g_value_init(&item, GST_TYPE_STRUCTURE);
        g_value_take_boxed(&item, section.to_structure());
        gst_value_array_append_and_take_value(value, &item);
      }
      break;
    case PROP_STATE:
      g_value_set_enum(value, static_cast<int>(listener_ ? listener_->state() : PeerState::New));
      break;
    case PROP_WORKERS:
      g_value_set_uint(value, pool_config_.workers);
      break;
    case PROP_UDP_PORT:
      g_value_set_uint(value, pool_config_.udp_port);
      break;
    case PROP_TCP_PORT:
      g_value_set_uint(value, pool_config_.tcp_port);
      break;
    case PROP_NODE_IP:
      g_value_set_string(value, pool_config_.node_ip.c_str());
      break;
    case PROP_MAX_RECEIVE_BITRATE:
      g_value_set_uint(value, static_cast<guint>(limits_.bitrate.bps));
      break;
    case PROP_MAX_DATA_RATE:
      g_value_set_uint(value, limits_.data_per_second);
      break;
    default:
      break;
  }
}

void SfuTransport::set_media(const GValue* value) {
  std::vector<MediaSection> media;
  for (guint i = 0; i < gst_value_array_get_size(value); ++i) {
    const GValue* item = gst_value_array_get_value(value, i);
    auto section = GST_VALUE_HOLDS_STRUCTURE(item)
                       ? MediaSection::from_structure(gst_value_get_structure(item))
                       : std::nullopt;
    if (section) {
      media.push_back(std::move(*section));
    } else {
      GST_WARNING_OBJECT(element_, "entry %u of media is no media-section with a mid", i);
    }
  }
  // Pads come before the session may push on them, and go after it does not any more.
  std::vector<SourcePad> kept;
  std::vector<SourcePad> added;
  std::vector<SourcePad> removed;
  {
    MutexLock lock(mutex_);
    removed = sources_;
    for (const MediaSection& section : media) {
      if (!section.receive || section.application) continue;
      std::vector<Rid> rids = section.rids;
      if (rids.empty()) rids.emplace_back();
      for (const Rid& rid : rids) {
        const auto old = std::ranges::find_if(removed, [&](const SourcePad& source) {
          return source.mid == section.mid && source.rid == rid;
        });
        if (old != removed.end()) {
          kept.push_back(*old);
          removed.erase(old);
        } else {
          added.push_back({section.mid, rid, make_source_pad(section.mid, rid)});
        }
      }
    }
    media_ = std::move(media);
    sources_ = kept;
    sources_.insert(sources_.end(), added.begin(), added.end());
  }
  for (const SourcePad& source : added) gst_element_add_pad(element_, source.pad.get());
  {
    MutexLock lock(mutex_);
    if (session_) apply_media();
  }
  for (const SourcePad& source : removed) {
    gst_pad_set_active(source.pad.get(), FALSE);
    gst_element_remove_pad(element_, source.pad.get());
  }
}

void SfuTransport::apply_media() {
  std::vector<PeerSession::EncodingPad> pads;
  for (const SourcePad& source : sources_) pads.push_back({source.mid, source.rid, source.pad});
  session_->set_media(media_, std::move(pads));
}

gboolean source_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* impl = GST_SFU_TRANSPORT(parent)->impl;
  if (gst_video_event_is_force_key_unit(event)) {
    if (const auto session = impl->session()) session->request_keyframe(pad);
  }
  // Nothing above a transport could act on anything else.
  gst_event_unref(event);
  return TRUE;
}

gboolean live_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) {
    gst_query_set_latency(query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  }
  return gst_pad_query_default(pad, parent, query);
}

Ref<GstPad> SfuTransport::make_source_pad(const Mid& mid, const Rid& rid) {
  const std::string name = "src_" + std::to_string(next_source_++);
  const auto pad_template = Ref<GstPadTemplate>::adopt(gst_static_pad_template_get(&src_template));
  auto* pad = GST_PAD(g_object_new(GST_TYPE_SFU_TRANSPORT_SRC_PAD, "name", name.c_str(),
                                   "direction", GST_PAD_SRC, "template", pad_template.get(), "mid",
                                   mid.value.c_str(), "rid", rid.value.c_str(), nullptr));
  gst_pad_set_event_function(pad, source_event);
  gst_pad_set_query_function(pad, live_query);
  gst_pad_set_active(pad, TRUE);
  gst_pad_use_fixed_caps(pad);
  gchar* stream_id =
      g_strdup_printf("%s/%s/%s", session_ ? session_->local_ice().ufrag.c_str() : "",
                      mid.value.c_str(), rid.value.c_str());
  gst_pad_push_event(pad, gst_event_new_stream_start(stream_id));
  g_free(stream_id);
  return Ref<GstPad>::share(pad);
}

// The cast without a look at the type: the pad has this function because it is one.
GstFlowReturn sink_chain_list(GstPad* pad, GstObject* parent, GstBufferList* list) {
  auto* sink = reinterpret_cast<GstSfuTransportSinkPad*>(pad);
  TransportPort* port = sink->streaming_port.load(std::memory_order_acquire);
  if (!port) port = GST_SFU_TRANSPORT(parent)->impl->port(sink).get();
  if (port) return port->push(list);
  gst_buffer_list_unref(list);
  return GST_FLOW_FLUSHING;
}

GstPad* SfuTransport::request_pad(GstPadTemplate* pad_template, const gchar* name) {
  std::string pad_name;
  {
    MutexLock lock(mutex_);
    pad_name = name ? name : "sink_" + std::to_string(next_sink_);
    unsigned index = 0;
    if (sscanf(pad_name.c_str(), "sink_%u", &index) == 1)
      next_sink_ = std::max(next_sink_, index + 1);
  }
  auto* pad = GST_PAD(g_object_new(GST_TYPE_SFU_TRANSPORT_SINK_PAD, "name", pad_name.c_str(),
                                   "direction", GST_PAD_SINK, "template", pad_template, nullptr));
  gst_pad_set_chain_list_function(pad, sink_chain_list);
  gst_pad_set_chain_function(pad, [](GstPad* p, GstObject* parent, GstBuffer* buffer) {
    GstBufferList* list = gst_buffer_list_new_sized(1);
    gst_buffer_list_add(list, buffer);
    return sink_chain_list(p, parent, list);
  });
  gst_pad_set_event_function(pad, [](GstPad* p, GstObject* parent, GstEvent* event) -> gboolean {
    if (const auto report = gstlk::sfu::parse_sender_report(event)) {
      const auto port = GST_SFU_TRANSPORT(parent)->impl->port(GST_SFU_TRANSPORT_SINK_PAD(p));
      if (port) port->set_clock_mapping(report->ntp, report->rtp_timestamp);
    }
    gst_event_unref(event);
    return TRUE;
  });
  gst_pad_set_query_function(pad, [](GstPad* p, GstObject* parent, GstQuery* query) -> gboolean {
    if (GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM) {
      const auto port = GST_SFU_TRANSPORT(parent)->impl->port(GST_SFU_TRANSPORT_SINK_PAD(p));
      if (port && gstlk::sfu::answer_send_port_query(query, port)) return TRUE;
    }
    return gst_pad_query_default(p, parent, query);
  });
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element_, pad);
  return pad;
}

void SfuTransport::release_pad(GstPad* pad) {
  gst_pad_set_active(pad, FALSE);
  std::shared_ptr<TransportPort> port;
  GST_OBJECT_LOCK(pad);
  GST_SFU_TRANSPORT_SINK_PAD(pad)->streaming_port = nullptr;
  port = std::exchange(*GST_SFU_TRANSPORT_SINK_PAD(pad)->port, nullptr);
  GST_OBJECT_UNLOCK(pad);
  const auto current = session();
  if (current && port) current->remove_port(std::move(port));
  gst_element_remove_pad(element_, pad);
}

// The pad's stream in the session; made at the first use, because its properties are set before the
// pad is linked but after it was requested.
std::shared_ptr<TransportPort> SfuTransport::port(GstSfuTransportSinkPad* pad) {
  GST_OBJECT_LOCK(pad);
  std::shared_ptr<TransportPort> port = *pad->port;
  GST_OBJECT_UNLOCK(pad);
  if (port) return port;
  const auto current = session();
  if (!current) return nullptr;
  GST_OBJECT_LOCK(pad);
  if (pad->ssrc == 0) pad->ssrc = g_random_int();
  TransportPort::Config config{Mid(pad->mid ? pad->mid : ""), Ssrc(pad->ssrc), {}, {}};
  if (pad->rtx_ssrc != 0) config.rtx_ssrc = Ssrc(pad->rtx_ssrc);
  if (pad->min_playout_delay >= 0) {
    config.playout_delay = {std::chrono::milliseconds(pad->min_playout_delay),
                            std::chrono::milliseconds(pad->max_playout_delay)};
  }
  if (!*pad->port) {
    *pad->port = std::make_shared<TransportPort>(current, GST_PAD(pad), std::move(config));
    port = *pad->port;
    pad->streaming_port = port.get();
  }
  std::shared_ptr<TransportPort> result = *pad->port;
  GST_OBJECT_UNLOCK(pad);
  if (port) current->add_port(port);
  return result;
}

GstStructure* SfuTransport::stats() {
  const auto current = session();
  const gstlk::sfu::PeerStats stats = current ? current->stats() : gstlk::sfu::PeerStats{};
  const bool known = stats.at != gstlk::Timestamp{};
  const auto age = known ? gstlk::sfu::Worker::read_clock() - stats.at : gstlk::Duration{};
  GstStructure* structure = gst_structure_new(
      "sfu-transport-stats", "age", G_TYPE_UINT64, static_cast<guint64>(age.count() * 1000),
      "round-trip", G_TYPE_UINT64, static_cast<guint64>(stats.round_trip.count() * 1000),
      "packets-received", G_TYPE_UINT64, stats.packets_received, "bytes-received", G_TYPE_UINT64,
      stats.bytes_received, "packets-sent", G_TYPE_UINT64, stats.packets_sent, "bytes-sent",
      G_TYPE_UINT64, stats.bytes_sent, "malformed", G_TYPE_UINT64, stats.malformed, "over-limit",
      G_TYPE_UINT64, stats.over_limit, nullptr);
  if (stats.path) {
    const bool tcp = stats.path->protocol == gstlk::transport::Protocol::Tcp;
    gst_structure_set(structure, "protocol", G_TYPE_STRING, tcp ? "tcp" : "udp", "remote-address",
                      G_TYPE_STRING, stats.path->remote.to_text().c_str(), "local-address",
                      G_TYPE_STRING, stats.path->local.to_text().c_str(), nullptr);
  }
  auto add_all = [&](const char* field, const auto& entries, auto&& make) {
    GValue array = G_VALUE_INIT;
    g_value_init(&array, GST_TYPE_ARRAY);
    for (const auto& entry : entries) {
      GValue item = G_VALUE_INIT;
      g_value_init(&item, GST_TYPE_STRUCTURE);
      g_value_take_boxed(&item, make(entry));
      gst_value_array_append_and_take_value(&array, &item);
    }
    gst_structure_take_value(structure, field, &array);
  };
  add_all("received", stats.received, [](const gstlk::sfu::PeerStats::Received& entry) {
    const auto& s = entry.stats;
    return gst_structure_new(
        "received", "mid", G_TYPE_STRING, entry.mid.value.c_str(), "rid", G_TYPE_STRING,
        entry.rid.value.c_str(), "packets", G_TYPE_UINT64, s.packets, "bytes", G_TYPE_UINT64,
        s.bytes, "bitrate", G_TYPE_UINT64, entry.bitrate.bps, "lost", G_TYPE_INT64, s.lost,
        "fraction-lost", G_TYPE_UINT, static_cast<guint>(s.fraction_lost), "jitter", G_TYPE_UINT64,
        static_cast<guint64>(s.jitter.count() * 1000), "nacks", G_TYPE_UINT64, s.nacks_sent,
        "keyframe-requests", G_TYPE_UINT64, s.keyframe_requests_sent, "retransmitted",
        G_TYPE_UINT64, s.retransmitted, "duplicates", G_TYPE_UINT64, s.duplicates, nullptr);
  });
  add_all("sent", stats.sent, [](const gstlk::sfu::PeerStats::Sent& entry) {
    const auto& s = entry.stats;
    return gst_structure_new(
        "sent", "ssrc", G_TYPE_UINT, entry.ssrc.value, "packets", G_TYPE_UINT64, s.packets, "bytes",
        G_TYPE_UINT64, s.bytes, "bitrate", G_TYPE_UINT64, entry.bitrate.bps, "retransmitted",
        G_TYPE_UINT64, entry.retransmitted, "lost", G_TYPE_INT64,
        static_cast<gint64>(s.cumulative_lost), "fraction-lost", G_TYPE_UINT,
        static_cast<guint>(s.fraction_lost), "jitter", G_TYPE_UINT64,
        static_cast<guint64>(s.jitter.count() * 1000), "nacks", G_TYPE_UINT64, s.nacks_received,
        "keyframe-requests", G_TYPE_UINT64, s.keyframe_requests_received, nullptr);
  });
  return structure;
}

gboolean send_data(GstSfuTransport* self, const gchar* label, GBytes* message) {
  const auto session = self->impl->session();
  gsize size = 0;
  const auto* data = static_cast<const uint8_t*>(g_bytes_get_data(message, &size));
  return session && label && session->send_data(label, {data, size});
}

guint64 buffered_amount(GstSfuTransport* self, const gchar* label) {
  const auto session = self->impl->session();
  return session && label ? session->data_buffered(label) : 0;
}

void open_data_channel(GstSfuTransport* self, const gchar* label, gboolean ordered,
                       gint max_retransmits) {
  const auto session = self->impl->session();
  if (!session || !label) return;
  gstlk::transport::DataChannelConfig config;
  config.label = label;
  config.ordered = ordered;
  if (max_retransmits >= 0) config.max_retransmits = static_cast<uint32_t>(max_retransmits);
  session->open_data_channel(std::move(config));
}

void restart_ice(GstSfuTransport* self) {
  if (const auto session = self->impl->session()) session->restart_ice();
}

}  // namespace

gstlk::sfu::PeerStats gst_sfu_transport_read_stats(GstSfuTransport* self) {
  const auto session = self->impl->session();
  return session ? session->stats() : PeerStats{};
}

static void gst_sfu_transport_init(GstSfuTransport* self) {
  self->impl = new SfuTransport(GST_ELEMENT(self));
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}

static void gst_sfu_transport_finalize(GObject* object) {
  delete GST_SFU_TRANSPORT(object)->impl;
  G_OBJECT_CLASS(gst_sfu_transport_parent_class)->finalize(object);
}

static void gst_sfu_transport_set_property(GObject* object, guint id, const GValue* value,
                                           GParamSpec*) {
  GST_SFU_TRANSPORT(object)->impl->set_property(id, value);
}

static void gst_sfu_transport_get_property(GObject* object, guint id, GValue* value, GParamSpec*) {
  GST_SFU_TRANSPORT(object)->impl->get_property(id, value);
}

static GstPad* gst_sfu_transport_request_new_pad(GstElement* element, GstPadTemplate* pad_template,
                                                 const gchar* name, const GstCaps*) {
  return GST_SFU_TRANSPORT(element)->impl->request_pad(pad_template, name);
}

static void gst_sfu_transport_release_pad(GstElement* element, GstPad* pad) {
  GST_SFU_TRANSPORT(element)->impl->release_pad(pad);
}

static void gst_sfu_transport_set_context(GstElement* element, GstContext* context) {
  GST_SFU_TRANSPORT(element)->impl->set_context(context);
  GST_ELEMENT_CLASS(gst_sfu_transport_parent_class)->set_context(element, context);
}

static GstStateChangeReturn gst_sfu_transport_change_state(GstElement* element,
                                                           GstStateChange transition) {
  SfuTransport* impl = GST_SFU_TRANSPORT(element)->impl;
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !impl->start()) {
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    impl->set_playing(gst_element_get_base_time(element));
  }
  GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_sfu_transport_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) impl->stop();
  // Live: there is no data in PAUSED.
  if (result == GST_STATE_CHANGE_SUCCESS && (transition == GST_STATE_CHANGE_READY_TO_PAUSED ||
                                             transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)) {
    result = GST_STATE_CHANGE_NO_PREROLL;
  }
  return result;
}

static void install_properties(GObjectClass* klass) {
  const auto ro = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  const auto rw = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                           GST_PARAM_MUTABLE_PLAYING);
  const auto ready = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                              GST_PARAM_MUTABLE_READY);
  properties[PROP_ICE_UFRAG] = g_param_spec_string(
      "ice-ufrag", "ICE user name fragment",
      "Local a=ice-ufrag (RFC 8839); null below READY, changed by restart-ice", nullptr, ro);
  properties[PROP_ICE_PWD] = g_param_spec_string(
      "ice-pwd", "ICE password", "Local a=ice-pwd (RFC 8839); null below READY", nullptr, ro);
  properties[PROP_FINGERPRINT] = g_param_spec_string(
      "fingerprint", "DTLS fingerprint",
      "Local a=fingerprint, \"sha-256 AB:CD:...\" (RFC 8122); null below READY", nullptr, ro);
  properties[PROP_CANDIDATES] = g_param_spec_boxed(
      "candidates", "ICE candidates",
      "Local host candidates, values of a=candidate, the best first", G_TYPE_STRV, ro);
  properties[PROP_REMOTE_ICE_UFRAG] = g_param_spec_string(
      "remote-ice-ufrag", "Remote ICE user name fragment", "The peer's a=ice-ufrag", "", rw);
  properties[PROP_REMOTE_ICE_PWD] =
      g_param_spec_string("remote-ice-pwd", "Remote ICE password", "The peer's a=ice-pwd", "", rw);
  properties[PROP_REMOTE_FINGERPRINT] = g_param_spec_string(
      "remote-fingerprint", "Remote DTLS fingerprint",
      "The peer's a=fingerprint (sha-256, sha-384 or sha-512); media waits for it", "", rw);
  properties[PROP_DTLS_CLIENT] = g_param_spec_boolean(
      "dtls-client", "DTLS client",
      "Start DTLS (a=setup:active) instead of waiting for the peer; the server side chooses the "
      "SRTP profile and takes AES-GCM first (default: false)",
      FALSE, rw);
  properties[PROP_MEDIA] = gst_param_spec_array(
      "media", "Media sections",
      "The negotiated m-lines in order, a GstStructure `media-section` for each: mid, kind, "
      "receive, send, extmap-<id>, formats, rids, ssrcs, rtx-ssrcs, sctp-port (default: none)",
      g_param_spec_boxed("section", "Section", "A media section", GST_TYPE_STRUCTURE, rw), rw);
  properties[PROP_STATE] =
      g_param_spec_enum("state", "State", "State of the connection; notified from a worker thread",
                        GST_TYPE_SFU_TRANSPORT_STATE, static_cast<int>(PeerState::New), ro);
  properties[PROP_STATS] = g_param_spec_boxed(
      "stats", "Statistics",
      "Counters, times (ns) and bitrates (bit/s) as they were `age` ago, at most a second: totals, "
      "the path, and the arrays `received` and `sent` with an entry for each encoding",
      GST_TYPE_STRUCTURE, ro);
  properties[PROP_WORKERS] = g_param_spec_uint(
      "workers", "Workers",
      "Worker threads, when this element makes them; 0 is one for each core (default: 0)", 0, 256,
      0, ready);
  properties[PROP_UDP_PORT] = g_param_spec_uint(
      "udp-port", "UDP port", "Port for ICE over UDP, when this element opens it (default: 7882)",
      1, 65535, 7882, ready);
  properties[PROP_TCP_PORT] = g_param_spec_uint(
      "tcp-port", "TCP port",
      "Port for ICE over TCP, when this element opens it; 0 is none (default: 7881)", 0, 65535,
      7881, ready);
  properties[PROP_NODE_IP] = g_param_spec_string(
      "node-ip", "Node address",
      "IPv4 address to advertise in place of the local ones, for 1:1 NAT (default: empty)", "",
      ready);
  properties[PROP_MAX_RECEIVE_BITRATE] =
      g_param_spec_uint("max-receive-bitrate", "Highest received bitrate",
                        "Bits per second of RTP that the peer may send: it is asked to keep to "
                        "that (REMB), and what is "
                        "a quarter above is dropped unread; 0 is any (default: 0)",
                        0, G_MAXUINT32, 0, rw);
  properties[PROP_MAX_DATA_RATE] =
      g_param_spec_uint("max-data-rate", "Highest data rate",
                        "Bytes per second of data channel messages that are read, so that a peer "
                        "that sends more waits; "
                        "0 is any (default: 0)",
                        0, G_MAXUINT32, 0, rw);
  g_object_class_install_properties(klass, N_PROPERTIES, properties);
}

static void install_signals(GObjectClass* klass) {
  const GType type = G_TYPE_FROM_CLASS(klass);
  /**
   * GstSfuTransport::data-message:
   * @label: of the data channel
   * @message: one whole message
   *
   * Emitted on a worker thread, in order for each channel. Who keeps references to 256 KB of
   * messages slows the peer down: nothing more is read from it until half of that is released.
   */
  signals[SIGNAL_DATA_MESSAGE] =
      g_signal_new("data-message", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                   G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BYTES);
  /**
   * GstSfuTransport::data-channel:
   * @label: of the data channel
   *
   * A channel is open, whoever opened it. Emitted on a worker thread.
   */
  signals[SIGNAL_DATA_CHANNEL] = g_signal_new("data-channel", type, G_SIGNAL_RUN_LAST, 0, nullptr,
                                              nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * GstSfuTransport::buffered-amount-low:
   * @label: of the data channel
   *
   * buffered-amount was above 16 KB and no longer is. Emitted on a worker thread.
   */
  signals[SIGNAL_BUFFERED_AMOUNT_LOW] =
      g_signal_new("buffered-amount-low", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                   G_TYPE_NONE, 1, G_TYPE_STRING);
  const auto action = static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);
  /**
   * GstSfuTransport::send-data:
   * @label: of an open data channel
   * @message: at most 65535 bytes
   *
   * Action, any thread. FALSE: 4 MB wait already, or the element is not READY.
   */
  signals[SIGNAL_SEND_DATA] =
      g_signal_new_class_handler("send-data", type, action, G_CALLBACK(send_data), nullptr, nullptr,
                                 nullptr, G_TYPE_BOOLEAN, 2, G_TYPE_STRING, G_TYPE_BYTES);
  /**
   * GstSfuTransport::buffered-amount:
   * @label: of a data channel
   *
   * Action, any thread. Bytes of messages given to send-data that wait to be sent; what is on its
   * way to the peer does not count.
   */
  signals[SIGNAL_BUFFERED_AMOUNT] =
      g_signal_new_class_handler("buffered-amount", type, action, G_CALLBACK(buffered_amount),
                                 nullptr, nullptr, nullptr, G_TYPE_UINT64, 1, G_TYPE_STRING);
  /**
   * GstSfuTransport::open-data-channel:
   * @label: of the new channel
   * @ordered: whether messages arrive in the order of sending
   * @max_retransmits: -1 is reliable
   *
   * Action, any thread. The channel opens when SCTP is up.
   */
  signals[SIGNAL_OPEN_DATA_CHANNEL] = g_signal_new_class_handler(
      "open-data-channel", type, action, G_CALLBACK(open_data_channel), nullptr, nullptr, nullptr,
      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_BOOLEAN, G_TYPE_INT);
  /**
   * GstSfuTransport::restart-ice:
   *
   * Action: new local credentials; those before are answered until the first check with the new.
   * Waits for the worker thread, so not from one.
   */
  signals[SIGNAL_RESTART_ICE] =
      g_signal_new_class_handler("restart-ice", type, action, G_CALLBACK(restart_ice), nullptr,
                                 nullptr, nullptr, G_TYPE_NONE, 0);
}

static void gst_sfu_transport_class_init(GstSfuTransportClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_sfu_transport_debug, "sfutransport", 0, "SFU WebRTC transport");
  object_class->finalize = gst_sfu_transport_finalize;
  object_class->set_property = gst_sfu_transport_set_property;
  object_class->get_property = gst_sfu_transport_get_property;
  element_class->request_new_pad = gst_sfu_transport_request_new_pad;
  element_class->release_pad = gst_sfu_transport_release_pad;
  element_class->set_context = gst_sfu_transport_set_context;
  element_class->change_state = gst_sfu_transport_change_state;
  install_properties(object_class);
  install_signals(object_class);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &sink_template,
                                                       GST_TYPE_SFU_TRANSPORT_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &src_template,
                                                       GST_TYPE_SFU_TRANSPORT_SRC_PAD);
  gst_element_class_set_static_metadata(
      element_class, "SFU WebRTC transport", "Network/WebRTC",
      "The server side of one WebRTC peer connection: ICE-lite, DTLS-SRTP, SCTP, RTCP",
      "The gst-livekit authors");
}
