// SPDX-License-Identifier: LGPL-2.1-or-later
#include "watcher.h"

#include <chrono>

#include "daemon_process.h"
#include "livekit/access_token.h"

namespace gstlk::bench {
namespace {

std::string make_token(const std::string& room) {
  livekit::Claims claims;
  claims.issuer = DaemonProcess::kApiKey;
  claims.expires_at =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()) +
      std::chrono::hours(1);
  claims.grants.identity = "watcher";
  livekit::VideoGrant& video = claims.grants.video.emplace();
  video.room_list = true;
  video.room_admin = true;
  video.room = room;
  return livekit::sign_token(claims, DaemonProcess::kApiSecret);
}

}  // namespace

Watcher::Watcher(uint16_t http_port, const std::string& room)
    : session_(Ref<SoupSession>::adopt(soup_session_new())),
      cancellable_(Ref<GCancellable>::adopt(g_cancellable_new())),
      token_(make_token(room)),
      timer_(g_timeout_add_seconds(1, on_second, this)) {
  const std::string base = "http://127.0.0.1:" + std::to_string(http_port);
  urls_ = {base + "/metrics", base + "/admin/rooms", base + "/admin/rooms/" + room};
}

Watcher::~Watcher() {
  g_source_remove(timer_);
  g_cancellable_cancel(cancellable_.get());
}

gboolean Watcher::on_second(gpointer data) {
  auto* self = static_cast<Watcher*>(data);
  if (!self->watching_) return G_SOURCE_CONTINUE;
  for (const std::string& url : self->urls_) {
    const auto message = Ref<SoupMessage>::adopt(soup_message_new("GET", url.c_str()));
    soup_message_headers_append(soup_message_get_request_headers(message.get()), "Authorization",
                                ("Bearer " + self->token_).c_str());
    soup_session_send_and_read_async(self->session_.get(), message.get(), G_PRIORITY_DEFAULT,
                                     self->cancellable_.get(), on_answer, self);
  }
  return G_SOURCE_CONTINUE;
}

void Watcher::on_answer(GObject* session, GAsyncResult* result, gpointer data) {
  GError* error = nullptr;
  const auto body =
      Ref<GBytes>::adopt(soup_session_send_and_read_finish(SOUP_SESSION(session), result, &error));
  const bool cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error(&error);
  if (cancelled) return;  // it may be gone
  auto* self = static_cast<Watcher*>(data);
  SoupMessage* message = soup_session_get_async_result_message(SOUP_SESSION(session), result);
  if (!body || soup_message_get_status(message) != SOUP_STATUS_OK) {
    ++self->refusals_;
    return;
  }
  ++self->answers_;
  self->bytes_ += g_bytes_get_size(body.get());
}

}  // namespace gstlk::bench
