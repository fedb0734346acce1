// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_client.h"

#include <libsoup/soup.h>

#include <chrono>
#include <cstdlib>
#include <set>
#include <utility>

#include "base/ref.h"

namespace gstlk::net {
namespace {

// Who sends bounds what is on its way; libsoup's own limits (10 and 2) would make one slow host
// hold up the others.
constexpr int kMaxConnections = 256;
constexpr int kMaxConnectionsToAHost = 64;
// Of an answer's body, so that its connection can be used again. One that says more is closed.
constexpr gsize kReadOfBody = 64 * 1024;

class SoupClient;

// One POST, from its sending until its answer was read. Deletes itself.
class Request {
 public:
  Request(SoupClient& client, SoupSession* session, const HttpPost& post, HttpClient::Done done,
          Duration time_limit);
  ~Request() {
    if (limit_ != 0) g_source_remove(limit_);
  }
  // The client is gone: nobody is told.
  void abandon() {
    client_ = nullptr;
    g_cancellable_cancel(cancellable_.get());
  }

 private:
  static gboolean on_limit(gpointer self);
  static gboolean on_bad_url(gpointer self);
  static void on_answer(GObject* session, GAsyncResult* result, gpointer self);
  static void on_body(GObject* stream, GAsyncResult* result, gpointer self);
  void finish();

  SoupClient* client_;
  HttpClient::Done done_;
  Ref<SoupMessage> message_;
  Ref<GCancellable> cancellable_ = Ref<GCancellable>::adopt(g_cancellable_new());
  Ref<GInputStream> body_;
  HttpOutcome outcome_;
  bool timed_out_ = false;
  gsize read_ = 0;
  guint limit_ = 0;
};

class SoupClient : public HttpClient {
 public:
  SoupClient(const std::string& user_agent, Duration time_limit)
      : session_(Ref<SoupSession>::adopt(soup_session_new_with_options(
            "user-agent", user_agent.c_str(), "max-conns", kMaxConnections, "max-conns-per-host",
            kMaxConnectionsToAHost, nullptr))),
        time_limit_(time_limit) {}
  ~SoupClient() override {
    for (Request* request : requests_) request->abandon();
    soup_session_abort(session_.get());
  }

  void post(const HttpPost& request, Done done) override {
    requests_.insert(new Request(*this, session_.get(), request, std::move(done), time_limit_));
  }
  void forget(Request& request) { requests_.erase(&request); }

 private:
  const Ref<SoupSession> session_;
  const Duration time_limit_;
  std::set<Request*> requests_;
};

bool is_http_url(const std::string& text) {
  GUri* uri = g_uri_parse(text.c_str(), static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS), nullptr);
  if (!uri) return false;
  const std::string scheme = g_uri_get_scheme(uri);
  const char* host = g_uri_get_host(uri);
  const bool valid = (scheme == "http" || scheme == "https") && host && *host != '\0';
  g_uri_unref(uri);
  return valid;
}

std::optional<Duration> read_retry_after(SoupMessage* message) {
  const char* text =
      soup_message_headers_get_one(soup_message_get_response_headers(message), "Retry-After");
  if (!text) return std::nullopt;
  char* end = nullptr;
  const unsigned long seconds = std::strtoul(text, &end, 10);
  // The other form, a date, needs both clocks to be right.
  if (end == text || *end != '\0' || seconds > 86400) return std::nullopt;
  return std::chrono::seconds(seconds);
}

Request::Request(SoupClient& client, SoupSession* session, const HttpPost& post,
                 HttpClient::Done done, Duration time_limit)
    : client_(&client),
      done_(std::move(done)),
      message_(Ref<SoupMessage>::adopt(
          is_http_url(post.url) ? soup_message_new("POST", post.url.c_str()) : nullptr)) {
  if (!message_) {
    outcome_.error = "not an http or https URL";
    limit_ = g_idle_add(on_bad_url, this);
    return;
  }
  soup_message_add_flags(message_.get(), SOUP_MESSAGE_NO_REDIRECT);
  // A kept connection that the receiver has just closed costs no failure.
  soup_message_add_flags(message_.get(), SOUP_MESSAGE_IDEMPOTENT);
  SoupMessageHeaders* headers = soup_message_get_request_headers(message_.get());
  for (const auto& [name, value] : post.headers)
    soup_message_headers_replace(headers, name.c_str(), value.c_str());
  const auto body = Ref<GBytes>::adopt(g_bytes_new(post.body.data(), post.body.size()));
  soup_message_set_request_body_from_bytes(message_.get(), post.content_type.c_str(), body.get());
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time_limit).count();
  limit_ = g_timeout_add(static_cast<guint>(milliseconds), on_limit, this);
  soup_session_send_async(session, message_.get(), G_PRIORITY_DEFAULT, cancellable_.get(),
                          on_answer, this);
}

gboolean Request::on_limit(gpointer self) {
  auto* request = static_cast<Request*>(self);
  request->limit_ = 0;
  request->timed_out_ = true;
  g_cancellable_cancel(request->cancellable_.get());
  return G_SOURCE_REMOVE;
}

gboolean Request::on_bad_url(gpointer self) {
  auto* request = static_cast<Request*>(self);
  request->limit_ = 0;
  request->finish();
  return G_SOURCE_REMOVE;
}

void Request::on_answer(GObject* session, GAsyncResult* result, gpointer self) {
  auto* request = static_cast<Request*>(self);
  GError* error = nullptr;
  request->body_ =
      Ref<GInputStream>::adopt(soup_session_send_finish(SOUP_SESSION(session), result, &error));
  if (!request->body_) {
    request->outcome_.error = request->timed_out_ ? "no answer in time" : error->message;
    g_error_free(error);
    request->finish();
    return;
  }
  request->outcome_.status = soup_message_get_status(request->message_.get());
  request->outcome_.retry_after = read_retry_after(request->message_.get());
  g_input_stream_skip_async(request->body_.get(), kReadOfBody, G_PRIORITY_DEFAULT,
                            request->cancellable_.get(), on_body, self);
}

void Request::on_body(GObject* stream, GAsyncResult* result, gpointer self) {
  auto* request = static_cast<Request*>(self);
  // Whether it came or not: the status was there before.
  const gssize skipped = g_input_stream_skip_finish(G_INPUT_STREAM(stream), result, nullptr);
  if (skipped > 0) request->read_ += static_cast<gsize>(skipped);
  if (skipped > 0 && request->read_ < kReadOfBody) {
    // Until the end, which is what gives the connection back.
    g_input_stream_skip_async(request->body_.get(), kReadOfBody, G_PRIORITY_DEFAULT,
                              request->cancellable_.get(), on_body, self);
    return;
  }
  request->finish();
}

void Request::finish() {
  if (client_) {
    client_->forget(*this);
    // Which may be the end of the client.
    done_(outcome_);
  }
  delete this;
}

}  // namespace

std::unique_ptr<HttpClient> make_http_client(const std::string& user_agent, Duration time_limit) {
  return std::make_unique<SoupClient>(user_agent, time_limit);
}

}  // namespace gstlk::net
