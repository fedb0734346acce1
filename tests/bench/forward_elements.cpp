// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What forwarding costs in the elements alone: sfu-transports around one sfu-router in a pipeline
// of this process, no signalling; the load generator is a child process and speaks real ICE, DTLS
// and SRTP over loopback.
//
//   forward_elements [--subscribers N] [--seconds S] [--workers W] [--audio] [--no-gro]
#include <gst/gst.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/ref.h"
#include "clock.h"
#include "forward_measurement.h"
#include "plugins/sfu/plugin.h"
#include "plugins/sfu/worker_pool.h"
#include "process_usage.h"

namespace gstlk::bench {
namespace {

constexpr uint16_t kPort = 17'882;
constexpr uint32_t kPublishedSsrc = 0x1000'0001;
constexpr size_t kSampleEvery = 50;

struct Options {
  unsigned subscribers = 500;
  unsigned seconds = 10;
  unsigned workers = 1;
  bool audio = false;
  bool gro = true;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto number = [&] { return i + 1 < argc ? static_cast<unsigned>(atoi(argv[++i])) : 0; };
    if (name == "--subscribers") options.subscribers = number();
    if (name == "--seconds") options.seconds = number();
    if (name == "--workers") options.workers = number();
    if (name == "--audio") options.audio = true;
    if (name == "--no-gro") options.gro = false;
  }
  return options;
}

// --- between the two processes: lines of words ---

void write_line(FILE* pipe, const std::string& line) { fprintf(pipe, "%s\n", line.c_str()); }

std::string read_word(FILE* pipe) {
  char word[256];
  if (fscanf(pipe, "%255s", word) != 1) exit(1);  // the other process has ended, and said why
  return word;
}

// --- the child: load ---

std::unique_ptr<LoadPeer> make_peer(const Options& options, transport::DtlsContext& dtls,
                                    size_t index) {
  LoadPeer::Config config;
  config.dtls = &dtls;
  config.server = *transport::SocketAddress::from_host("127.0.0.1", kPort);
  config.gro = options.gro;
  config.kind = options.audio ? MediaKind::Audio : MediaKind::Video;
  config.sampling = index > 0 && index % kSampleEvery == 1;
  if (index == 0) {
    MediaSource::Config source{.kind = config.kind, .ssrc = Ssrc(kPublishedSsrc)};
    if (options.audio) {
      source.packet_size = 100;
      source.burst = 1;
      source.per_second = 50;
    }
    config.publish.push_back(source);
  }
  return std::make_unique<LoadPeer>(config);
}

int run_load(const Options& options, FILE* in, FILE* out) {
  raise_descriptor_limit();
  const auto dtls = transport::DtlsContext::create();
  if (!dtls) return 1;
  LoadEngine engine;
  std::vector<LoadPeer*> peers;
  for (size_t i = 0; i <= options.subscribers; ++i) {
    peers.push_back(engine.add(make_peer(options, **dtls, i)));
    const LoadPeer& peer = *peers.back();
    write_line(out, peer.local_ice().ufrag + " " + peer.local_ice().pwd);
  }
  write_line(out, peers.front()->fingerprint());
  fflush(out);

  ForwardPlan plan;
  plan.server = getppid();
  plan.udp_port = kPort;
  plan.copies = plan.subscribers = options.subscribers;
  plan.duration = std::chrono::seconds(options.seconds);
  plan.resident_empty = std::stoull(read_word(in));
  const std::string hash = read_word(in);
  const std::string fingerprint = hash + " " + read_word(in);
  for (LoadPeer* peer : peers) {
    LoadPeer::Remote remote;
    remote.ice.ufrag = read_word(in);
    remote.ice.pwd = read_word(in);
    remote.fingerprint = fingerprint;
    engine.post([peer, remote] { peer->start(remote, read_clock()); });
  }
  if (!wait_connected(engine, peers.size(), std::chrono::seconds(60))) {
    fprintf(stderr, "not every peer connected within a minute\n");
    return 1;
  }
  Figures figures("forward_elements");
  figures.add("subscribers", options.subscribers)
      .add("media", options.audio ? "audio" : "video")
      .add("workers", options.workers)
      .add("gro", options.gro ? 1 : 0);
  const bool ok = measure_forward(engine, plan, figures);
  figures.print();
  return ok ? 0 : 1;
}

// --- this process: the elements ---

void append_structure(GValue& array, GstStructure* structure) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&value, structure);
  gst_value_array_append_and_take_value(&array, &value);
}

GstStructure* new_format(bool audio) {
  return gst_structure_new("format", "payload", G_TYPE_INT, 96, "encoding-name", G_TYPE_STRING,
                           audio ? "OPUS" : "VP8", "clock-rate", G_TYPE_INT, audio ? 48000 : 90000,
                           "channels", G_TYPE_INT, audio ? 2 : 0, "nack", G_TYPE_BOOLEAN, !audio,
                           "nack-pli", G_TYPE_BOOLEAN, !audio, nullptr);
}

void set_media(GstElement* transport, const Options& options, bool publisher) {
  GstStructure* section =
      gst_structure_new("media-section", "mid", G_TYPE_STRING, "0", "kind", G_TYPE_STRING,
                        options.audio ? "audio" : "video", "receive", G_TYPE_BOOLEAN, publisher,
                        "send", G_TYPE_BOOLEAN, !publisher, nullptr);
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  append_structure(array, new_format(options.audio));
  gst_structure_take_value(section, "formats", &array);
  if (publisher) {
    g_value_init(&array, GST_TYPE_ARRAY);
    GValue ssrc = G_VALUE_INIT;
    g_value_init(&ssrc, G_TYPE_UINT);
    g_value_set_uint(&ssrc, kPublishedSsrc);
    gst_value_array_append_and_take_value(&array, &ssrc);
    gst_structure_take_value(section, "ssrcs", &array);
  }
  g_value_init(&array, GST_TYPE_ARRAY);
  append_structure(array, section);
  g_object_set_property(G_OBJECT(transport), "media", &array);
  g_value_unset(&array);
}

struct RemotePeer {
  std::string ufrag;
  std::string pwd;
};

GstElement* add_transport(GstElement* pipeline, const RemotePeer& remote,
                          const std::string& fingerprint) {
  GstElement* transport = gst_element_factory_make("sfu-transport", nullptr);
  gst_bin_add(GST_BIN(pipeline), transport);
  g_object_set(transport, "remote-ice-ufrag", remote.ufrag.c_str(), "remote-ice-pwd",
               remote.pwd.c_str(), "remote-fingerprint", fingerprint.c_str(), nullptr);
  gst_element_sync_state_with_parent(transport);
  return transport;
}

void link_publisher(GstElement* router, GstElement* transport) {
  const auto sink = Ref<GstPad>::adopt(gst_element_request_pad_simple(router, "sink_%u"));
  g_object_set(sink.get(), "track", "t", nullptr);
  const auto source = Ref<GstPad>::adopt(gst_element_get_static_pad(transport, "src_0"));
  gst_pad_link(source.get(), sink.get());
}

void link_subscriber(GstElement* router, GstElement* transport, uint32_t ssrc) {
  const auto sink = Ref<GstPad>::adopt(gst_element_request_pad_simple(transport, "sink_%u"));
  g_object_set(sink.get(), "mid", "0", "ssrc", ssrc, nullptr);
  const auto source = Ref<GstPad>::adopt(gst_element_request_pad_simple(router, "src_%u"));
  g_object_set(source.get(), "track", "t", "ssrc", ssrc, nullptr);
  gst_pad_link(source.get(), sink.get());
}

void write_credentials(FILE* out, GstElement* transport) {
  gchar* ufrag = nullptr;
  gchar* pwd = nullptr;
  g_object_get(transport, "ice-ufrag", &ufrag, "ice-pwd", &pwd, nullptr);
  write_line(out, std::string(ufrag) + " " + pwd);
  g_free(ufrag);
  g_free(pwd);
}

Ref<GstElement> make_pipeline(const Options& options) {
  sfu::WorkerPoolConfig config;
  config.workers = options.workers;
  config.addresses = {"127.0.0.1"};
  config.udp_port = kPort;
  config.tcp_port = 0;
  auto pool = sfu::WorkerPool::create(config);
  if (!pool) {
    fprintf(stderr, "%s\n", pool.error().message.c_str());
    return {};
  }
  auto pipeline =
      Ref<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new("room"))));
  GstContext* context = sfu::WorkerPool::to_context(*pool);
  gst_element_set_context(pipeline.get(), context);
  gst_context_unref(context);
  return pipeline;
}

int run_elements(const Options& options, FILE* in, FILE* out) {
  gst_init(nullptr, nullptr);
  gstlk_sfu_register_elements(nullptr);
  const Ref<GstElement> pipeline = make_pipeline(options);
  if (!pipeline) return 1;
  GstElement* router = gst_element_factory_make("sfu-router", nullptr);
  gst_bin_add(GST_BIN(pipeline.get()), router);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);

  std::vector<RemotePeer> remotes(options.subscribers + 1);
  for (RemotePeer& remote : remotes) {
    remote.ufrag = read_word(in);
    remote.pwd = read_word(in);
  }
  const std::string hash = read_word(in);
  const std::string fingerprint = hash + " " + read_word(in);
  const uint64_t resident = ProcessUsage::read(getpid()).resident_bytes;
  std::vector<GstElement*> transports;
  for (const RemotePeer& remote : remotes) {
    const bool publisher = transports.empty();
    GstElement* transport = add_transport(pipeline.get(), remote, fingerprint);
    set_media(transport, options, publisher);
    if (publisher)
      link_publisher(router, transport);
    else
      link_subscriber(router, transport, 0x2000'0000 + static_cast<uint32_t>(transports.size()));
    transports.push_back(transport);
  }
  gchar* local = nullptr;
  g_object_get(transports.front(), "fingerprint", &local, nullptr);
  write_line(out, std::to_string(resident) + " " + local);
  g_free(local);
  for (GstElement* transport : transports) write_credentials(out, transport);
  fflush(out);

  int status = 0;
  wait(&status);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace
}  // namespace gstlk::bench

int main(int argc, char** argv) {
  const auto options = gstlk::bench::parse_options(argc, argv);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  // Before there are threads.
  const pid_t child = fork();
  const int end = ends[child == 0 ? 0 : 1];
  close(ends[child == 0 ? 1 : 0]);
  FILE* in = fdopen(end, "r");
  FILE* out = fdopen(dup(end), "w");
  return child == 0 ? gstlk::bench::run_load(options, in, out)
                    : gstlk::bench::run_elements(options, in, out);
}
