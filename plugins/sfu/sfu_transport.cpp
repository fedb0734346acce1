// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/sfu_transport.h"

#include <algorithm>
#include <cstdio>

#include "plugins/sfu/gstsfutransportsignals.h"
#include "plugins/sfu/gstsfutransportsinkpad.h"
#include "plugins/sfu/gstsfutransportsrcpad.h"
#include "plugins/sfu/transport_port.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

namespace gstlk::sfu {

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
    config = settings_.pool;
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
  {
    MutexLock lock(mutex_);
    listener_ = std::make_shared<ElementListener>(element_);
    session_ = PeerSession::create(*pool_, listener_);
    session_->set_limits(settings_.limits);
    apply_remote();
  }
  set_media(media());  // with new pads, which stop() took away
  return true;
}

void SfuTransport::stop() {
  std::shared_ptr<PeerSession> session;
  std::vector<PeerSession::EncodingPad> sources;
  {
    MutexLock lock(mutex_);
    session = std::move(session_);
    sources.swap(sources_);
  }
  if (session) session->close();
  for (const PeerSession::EncodingPad& source : sources) {
    gst_pad_set_active(source.pad.get(), FALSE);
    gst_element_remove_pad(element_, source.pad.get());
  }
  std::vector<std::shared_ptr<TransportPort>> ports;  // let go of without the lock
  GST_OBJECT_LOCK(element_);
  for (GList* item = element_->sinkpads; item; item = item->next)
    ports.push_back(gst_sfu_transport_sink_pad_take_port(GST_SFU_TRANSPORT_SINK_PAD(item->data)));
  GST_OBJECT_UNLOCK(element_);
}

void SfuTransport::set_context(GstContext* context) {
  auto pool = WorkerPool::from_context(context);
  if (!pool) return;
  MutexLock lock(mutex_);
  if (!session_) pool_ = std::move(pool);
}

std::shared_ptr<PeerSession> SfuTransport::session() const {
  MutexLock lock(mutex_);
  return session_;
}

PeerState SfuTransport::state() const {
  MutexLock lock(mutex_);
  return listener_ ? listener_->state() : PeerState::New;
}

std::vector<std::string> SfuTransport::candidates() const {
  MutexLock lock(mutex_);
  return pool_ ? pool_->candidates() : std::vector<std::string>();
}

SfuTransport::Settings SfuTransport::settings() const {
  MutexLock lock(mutex_);
  return settings_;
}

void SfuTransport::apply_remote() {
  const Remote& remote = settings_.remote;
  if (!remote.ice.ufrag.empty() && !remote.ice.pwd.empty()) session_->set_remote_ice(remote.ice);
  if (!remote.fingerprint.empty()) session_->set_remote_fingerprint(remote.fingerprint);
  session_->set_dtls_role(remote.dtls_client ? transport::DtlsRole::Client
                                             : transport::DtlsRole::Server);
}

// --- media ---

void SfuTransport::set_media(std::vector<MediaSection> media) {
  // Pads come before the session may push on them, and go after it does not any more.
  std::vector<PeerSession::EncodingPad> kept;
  std::vector<PeerSession::EncodingPad> added;
  std::vector<PeerSession::EncodingPad> removed;
  {
    MutexLock lock(mutex_);
    removed = sources_;
    for (const MediaSection& section : media) {
      if (!section.receive || section.application) continue;
      std::vector<Rid> rids = section.rids;
      if (rids.empty()) rids.emplace_back();
      for (const Rid& rid : rids) {
        const auto old = std::ranges::find_if(removed, [&](const auto& source) {
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
  for (const auto& source : added) gst_element_add_pad(element_, source.pad.get());
  {
    MutexLock lock(mutex_);
    if (session_) apply_media();
  }
  for (const auto& source : removed) {
    gst_pad_set_active(source.pad.get(), FALSE);
    gst_element_remove_pad(element_, source.pad.get());
  }
}

std::vector<MediaSection> SfuTransport::media() const {
  MutexLock lock(mutex_);
  return media_;
}

void SfuTransport::apply_media() { session_->set_media(media_, sources_); }

Ref<GstPad> SfuTransport::make_source_pad(const Mid& mid, const Rid& rid) {
  const std::string name = "src_" + std::to_string(next_source_++);
  GstPad* pad = gst_sfu_transport_src_pad_new(source_template_, name.c_str(), mid.value.c_str(),
                                              rid.value.c_str());
  gst_pad_set_active(pad, TRUE);
  gst_pad_use_fixed_caps(pad);
  gchar* stream_id =
      g_strdup_printf("%s/%s/%s", session_ ? session_->local_ice().ufrag.c_str() : "",
                      mid.value.c_str(), rid.value.c_str());
  gst_pad_push_event(pad, gst_event_new_stream_start(stream_id));
  g_free(stream_id);
  return Ref<GstPad>::share(pad);
}

// --- sink pads ---

GstPad* SfuTransport::request_sink_pad(GstPadTemplate* pad_template, const gchar* name) {
  std::string pad_name;
  {
    MutexLock lock(mutex_);
    pad_name = name ? name : "sink_" + std::to_string(next_sink_);
    unsigned index = 0;
    if (sscanf(pad_name.c_str(), "sink_%u", &index) == 1)
      next_sink_ = std::max(next_sink_, index + 1);
  }
  GstPad* pad = gst_sfu_transport_sink_pad_new(pad_template, pad_name.c_str());
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element_, pad);
  return pad;
}

void SfuTransport::release_sink_pad(GstPad* pad) {
  gst_pad_set_active(pad, FALSE);
  std::shared_ptr<TransportPort> port =
      gst_sfu_transport_sink_pad_take_port(GST_SFU_TRANSPORT_SINK_PAD(pad));
  const auto current = session();
  if (current && port) current->remove_port(std::move(port));
  gst_element_remove_pad(element_, pad);
}

}  // namespace gstlk::sfu
