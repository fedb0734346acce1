// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/external_addresses.h"

#include <algorithm>
#include <set>
#include <utility>

namespace gstlk::net {

const std::vector<std::string> kDefaultStunServers = {
    "global.stun.twilio.com:3478", "stun.l.google.com:19302", "stun1.l.google.com:19302"};

std::map<std::string, std::vector<std::string>> choose_advertised(
    std::span<const std::string> local, const ExternalAddresses& found,
    const ExternalPolicy& policy) {
  std::map<std::string, std::vector<std::string>> told;
  if (found.empty()) return told;
  std::set<std::string> taken;
  for (const std::string& address : local) {
    const auto external = found.find(address);
    if (external != found.end() && taken.insert(external->second).second) {
      told[address] = {external->second};
      if (policy.advertise_internal && external->second != address)
        told[address].push_back(address);
    } else if (policy.only) {
      told[address] = {};
    } else {
      told[address] = {address};
    }
  }
  return told;
}

std::vector<std::string> askable(std::span<const std::string> hosts) {
  std::vector<std::string> out;
  std::ranges::copy_if(hosts, std::back_inserter(out), [](const std::string& host) {
    return host.find(':') == std::string::npos && !host.starts_with("127.");
  });
  return out;
}

ExternalAddressFinder::ExternalAddressFinder(Settings settings, Found found, Failed failed)
    : settings_(std::move(settings)),
      found_(std::move(found)),
      failed_(std::move(failed)),
      retry_(settings_.first_retry) {
  if (!settings_.local.empty()) ask();
}

ExternalAddressFinder::~ExternalAddressFinder() {
  if (timer_ != 0) g_source_remove(timer_);
}

void ExternalAddressFinder::after(Duration duration, void (ExternalAddressFinder::*next)()) {
  if (timer_ != 0) g_source_remove(timer_);
  next_ = next;
  timer_ = g_timeout_add(
      static_cast<guint>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()),
      [](gpointer data) -> gboolean {
        auto& self = *static_cast<ExternalAddressFinder*>(data);
        self.timer_ = 0;
        (self.*self.next_)();
        return G_SOURCE_REMOVE;
      },
      this);
}

void ExternalAddressFinder::ask() {
  round_.clear();
  queries_.clear();
  waiting_ = settings_.local.size();
  for (const std::string& local : settings_.local) {
    queries_.push_back(std::make_unique<StunQuery>(
        local, settings_.servers, settings_.limit,
        [this, local](const Result<std::string>& answer) { on_answer(local, answer); }));
  }
}

void ExternalAddressFinder::on_answer(const std::string& local, const Result<std::string>& answer) {
  --waiting_;
  if (!answer) {
    why_ = answer.error().message;
  } else {
    // Others may have no way to the internet: a bridge of containers.
    if (round_.empty()) after(settings_.grace, &ExternalAddressFinder::end_round);
    round_[local] = *answer;
  }
  // Not from here: this is a call of the query that would be destroyed.
  if (waiting_ == 0) after(0s, &ExternalAddressFinder::end_round);
}

void ExternalAddressFinder::end_round() {
  queries_.clear();
  if (round_.empty()) {
    // What was known may still be right.
    after(retry_, &ExternalAddressFinder::ask);
    retry_ = std::min(2 * retry_, settings_.refresh);
    if (!std::exchange(failing_, true)) failed_(why_);
    return;
  }
  after(settings_.refresh, &ExternalAddressFinder::ask);
  retry_ = settings_.first_retry;
  failing_ = false;
  // An address whose answer was lost this time has not lost its external one.
  ExternalAddresses now = known_;
  for (const auto& [local, external] : round_) now[local] = external;
  if (now == known_) return;
  known_ = now;
  found_(known_);
}

}  // namespace gstlk::net
