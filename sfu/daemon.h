// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "agent/dispatcher.h"
#include "api/admin_service.h"
#include "api/agent_service.h"
#include "api/authentication.h"
#include "api/front_page.h"
#include "api/gate.h"
#include "api/metrics_page.h"
#include "api/rtc_service.h"
#include "api/twirp.h"
#include "base/result.h"
#include "config/config.h"
#include "graph/media_graph.h"
#include "metrics/node_metrics.h"
#include "metrics/room_metrics.h"
#include "metrics/session_metrics.h"
#include "metrics/webhook_metrics.h"
#include "net/external_addresses.h"
#include "net/http_server.h"
#include "net/tls_certificate.h"
#include "room/glib_timers.h"
#include "room/room_registry.h"
#include "signal/ice_servers.h"
#include "turn/turn_keeper.h"
#include "webhook/notifier.h"
#include "webhook/room_events.h"

namespace gstlk {

// Everything that serves, wired together: configuration -> media graph -> rooms -> HTTP. Runs in
// the default main context. Main thread only.
class Daemon {
 public:
  // Opens the ports; the error names one and the remedy.
  static Result<std::unique_ptr<Daemon>> create(const config::Config& config);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // One line for the log: what is listened on.
  std::string describe() const;
  // New participants come only into rooms where somebody is; those who are there stay.
  void start_draining();
  // Nobody is there who would have to be waited for.
  bool drained() const { return !rooms_->has_participants(); }
  // Everybody is told to leave.
  void shut_down();
  // No webhook waits any more that could be delivered at once.
  bool flushed() const { return !webhooks_->is_busy(); }

 private:
  explicit Daemon(const config::Config& config);
  Result<void> open();
  Result<void> open_webhooks();
  void open_agents();
  Result<void> open_tls();
  Result<void> open_metrics();
  void open_admin();
  void open_gate();
  void open_health();
  // One port serves signalling, the API and ICE/TCP.
  bool has_one_port() const { return config_.port != 0 && config_.port == config_.rtc.tcp_port; }
  Result<void> listen();
  void take_guest(int fd, sfu::Greeting greeting);  // from any thread
  void serve_guest(int fd, sfu::Greeting greeting);
  // Before rooms: their participants are told of it.
  Result<void> open_turn();
  Result<turn::TurnSettings> turn_settings(const net::ExternalAddresses& external) const;
  Result<void> watch_turn_certificate();
  void find_external_addresses();
  void use_external_addresses(const net::ExternalAddresses& found);
  std::string list_candidates() const;
  room::Settings room_settings() const;

  const config::Config config_;
  bool has_page_ = false;
  signal::OwnTurn own_turn_;
  room::GlibTimers timers_;
  const Timestamp started_ = timers_.now();
  api::Authenticator authenticator_;
  std::unique_ptr<graph::MediaGraph> media_;
  std::unique_ptr<webhook::Notifier> webhooks_;
  std::unique_ptr<webhook::RoomEvents> room_events_;
  std::unique_ptr<metrics::RoomMetrics> room_metrics_;
  std::unique_ptr<metrics::SessionMetrics> session_metrics_;
  std::unique_ptr<metrics::NodeMetrics> node_metrics_;
  std::unique_ptr<metrics::WebhookMetrics> webhook_metrics_;
  std::unique_ptr<room::RoomRegistry> rooms_;
  std::unique_ptr<agent::Dispatcher> agents_;
  std::unique_ptr<api::MetricsPage> metrics_page_;
  std::unique_ptr<api::TwirpServer> twirp_;
  std::unique_ptr<api::AgentService> workers_;
  std::unique_ptr<api::RtcService> rtc_;
  std::unique_ptr<api::FrontPage> front_page_;
  std::unique_ptr<api::AdminService> admin_;
  std::unique_ptr<api::Gate> gate_;
  std::unique_ptr<net::HttpServer> http_;           // goes before all that it answers for
  std::unique_ptr<net::HttpServer> metrics_http_;   // prometheus.port
  std::unique_ptr<net::HttpServer> health_http_;    // who asks rtc.tcp_port
  std::unique_ptr<net::TlsFileWatch> certificate_;  // its certificate
  std::string turn_secret_;                         // who has credentials can go on using them
  std::unique_ptr<turn::TurnKeeper> turn_;
  std::unique_ptr<net::TlsFileWatch> turn_certificate_;
  std::unique_ptr<net::ExternalAddressFinder> external_addresses_;
};

}  // namespace gstlk
