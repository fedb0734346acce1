// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_client.h"

#include <gtest/gtest.h>
#include <libsoup/soup.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/ref.h"
#include "run_until.h"

namespace gstlk::net {
namespace {

// Signed by nobody but itself.
std::string make_certificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  const std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pem;
}

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() : server_(Ref<SoupServer>::adopt(soup_server_new(nullptr, nullptr))) {
    soup_server_add_handler(server_.get(), nullptr, on_request, this, nullptr);
    EXPECT_TRUE(soup_server_listen_local(server_.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, nullptr));
    GSList* uris = soup_server_get_uris(server_.get());
    port_ = g_uri_get_port(static_cast<GUri*>(uris->data));
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
  }
  ~HttpClientTest() override {
    client_.reset();
    soup_server_disconnect(server_.get());
    // What was given up ends in the loop.
    while (g_main_context_iteration(nullptr, FALSE)) {
    }
  }

  static void on_request(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
                         gpointer self) {
    auto* test = static_cast<HttpClientTest*>(self);
    test->requests_++;
    SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
    test->authorization_ = soup_message_headers_get_one(headers, "Authorization");
    test->content_type_ = soup_message_headers_get_one(headers, "Content-Type");
    test->user_agent_ = soup_message_headers_get_one(headers, "User-Agent");
    SoupMessageBody* body = soup_server_message_get_request_body(message);
    test->body_.assign(body->data, static_cast<size_t>(body->length));
    if (std::string_view(path) == "/silent") {
      soup_server_message_pause(message);
      return;
    }
    SoupMessageHeaders* answer = soup_server_message_get_response_headers(message);
    if (std::string_view(path) == "/busy") soup_message_headers_append(answer, "Retry-After", "7");
    if (std::string_view(path) == "/moved") soup_message_headers_append(answer, "Location", "/");
    const unsigned status = std::string_view(path) == "/busy"    ? 429
                            : std::string_view(path) == "/moved" ? 302
                                                                 : 204;
    soup_server_message_set_status(message, status, nullptr);
  }

  void post(const std::string& path) {
    post_to("http://127.0.0.1:" + std::to_string(port_) + path);
  }
  void post_to(const std::string& url) {
    outcome_.reset();
    client_->post({.url = url,
                   .content_type = "application/webhook+json",
                   .headers = {{"Authorization", "token"}},
                   .body = "{}"},
                  [this](const HttpOutcome& outcome) { outcome_ = outcome; });
    EXPECT_FALSE(outcome_);
  }

  Ref<SoupServer> server_;
  int port_ = 0;
  std::unique_ptr<HttpClient> client_ = make_http_client("LiveKit", 200ms);
  int requests_ = 0;
  std::string authorization_, content_type_, user_agent_, body_;
  std::optional<HttpOutcome> outcome_;
};

TEST_F(HttpClientTest, APostArrivesAsItIs) {
  post("/");
  ASSERT_TRUE(run_until([this] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->status, 204u);
  EXPECT_EQ(authorization_, "token");
  EXPECT_EQ(content_type_, "application/webhook+json");
  EXPECT_EQ(user_agent_, "LiveKit");
  EXPECT_EQ(body_, "{}");
}

TEST_F(HttpClientTest, ItSaysWhenToComeAgain) {
  post("/busy");
  ASSERT_TRUE(run_until([this] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->status, 429u);
  EXPECT_EQ(outcome_->retry_after, Duration(7s));
}

TEST_F(HttpClientTest, RedirectsAreAnswers) {
  post("/moved");
  ASSERT_TRUE(run_until([this] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->status, 302u);
  EXPECT_EQ(requests_, 1);
}

TEST_F(HttpClientTest, SilenceEndsWithTheTimeLimit) {
  post("/silent");
  ASSERT_TRUE(run_until([this] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->status, 0u);
  EXPECT_EQ(outcome_->error, "no answer in time");
}

TEST_F(HttpClientTest, WhoDoesNotListenIsAnError) {
  soup_server_disconnect(server_.get());
  post("/");
  ASSERT_TRUE(run_until([this] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->status, 0u);
  EXPECT_FALSE(outcome_->error.empty());
}

TEST_F(HttpClientTest, AServerWithoutATrustedCertificateGetsNothing) {
  const auto server = Ref<SoupServer>::adopt(soup_server_new(nullptr, nullptr));
  const auto certificate = Ref<GTlsCertificate>::adopt(
      g_tls_certificate_new_from_pem(make_certificate().c_str(), -1, nullptr));
  ASSERT_TRUE(certificate);
  soup_server_set_tls_certificate(server.get(), certificate.get());
  soup_server_add_handler(server.get(), nullptr, on_request, this, nullptr);
  ASSERT_TRUE(soup_server_listen_local(
      server.get(), 0,
      static_cast<SoupServerListenOptions>(SOUP_SERVER_LISTEN_HTTPS | SOUP_SERVER_LISTEN_IPV4_ONLY),
      nullptr));
  GSList* uris = soup_server_get_uris(server.get());
  const int port = g_uri_get_port(static_cast<GUri*>(uris->data));
  g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
  client_ = make_http_client("LiveKit", 3s);
  post_to("https://127.0.0.1:" + std::to_string(port) + "/");
  ASSERT_TRUE(run_until([this] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->status, 0u);
  EXPECT_NE(outcome_->error.find("certificate"), std::string::npos) << outcome_->error;
  EXPECT_EQ(requests_, 0);
  soup_server_disconnect(server.get());
}

TEST_F(HttpClientTest, WhatIsNoUrlIsAnErrorToo) {
  for (const char* url : {"", "nonsense", "http://", "file:///etc/passwd"}) {
    post_to(url);
    ASSERT_TRUE(run_until([this] { return outcome_.has_value(); })) << url;
    EXPECT_EQ(outcome_->status, 0u) << url;
  }
}

TEST_F(HttpClientTest, ClientsThatAreGoneAreNotTold) {
  post("/silent");
  ASSERT_TRUE(run_until([this] { return requests_ == 1; }));
  client_.reset();
  while (g_main_context_iteration(nullptr, FALSE)) {
  }
  EXPECT_FALSE(outcome_);
}

}  // namespace
}  // namespace gstlk::net
