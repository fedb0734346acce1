// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libsoup/soup.h>

#include <string>
#include <vector>

#include "base/ref.h"

namespace gstlk::bench {

// Asks a daemon for its metrics and for the statistics of all rooms and of one every second, as
// Prometheus and the admin page do. On the thread of the GLib main context.
class Watcher {
 public:
  Watcher(uint16_t http_port, const std::string& room);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void set_watching(bool watching) { watching_ = watching; }
  size_t answers() const { return answers_; }  // with status 200
  size_t refusals() const { return refusals_; }
  size_t bytes() const { return bytes_; }

 private:
  static gboolean on_second(gpointer self);
  static void on_answer(GObject* session, GAsyncResult* result, gpointer self);

  Ref<SoupSession> session_;
  Ref<GCancellable> cancellable_;
  const std::string token_;
  std::vector<std::string> urls_;
  guint timer_;
  bool watching_ = false;
  size_t answers_ = 0;
  size_t refusals_ = 0;
  size_t bytes_ = 0;
};

}  // namespace gstlk::bench
