// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon.h"

#include <openssl/rand.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <sstream>

#include "api/absent_services.h"
#include "api/agent_dispatch_service.h"
#include "api/room_service.h"
#include "base/log.h"
#include "logging/log_output.h"
#include "metrics/process_metrics.h"
#include "metrics/room_statistics.h"
#include "net/bind_addresses.h"
#include "net/host_addresses.h"
#include "net/http_client.h"
#include "part_settings.h"
#include "room/join_response.h"
#include "room/room.h"
#include "room/sids.h"
#include "signal/ice_servers.h"
#include "transport/address.h"
#include "turn/turn_settings.h"
#include "webhook/spool.h"

namespace gstlk {
namespace {

LogCategory& log_daemon = register_log_category(*new LogCategory{"sfu-daemon"});

// Receivers let requests in by this name.
constexpr char kUserAgent[] = "LiveKit";
// Until a webhook's receiver has answered.
constexpr Duration kWebhookTimeLimit = 15s;

void fill_random(std::span<uint8_t> out) { RAND_bytes(out.data(), static_cast<int>(out.size())); }

livekit::UnixTime wall_clock() {
  return std::chrono::time_point_cast<livekit::UnixTime::duration>(
      std::chrono::system_clock::now());
}

// The folder that was built or installed with the daemon, whichever has a page.
net::StaticFiles find_page(const char* built_in, const char* installed_in) {
  net::StaticFiles built(built_in);
  return built.has_index() ? built : net::StaticFiles(installed_in);
}

api::DevelopmentTokens development_tokens(const config::Config& config) {
  using enum api::DevelopmentTokens;
  if (!config.development) return None;
  const livekit::ApiKeys known{{config::kDevelopmentKey, config::kDevelopmentSecret}};
  return config.keys == known ? ForEverybody : ForThisMachine;
}

turn::SfuAddresses sfu_addresses(const sfu::WorkerPool& workers, const std::string& node_ip,
                                 const net::ExternalAddresses& external) {
  turn::SfuAddresses out{.local = workers.local_hosts(), .node_ip = node_ip, .external = external};
  for (const std::string& candidate : workers.candidates()) {
    // candidate:<foundation> 1 <protocol> <priority> <address> <port> ...
    std::istringstream words(candidate);
    std::string address;
    for (int i = 0; i < 5; i++) words >> address;
    out.advertised.push_back(address);
  }
  return out;
}

std::string local_host(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return "";
  return transport::SocketAddress::from_sockaddr(address, size).host();
}

std::string random_hex() {
  std::array<uint8_t, 32> bytes;
  fill_random(bytes);
  std::string text;
  for (const uint8_t byte : bytes) {
    for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::create(const config::Config& config) {
  std::unique_ptr<Daemon> daemon(new Daemon(config));
  if (auto opened = daemon->open(); !opened) return Unexpected<Error>{opened.error()};
  return daemon;
}

Daemon::Daemon(const config::Config& config)
    : config_(config), authenticator_(config.keys, wall_clock) {}

Daemon::~Daemon() = default;

Result<void> Daemon::open() {
  auto workers = worker_config(config_);
  if (!workers) return Unexpected<Error>{workers.error()};
  workers->on_guest = [this](int fd, sfu::Greeting greeting) { take_guest(fd, greeting); };
  workers->takes_tls = has_one_port() && !config_.tls.cert_file.empty();
  auto media = graph::MediaGraph::create(*workers, media_settings(config_));
  if (!media) return Unexpected<Error>{media.error()};
  media_ = std::move(*media);
  if (Result<void> opened = open_turn(); !opened) return opened;
  find_external_addresses();
  rooms_ = std::make_unique<room::RoomRegistry>(room_settings(), timers_, fill_random,
                                                media_->factory());
  if (Result<void> opened = open_webhooks(); !opened) return opened;
  open_agents();
  http_ = std::make_unique<net::HttpServer>(net::HttpLimits{
      config_.limit.max_api_request_body_size, config_.limit.signal_message_size_limit});
  if (config_.limit.revoke_tokens_of_removed) rooms_->revoke_tokens_of_removed();
  open_gate();
  rtc_ = std::make_unique<api::RtcService>(authenticator_, *rooms_);
  rtc_->add_to(*http_);
  workers_->add_to(*http_, config_.limit.agent_signal_message_size_limit);
  twirp_ = std::make_unique<api::TwirpServer>(authenticator_);
  api::add_room_service(*twirp_, *rooms_);
  api::add_agent_dispatch_service(*twirp_, *agents_);
  api::add_absent_services(*twirp_);
  http_->add_async_handler("/twirp/*",
                           [this](const net::HttpRequest& request, const net::HttpReply& reply) {
                             twirp_->handle(request, reply);
                           });
  net::StaticFiles page = find_page(SFU_PAGE_DIR, SFU_PAGE_INSTALL_DIR);
  has_page_ = page.has_index();
  front_page_ = std::make_unique<api::FrontPage>(authenticator_, wall_clock, std::move(page),
                                                 development_tokens(config_));
  front_page_->add_to(*http_);
  if (Result<void> opened = open_metrics(); !opened) return opened;
  open_admin();
  open_health();
  if (Result<void> opened = open_tls(); !opened) return opened;
  return listen();
}

// The workers have the port of ICE/TCP on every address of media.
Result<void> Daemon::listen() {
  if (!has_one_port()) return http_->listen(config_.bind_addresses, config_.port);
  std::vector<std::string> taken;
  for (const transport::SocketAddress& address : media_->workers().tcp_addresses())
    taken.push_back(address.host());
  const auto covered = [&](const std::string& host) {
    return net::covers(config_.bind_addresses, host);
  };
  if (std::ranges::none_of(taken, covered))
    return http_->listen(config_.bind_addresses, config_.port);
  const auto left = net::addresses_left(config_.bind_addresses, net::list_host_addresses(), taken);
  return left.empty() ? Result<void>{} : http_->listen(left, config_.port);
}

Result<void> Daemon::open_metrics() {
  const config::PrometheusConfig& prometheus = config_.prometheus;
  room_metrics_ = std::make_unique<metrics::RoomMetrics>(*rooms_, timers_);
  session_metrics_ = std::make_unique<metrics::SessionMetrics>(timers_, rooms_->tally());
  rooms_->add_listener(*room_metrics_);
  rooms_->add_listener(*session_metrics_);
  node_metrics_ = std::make_unique<metrics::NodeMetrics>(
      timers_, [this] { return media_->workers().traffic(); }, metrics::read_queue_statistics);
  webhook_metrics_ = std::make_unique<metrics::WebhookMetrics>(webhooks_->tally());
  twirp_->observe([this] { return timers_.now(); },
                  [this](const api::TwirpAnswer& answer) {
                    node_metrics_->on_api_answer(answer.service, answer.method, answer.status,
                                                 answer.error, answer.took);
                  });
  const metrics::Labels labels{{"node_id", rooms_->settings().node_id}, {"node_type", "SERVER"}};
  metrics_page_ = std::make_unique<api::MetricsPage>(
      prometheus.username, prometheus.password,
      [this, labels] {
        metrics::Family over_limit(metrics::Kind::Counter, "livekit_packet_over_limit_total",
                                   "RTP packets dropped because of limit.publish_bitrate.");
        over_limit.set({}, static_cast<double>(media_->workers().over_limit()));
        std::string text = room_metrics_->print(labels) + session_metrics_->print(labels) +
                           node_metrics_->print(labels) + webhook_metrics_->print(labels);
        over_limit.print(labels, text);
        return text + metrics::print_process_metrics();
      },
      [this] { return timers_.now(); });
  metrics_page_->add_to(*http_);
  if (prometheus.port == 0) return {};
  metrics_http_ = std::make_unique<net::HttpServer>(net::HttpLimits{});
  metrics_page_->add_everywhere_to(*metrics_http_);
  return metrics_http_->listen(config_.bind_addresses, prometheus.port);
}

void Daemon::open_gate() {
  const config::LimitConfig& limit = config_.limit;
  gate_ = std::make_unique<api::Gate>(
      api::GateSettings{.allowed_origins = limit.allowed_origins,
                        .trusted_proxies = limit.trusted_proxies,
                        .joins_per_minute = limit.joins_per_minute,
                        .api_requests_per_second = limit.api_requests_per_second},
      [this] { return timers_.now(); });
  http_->set_filter([this](const net::HttpRequest& request) { return gate_->refuse(request); });
}

void Daemon::open_admin() {
  // Text of one room, if it is there.
  const auto of_room = [this](auto print) {
    return [this, print](const RoomName& name) -> std::optional<std::string> {
      room::Room* room = rooms_->find(name);
      if (!room) return std::nullopt;
      return print(*room);
    };
  };
  api::AdminStatistics statistics;
  const auto server = [this]() -> metrics::ServerStatistics {
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(timers_.now() - started_);
    return {.version = SFU_VERSION, .uptime = uptime.count()};
  };
  statistics.rooms = [this, server] { return metrics::print_rooms(*rooms_, server()); };
  const auto figures = [&of_room, &server](metrics::Addresses addresses) {
    return of_room([server, addresses](room::Room& room) {
      return metrics::print_room(room, server(), addresses);
    });
  };
  statistics.room = figures(metrics::Addresses::Hidden);
  statistics.room_with_addresses = figures(metrics::Addresses::Shown);
  statistics.pipeline =
      of_room([](room::Room& room) { return metrics::print_graph(room.media().graph()); });
  statistics.dot = of_room([](room::Room& room) { return room.media().dot(); });
  admin_ = std::make_unique<api::AdminService>(
      authenticator_, find_page(SFU_ADMIN_DIR, SFU_ADMIN_INSTALL_DIR), std::move(statistics));
  admin_->add_to(*http_);
}

// People take 7881 for the port of LiveKit's API, and ask it for health and metrics.
void Daemon::open_health() {
  health_http_ = std::make_unique<net::HttpServer>(net::HttpLimits{.max_body_size = 1});
  front_page_->add_health_to(*health_http_);
  metrics_page_->add_to(*health_http_);
}

void Daemon::take_guest(int fd, sfu::Greeting greeting) {
  struct Guest {
    Daemon* daemon;  // which outlives the main loop
    int fd;
    sfu::Greeting greeting;
  };
  // At the priority of everything else: a busy loop would keep them waiting for ever.
  g_idle_add_full(
      G_PRIORITY_DEFAULT,
      [](gpointer data) -> gboolean {
        const std::unique_ptr<Guest> guest(static_cast<Guest*>(data));
        guest->daemon->serve_guest(guest->fd, guest->greeting);
        return G_SOURCE_REMOVE;
      },
      new Guest{this, fd, greeting}, nullptr);
}

// What would have come to the API's port if it were another comes to the API; who speaks HTTP
// otherwise may ask how we are.
void Daemon::serve_guest(int fd, sfu::Greeting greeting) {
  const auto spoken = certificate_ ? sfu::Greeting::Tls : sfu::Greeting::Http;
  if (has_one_port() && greeting == spoken && net::covers(config_.bind_addresses, local_host(fd))) {
    http_->serve(fd);
  } else if (greeting == sfu::Greeting::Http) {
    health_http_->serve_briefly(fd);
  } else {
    close(fd);
  }
}

Result<void> Daemon::open_tls() {
  if (config_.tls.cert_file.empty()) return {};
  const net::TlsFiles files{"tls", config_.tls.cert_file, config_.tls.key_file};
  auto certificate = net::load_tls_certificate(files, std::time(nullptr));
  if (!certificate) return Unexpected<Error>{certificate.error()};
  for (const std::string& warning : certificate->warnings) {
    LOG_WARNING(log_daemon, "%s", warning.c_str());
  }
  http_->use_certificate(std::move(certificate->certificate));
  certificate_ = std::make_unique<net::TlsFileWatch>(files, [this](net::TlsCertificate changed) {
    http_->use_certificate(std::move(changed.certificate));
  });
  return {};
}

Result<void> Daemon::open_turn() {
  if (!config_.turn.enabled) return {};
  const auto program = turn::find_turnserver();
  if (!program) {
    LOG_WARNING(log_daemon,
                "turn.enabled: there is no program turnserver, clients get no TURN server; install "
                "the Debian package coturn, and leave its own service off: systemctl disable --now "
                "coturn");
    return {};
  }
  if (auto watched = watch_turn_certificate(); !watched) return watched;
  turn_secret_ = random_hex();
  auto settings = turn_settings({});
  if (!settings) return Unexpected<Error>{settings.error()};
  turn_ = std::make_unique<turn::TurnKeeper>(*program, [this](const turn::TurnSettings* running) {
    own_turn_ = {};
    if (!running) return;
    own_turn_ = {.plain_urls = running->plain_urls,
                 .tls_urls = running->tls_urls,
                 .secret = running->secret,
                 .ttl = std::chrono::seconds(config_.turn.ttl_seconds)};
  });
  return turn_->start(*settings);
}

Result<turn::TurnSettings> Daemon::turn_settings(const net::ExternalAddresses& external) const {
  return turn::turn_settings(
      config_, sfu_addresses(media_->workers(), config_.rtc.node_ip, external), turn_secret_);
}

// Nothing waits for it: until it is known clients are told what they are without it.
void Daemon::find_external_addresses() {
  const config::RtcConfig& rtc = config_.rtc;
  if (!rtc.use_external_ip) return;
  external_addresses_ = std::make_unique<net::ExternalAddressFinder>(
      net::ExternalAddressFinder::Settings{
          .local = net::askable(media_->workers().local_hosts()),
          .servers = rtc.stun_servers.empty() ? net::kDefaultStunServers : rtc.stun_servers},
      [this](const net::ExternalAddresses& found) { use_external_addresses(found); },
      [](const std::string& why) {
        LOG_WARNING(log_daemon,
                    "rtc.use_external_ip: no STUN server says what this machine's address is (%s); "
                    "clients are told addresses of this network. Let UDP to the servers pass, name "
                    "others in rtc.stun_servers, or set rtc.node_ip. It is asked again",
                    why.c_str());
      });
}

void Daemon::use_external_addresses(const net::ExternalAddresses& found) {
  sfu::WorkerPool& workers = media_->workers();
  const auto told =
      net::choose_advertised(net::askable(workers.local_hosts()), found,
                             {.only = config_.rtc.external_ip_only,
                              .advertise_internal = config_.rtc.advertise_internal_ip});
  workers.advertise(told);
  rooms_->announce_candidates();
  // Beside the line of the start, which says something else.
  logging::say(config_.logging, GST_LEVEL_INFO,
               "livekit-sfu: rtc.use_external_ip: clients are told" + list_candidates());
  if (!turn_) return;
  // coturn reads at its start what it is known as.
  net::ExternalAddresses external;
  for (const auto& [local, addresses] : told) {
    if (!addresses.empty()) external[local] = addresses.front();
  }
  const auto settings = turn_settings(external);
  if (settings) return turn_->change(*settings);
  LOG_WARNING(log_daemon, "%s; the TURN server stays as it is", settings.error().message.c_str());
}

Result<void> Daemon::watch_turn_certificate() {
  const config::TurnConfig& turn = config_.turn;
  if (turn.tls_port == 0 || turn.external_tls) return {};
  const net::TlsFiles files{"turn", turn.cert_file, turn.key_file};
  const auto certificate = net::load_tls_certificate(files, std::time(nullptr));
  if (!certificate) return Unexpected<Error>{certificate.error()};
  for (const std::string& warning : certificate->warnings) {
    LOG_WARNING(log_daemon, "%s", warning.c_str());
  }
  turn_certificate_ =
      std::make_unique<net::TlsFileWatch>(files, [this](const net::TlsCertificate&) {
        if (turn_) turn_->reload_certificate();
      });
  return {};
}

Result<void> Daemon::open_webhooks() {
  std::unique_ptr<webhook::Outbox> outbox = std::make_unique<webhook::MemoryOutbox>();
  std::vector<webhook::Spool::Found> left;
  if (!config_.webhook.spool_dir.empty()) {
    auto spool = webhook::Spool::open(config_.webhook.spool_dir);
    if (!spool) return Unexpected<Error>{spool.error()};
    left = (*spool)->list();
    outbox = std::move(*spool);
  }
  webhooks_ = std::make_unique<webhook::Notifier>(
      webhook_settings(config_), timers_, fill_random,
      net::make_http_client(kUserAgent, kWebhookTimeLimit), std::move(outbox));
  webhooks_->restore(std::move(left));
  if (config_.webhook.urls.empty()) return {};
  room_events_ =
      std::make_unique<webhook::RoomEvents>(*webhooks_, config_.room.enable_full_room_in_webhooks);
  rooms_->add_listener(*room_events_);
  return {};
}

void Daemon::open_agents() {
  const config::AgentsConfig& agents = config_.agents;
  agents_ = std::make_unique<agent::Dispatcher>(
      agent::DispatcherSettings{.target_load = agents.target_load,
                                .enable_recording = agents.enable_user_data_recording,
                                .enable_redaction = agents.enable_user_data_redaction},
      *rooms_, timers_, fill_random, [this](const std::string& key, const livekit::Claims& claims) {
        return authenticator_.sign_as(key, claims);
      });
  rooms_->add_listener(*agents_);
  workers_ =
      std::make_unique<api::AgentService>(authenticator_, agents_->board(), timers_, fill_random,
                                          room::server_info(rooms_->settings()));
}

room::Settings Daemon::room_settings() const {
  room::Settings settings = gstlk::room_settings(config_);
  settings.media_bytes = [this] {
    const sfu::Traffic traffic = media_->workers().traffic();
    return traffic.bytes_received + traffic.bytes_sent;
  };
  settings.node_id = room::make_sid("ND_", fill_random);
  settings.sign_token = [this](const livekit::Claims& claims) {
    return authenticator_.sign(claims);
  };
  settings.ice_servers = [this](const ParticipantId& participant, bool tls_only) {
    return signal::ice_servers(own_turn_, config_.rtc, participant, wall_clock(), tls_only);
  };
  settings.ice_fallbacks = {
      .enabled = config_.rtc.allow_tcp_fallback,
      .tcp = config_.rtc.tcp_port != 0,
      // Relays reach us by UDP.
      .tls = !config_.rtc.force_tcp && signal::has_tls(own_turn_, config_.rtc)};
  return settings;
}

std::string Daemon::list_candidates() const {
  std::string text;
  for (const std::string& candidate : media_->workers().candidates()) {
    // candidate:<foundation> 1 <protocol> <priority> <address> <port> ...
    char protocol[8] = "";
    char address[64] = "";
    unsigned port = 0;
    if (sscanf(candidate.c_str(), "candidate:%*s 1 %7s %*u %63s %u", protocol, address, &port) ==
        3) {
      text += (text.empty() ? " " : ", ") + std::string(protocol) + " " + address + " " +
              std::to_string(port);
    }
  }
  return text;
}

std::string Daemon::describe() const {
  const std::string text =
      "listening on port " + std::to_string(has_one_port() ? config_.port : http_->port()) +
      (certificate_ ? " (HTTPS, WebSocket over TLS)," : " (HTTP, WebSocket),") + list_candidates() +
      "; " + std::to_string(media_->workers().worker_count()) + " workers";
  return has_page_ ? text : text + "; without the web page, which needs npm to be built";
}

void Daemon::start_draining() {
  rtc_->start_draining();
  workers_->start_draining();
  front_page_->start_draining();
}

void Daemon::shut_down() {
  rooms_->shut_down();
  agents_->board().close_workers();
  http_->stop_listening();
  if (metrics_http_) metrics_http_->stop_listening();
}

}  // namespace gstlk
