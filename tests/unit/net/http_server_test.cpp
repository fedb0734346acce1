// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_server.h"

#include <gtest/gtest.h>

#include "http_server_fixture.h"

namespace gstlk::net {
namespace {

TEST_F(HttpServerTest, AnswersByPath) {
  EXPECT_EQ(request("GET", "/").body, "OK");
  EXPECT_EQ(request("POST", "/echo?q=a%20b", "hello").body, "POST hello a b");
  EXPECT_EQ(request("GET", "/any/thing").body, "/any/thing");
  EXPECT_EQ(request("GET", "/nothing").status, 404u);
}

TEST_F(HttpServerTest, AStarAloneIsEveryPath) {
  HttpServer other(HttpLimits{});
  other.add_handler("*", [](const HttpRequest& r) { return plain_text(200, r.path); });
  ASSERT_TRUE(other.listen({"127.0.0.1"}, 0));
  port_ = other.port();
  EXPECT_EQ(request("GET", "/").body, "/");
  EXPECT_EQ(request("GET", "/some/thing").body, "/some/thing");
}

TEST_F(HttpServerTest, AnAnswerMayComeLater) {
  g_idle_add(
      [](gpointer data) -> gboolean {
        auto& waiting = *static_cast<std::vector<HttpReply>*>(data);
        if (waiting.empty()) return G_SOURCE_CONTINUE;
        waiting.front()(plain_text(200, "at last"));
        waiting.front()(plain_text(500, "twice"));
        waiting.clear();
        return G_SOURCE_REMOVE;
      },
      &waiting_);
  const Reply reply = request("GET", "/later");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "at last");
}

TEST_F(HttpServerTest, WhatNobodyAnswersIsUnavailable) {
  EXPECT_EQ(request("GET", "/later?drop=1").status, 503u);
}

TEST_F(HttpServerTest, ADoubleSlashInFrontIsOne) {
  EXPECT_EQ(request("GET", "//echo").body, "GET  ");
}

TEST_F(HttpServerTest, HeadHasNoBodyAndIsReadableFromAnyPage) {
  const Reply reply = request("HEAD", "/", "", "https://example.org");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(reply.allow_origin, "https://example.org");
}

TEST_F(HttpServerTest, ARequestLineOf60KilobytesIsRead) {
  const std::string value(60'000, 'x');
  const Reply reply = request("GET", "/echo?q=" + value);
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body.size(), value.size() + 5);
}

TEST_F(HttpServerTest, ABodyOverTheLimitIsRefused) {
  const Reply reply = request("POST", "/echo", std::string(1001, 'x'), "https://example.org");
  EXPECT_EQ(reply.status, 413u);
  EXPECT_EQ(reply.body, "request body too large");
  EXPECT_EQ(reply.allow_origin, "https://example.org");
  EXPECT_EQ(request("POST", "/echo", std::string(1000, 'x')).status, 200u);
}

TEST_F(HttpServerTest, ABodyOfUnknownLengthOverTheLimitIsRefused) {
  auto message = Ref<SoupMessage>::adopt(soup_message_new("POST", url("/echo").c_str()));
  const std::string body(3000, 'x');
  auto stream = Ref<GInputStream>::adopt(
      g_memory_input_stream_new_from_data(body.data(), static_cast<gssize>(body.size()), nullptr));
  soup_message_set_request_body(message.get(), "text/plain", stream.get(), -1);
  EXPECT_EQ(send(message.get()).status, 413u);
}

TEST_F(HttpServerTest, APreflightIsAnsweredForEveryPath) {
  auto message = Ref<SoupMessage>::adopt(soup_message_new("OPTIONS", url("/echo").c_str()));
  SoupMessageHeaders* headers = soup_message_get_request_headers(message.get());
  soup_message_headers_replace(headers, "Origin", "https://example.org");
  soup_message_headers_replace(headers, "Access-Control-Request-Method", "POST");
  const Reply reply = send(message.get());
  EXPECT_EQ(reply.status, 204u);
  EXPECT_EQ(reply.allow_origin, "https://example.org");
}

TEST_F(HttpServerTest, AWebSocketReadsTheFirstMessageAndTalks) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  ASSERT_TRUE(run_until([&] { return received_.size() == 1; }));
  EXPECT_EQ(received_[0], "first");
  soup_websocket_connection_send_text(socket_.get(), "hi");
  soup_websocket_connection_send_binary(socket_.get(), "\0\1\2", 3);
  ASSERT_TRUE(run_until([&] { return received_.size() == 3; }));
  EXPECT_EQ(received_[1], "text:hi");
  EXPECT_EQ(received_[2], std::string("\0\1\2", 3));
}

TEST_F(HttpServerTest, DeflateIsAgreedOn) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  EXPECT_NE(soup_websocket_connection_get_extensions(socket_.get()), nullptr);
}

TEST_F(HttpServerTest, ARefusalIsAPlainHttpError) {
  EXPECT_EQ(open_socket("/ws?fail=1"), 401u);
  EXPECT_FALSE(socket_);
  EXPECT_EQ(alive_, 0);
}

TEST_F(HttpServerTest, APlainGetOfASocketIsNotFound) {
  EXPECT_EQ(request("GET", "/ws").status, 404u);
}

TEST_F(HttpServerTest, AClosingServerFlushesAndSaysWhy) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  soup_websocket_connection_send_text(socket_.get(), "bye");
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1000);
  EXPECT_EQ(received_.back(), "last words");
  EXPECT_TRUE(run_until([&] { return alive_ == 0; }));
}

TEST_F(HttpServerTest, TheListenerGoesWithTheClient) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  EXPECT_EQ(alive_, 1);
  soup_websocket_connection_close(socket_.get(), 1000, nullptr);
  EXPECT_TRUE(run_until([&] { return alive_ == 0; }));
}

TEST_F(HttpServerTest, AMessageOverTheLimitClosesTheSocket) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  // Compresses well, so that it is small on the wire.
  const std::string big(50'000, 'x');
  soup_websocket_connection_send_text(socket_.get(), big.c_str());
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1008);
}

TEST_F(HttpServerTest, ASocketMayHaveALimitOfItsOwnOrNone) {
  ASSERT_EQ(open_socket("/small"), 101u);
  soup_websocket_connection_send_text(socket_.get(), std::string(101, 'x').c_str());
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1008);
}

TEST_F(HttpServerTest, ALimitOfZeroIsNone) {
  ASSERT_EQ(open_socket("/unlimited"), 101u);
  const std::string big(50'000, 'x');
  soup_websocket_connection_send_text(socket_.get(), big.c_str());
  ASSERT_TRUE(run_until([&] { return !received_.empty() || close_code_ != 0; }));
  EXPECT_EQ(close_code_, 0);
  EXPECT_TRUE(received_[0].ends_with(big));
}

TEST_F(HttpServerTest, AReaderThatIsFarBehindIsClosed) {
  ASSERT_EQ(open_socket("/flood"), 101u);
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1008);
  EXPECT_LE(received_.size(), 8u);
}

TEST_F(HttpServerTest, TwoColonsAreEveryAddressOfBothFamilies) {
  HttpServer other{HttpLimits{}};
  other.add_handler("/", [](const HttpRequest&) { return plain_text(200, "all"); });
  ASSERT_TRUE(other.listen({"::"}, 0));
  port_ = other.port();
  EXPECT_EQ(request("GET", "/").body, "all");
}

TEST_F(HttpServerTest, ATakenPortIsAnErrorThatNamesIt) {
  HttpServer other{HttpLimits{}};
  const Result<void> result = other.listen({"127.0.0.1"}, server_.port());
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(std::to_string(server_.port())), std::string::npos);
}

TEST_F(HttpsServerTest, ANewCertificateIsForNewConnections) {
  EXPECT_EQ(shown(), first_.certificate);
  secure_.use_certificate(certificate_of(second_));
  EXPECT_EQ(shown(), second_.certificate);
}

TEST_F(HttpsServerTest, AWebSocketTalksOverTlsWhileTheCertificateChanges) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  secure_.use_certificate(certificate_of(second_));
  ASSERT_TRUE(run_until([&] { return received_.size() == 1; }));
  std::string big;
  for (int i = 0; big.size() < 3'000'000; i++) big += std::to_string(i * 2654435761u) + " ";
  soup_websocket_connection_send_binary(socket_.get(), big.data(), big.size());
  soup_websocket_connection_send_binary(socket_.get(), big.data(), big.size());
  ASSERT_TRUE(run_until([&] { return received_.size() == 3; }));
  EXPECT_TRUE(received_[1] == big && received_[2] == big);
  soup_websocket_connection_send_text(socket_.get(), "bye");
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1000);
  EXPECT_TRUE(run_until([&] { return alive_ == 0; }));
}

TEST_F(HttpsServerTest, PlainHttpOnATlsPortGetsNoAnswer) {
  scheme_ = "http";
  EXPECT_NE(request("GET", "/").status, 200u);
  scheme_ = "https";
  EXPECT_EQ(shown(), first_.certificate);
}

TEST_F(HttpServerTest, WhatIsNoAddressIsNamed) {
  HttpServer other{HttpLimits{}};
  const Result<void> result = other.listen({"localhostess"}, 0);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "\"localhostess\" is not an IP address");
}

}  // namespace
}  // namespace gstlk::net
