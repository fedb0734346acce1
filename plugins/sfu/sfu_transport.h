// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/worker_pool.h"

namespace gstlk::sfu {

class ElementListener;

// What an sfu-transport is behind its properties and pads: it finds the workers, has a PeerSession
// from READY on, and keeps both, and the source pads, as the application describes them.
//
// Thread-safe. Order of locks: mutex_, then the session's binding lock. No pad is pushed on here.
class SfuTransport {
 public:
  // What the application may set at any time, to hold from then on or from READY on.
  struct Remote {
    transport::IceCredentials ice;
    std::string fingerprint;
    bool dtls_client = false;  // this side
    bool operator==(const Remote&) const = default;
  };
  struct Settings {
    Remote remote;
    PeerSession::ReceiveLimits limits;
    WorkerPoolConfig pool;  // of use only while no pool has been found
  };

  SfuTransport(GstElement* element, GstPadTemplate* source_template)
      : element_(element), source_template_(source_template) {}

  // NULL to READY, and back. False: an error has been posted.
  [[nodiscard]] bool start() EXCLUDES(mutex_);
  void stop() EXCLUDES(mutex_);
  void set_context(GstContext* context) EXCLUDES(mutex_);

  // Null below READY.
  std::shared_ptr<PeerSession> session() const EXCLUDES(mutex_);
  PeerState state() const EXCLUDES(mutex_);
  std::vector<std::string> candidates() const EXCLUDES(mutex_);

  Settings settings() const EXCLUDES(mutex_);
  template <class Change>
  void change_settings(Change&& change) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const Remote remote = settings_.remote;
    const PeerSession::ReceiveLimits limits = settings_.limits;
    change(settings_);
    if (!session_) return;
    if (settings_.remote != remote) apply_remote();
    if (settings_.limits != limits) session_->set_limits(settings_.limits);
  }

  // The whole negotiated description: adds and removes source pads.
  void set_media(std::vector<MediaSection> media) EXCLUDES(mutex_);
  std::vector<MediaSection> media() const EXCLUDES(mutex_);

  GstPad* request_sink_pad(GstPadTemplate* pad_template, const gchar* name) EXCLUDES(mutex_);
  void release_sink_pad(GstPad* pad) EXCLUDES(mutex_);

 private:
  bool find_pool() EXCLUDES(mutex_);
  void apply_remote() REQUIRES(mutex_);
  void apply_media() REQUIRES(mutex_);
  Ref<GstPad> make_source_pad(const Mid& mid, const Rid& rid) REQUIRES(mutex_);

  GstElement* const element_;              // owns this
  GstPadTemplate* const source_template_;  // the element class's
  mutable Mutex mutex_;
  Settings settings_ GUARDED_BY(mutex_);
  std::shared_ptr<WorkerPool> pool_ GUARDED_BY(mutex_);
  std::shared_ptr<PeerSession> session_ GUARDED_BY(mutex_);
  std::shared_ptr<ElementListener> listener_ GUARDED_BY(mutex_);  // the last session's
  std::vector<MediaSection> media_ GUARDED_BY(mutex_);
  std::vector<PeerSession::EncodingPad> sources_ GUARDED_BY(mutex_);
  unsigned next_source_ GUARDED_BY(mutex_) = 0;
  unsigned next_sink_ GUARDED_BY(mutex_) = 0;
};

}  // namespace gstlk::sfu
