// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/gstsfutransportproperties.h"

#include <string>
#include <vector>

#include "plugins/sfu/gstsfutransport.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/peer_stats.h"
#include "plugins/sfu/sfu_transport.h"
#include "plugins/sfu/worker.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

using gstlk::sfu::MediaSection;
using gstlk::sfu::PeerSession;
using gstlk::sfu::PeerState;
using gstlk::sfu::PeerStats;
using gstlk::sfu::SfuTransport;

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
  PROP_KEYFRAME_INTERVAL_LOW,
  PROP_KEYFRAME_INTERVAL_MID,
  PROP_KEYFRAME_INTERVAL_HIGH,
  N_PROPERTIES,
};

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

static std::string text_of(const GValue* value) {
  const char* string = g_value_get_string(value);
  return string ? string : "";
}

static std::vector<MediaSection> media_of(const GValue* value, GObject* element) {
  std::vector<MediaSection> media;
  for (guint i = 0; i < gst_value_array_get_size(value); ++i) {
    const GValue* item = gst_value_array_get_value(value, i);
    auto section = GST_VALUE_HOLDS_STRUCTURE(item)
                       ? MediaSection::from_structure(gst_value_get_structure(item))
                       : std::nullopt;
    if (section) {
      media.push_back(std::move(*section));
    } else {
      GST_WARNING_OBJECT(element, "entry %u of media is no media-section with a mid", i);
    }
  }
  return media;
}

void gst_sfu_transport_set_property(SfuTransport& impl, GObject* object, guint id,
                                    const GValue* value, GParamSpec* spec) {
  if (id == PROP_MEDIA) {
    impl.set_media(media_of(value, object));
    return;
  }
  impl.change_settings([&](SfuTransport::Settings& settings) {
    switch (id) {
      case PROP_REMOTE_ICE_UFRAG:
        settings.remote.ice.ufrag = text_of(value);
        break;
      case PROP_REMOTE_ICE_PWD:
        settings.remote.ice.pwd = text_of(value);
        break;
      case PROP_REMOTE_FINGERPRINT:
        settings.remote.fingerprint = text_of(value);
        break;
      case PROP_DTLS_CLIENT:
        settings.remote.dtls_client = g_value_get_boolean(value);
        break;
      case PROP_WORKERS:
        settings.pool.workers = g_value_get_uint(value);
        break;
      case PROP_UDP_PORT:
        settings.pool.udp_port = static_cast<uint16_t>(g_value_get_uint(value));
        break;
      case PROP_TCP_PORT:
        settings.pool.tcp_port = static_cast<uint16_t>(g_value_get_uint(value));
        break;
      case PROP_NODE_IP:
        settings.pool.node_ip = text_of(value);
        break;
      case PROP_MAX_RECEIVE_BITRATE:
        settings.limits.bitrate.bps = g_value_get_uint(value);
        break;
      case PROP_MAX_DATA_RATE:
        settings.limits.data_per_second = g_value_get_uint(value);
        break;
      case PROP_KEYFRAME_INTERVAL_LOW:
      case PROP_KEYFRAME_INTERVAL_MID:
      case PROP_KEYFRAME_INTERVAL_HIGH:
        settings.limits.keyframe_intervals[id - PROP_KEYFRAME_INTERVAL_LOW] =
            std::chrono::milliseconds(g_value_get_uint(value));
        break;
      default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
  });
}

static void take_candidates(GValue* value, const std::vector<std::string>& candidates) {
  GStrvBuilder* builder = g_strv_builder_new();
  for (const std::string& candidate : candidates) g_strv_builder_add(builder, candidate.c_str());
  g_value_take_boxed(value, g_strv_builder_end(builder));
  g_strv_builder_unref(builder);
}

static void append_media(GValue* value, const std::vector<MediaSection>& media) {
  for (const MediaSection& section : media) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&item, section.to_structure());
    gst_value_array_append_and_take_value(value, &item);
  }
}

// What the application has set is read back, the rest is the session's.
void gst_sfu_transport_get_property(SfuTransport& impl, GObject* object, guint id, GValue* value,
                                    GParamSpec* spec) {
  const SfuTransport::Settings settings = impl.settings();
  const std::shared_ptr<PeerSession> session = impl.session();
  switch (id) {
    case PROP_ICE_UFRAG:
      g_value_set_string(value, session ? session->local_ice().ufrag.c_str() : nullptr);
      break;
    case PROP_ICE_PWD:
      g_value_set_string(value, session ? session->local_ice().pwd.c_str() : nullptr);
      break;
    case PROP_FINGERPRINT:
      g_value_set_string(value, session ? session->fingerprint().c_str() : nullptr);
      break;
    case PROP_CANDIDATES:
      take_candidates(value, impl.candidates());
      break;
    case PROP_REMOTE_ICE_UFRAG:
      g_value_set_string(value, settings.remote.ice.ufrag.c_str());
      break;
    case PROP_REMOTE_ICE_PWD:
      g_value_set_string(value, settings.remote.ice.pwd.c_str());
      break;
    case PROP_REMOTE_FINGERPRINT:
      g_value_set_string(value, settings.remote.fingerprint.c_str());
      break;
    case PROP_DTLS_CLIENT:
      g_value_set_boolean(value, settings.remote.dtls_client);
      break;
    case PROP_MEDIA:
      append_media(value, impl.media());
      break;
    case PROP_STATE:
      g_value_set_enum(value, static_cast<int>(impl.state()));
      break;
    case PROP_STATS: {
      const PeerStats stats = session ? session->stats() : PeerStats{};
      g_value_take_boxed(value, stats.to_structure(gstlk::sfu::Worker::read_clock()));
      break;
    }
    case PROP_WORKERS:
      g_value_set_uint(value, settings.pool.workers);
      break;
    case PROP_UDP_PORT:
      g_value_set_uint(value, settings.pool.udp_port);
      break;
    case PROP_TCP_PORT:
      g_value_set_uint(value, settings.pool.tcp_port);
      break;
    case PROP_NODE_IP:
      g_value_set_string(value, settings.pool.node_ip.c_str());
      break;
    case PROP_MAX_RECEIVE_BITRATE:
      g_value_set_uint(value, static_cast<guint>(settings.limits.bitrate.bps));
      break;
    case PROP_MAX_DATA_RATE:
      g_value_set_uint(value, settings.limits.data_per_second);
      break;
    case PROP_KEYFRAME_INTERVAL_LOW:
    case PROP_KEYFRAME_INTERVAL_MID:
    case PROP_KEYFRAME_INTERVAL_HIGH: {
      const auto interval = settings.limits.keyframe_intervals[id - PROP_KEYFRAME_INTERVAL_LOW];
      g_value_set_uint(value, static_cast<guint>(interval.count() / 1000));
      break;
    }
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

void gst_sfu_transport_install_properties(GObjectClass* klass) {
  GParamSpec* properties[N_PROPERTIES] = {};
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
  const auto interval = [&](const char* name, const char* nick, const char* blurb) {
    return g_param_spec_uint(name, nick, blurb, 0, 60'000, 0, rw);
  };
  properties[PROP_KEYFRAME_INTERVAL_LOW] = interval(
      "keyframe-interval-low", "Least time between keyframes, lowest encoding",
      "Milliseconds between two keyframes that the peer is asked for in the lowest encoding of a "
      "track, or its only one; 0 is 300, and 1000 as long as more are wanted (default: 0)");
  properties[PROP_KEYFRAME_INTERVAL_MID] =
      interval("keyframe-interval-mid", "Least time between keyframes, second encoding",
               "As keyframe-interval-low, in the second encoding (default: 0)");
  properties[PROP_KEYFRAME_INTERVAL_HIGH] =
      interval("keyframe-interval-high", "Least time between keyframes, third encoding",
               "As keyframe-interval-low, in the third encoding (default: 0)");
  g_object_class_install_properties(klass, N_PROPERTIES, properties);
}
