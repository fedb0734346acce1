// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/metrics_page.h"

#include <gtest/gtest.h>

namespace gstlk::api {
namespace {

net::HttpRequest get(const std::string& authorization = "") {
  net::HttpRequest request;
  request.method = "GET";
  request.path = "/metrics";
  if (!authorization.empty()) request.headers = {{"Authorization", authorization}};
  return request;
}

Timestamp still() { return Timestamp{1000s}; }

TEST(MetricsPage, WithoutCredentialsEverybodyReads) {
  MetricsPage page(
      "", "", [] { return std::string("a 1\n"); }, still);
  const net::HttpResponse response = page.answer(get());
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.body, "a 1\n");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST(MetricsPage, WithCredentialsOnlyWhoKnowsThem) {
  MetricsPage page(
      "prom", "pass", [] { return std::string("a 1\n"); }, still);
  EXPECT_EQ(page.answer(get("Basic cHJvbTpwYXNz")).status, 200u);
  EXPECT_EQ(page.answer(get("basic cHJvbTpwYXNz")).status, 200u);
  for (const char* wrong :
       {"", "Basic cHJvbTpwYXNy", "Basic cHJvbTpwYXNzeA==", "Basic ", "Bearer x"}) {
    const net::HttpResponse response = page.answer(get(wrong));
    EXPECT_EQ(response.status, 401u) << wrong;
    EXPECT_EQ(response.body.find("a 1"), std::string::npos);
  }
}

TEST(MetricsPage, WhatIsPrintedStandsForASecond) {
  Timestamp now{1000s};
  int times = 0;
  MetricsPage page(
      "", "", [&] { return "a " + std::to_string(++times) + "\n"; }, [&] { return now; });
  EXPECT_EQ(page.answer(get()).body, "a 1\n");
  now += 999ms;
  EXPECT_EQ(page.answer(get()).body, "a 1\n");
  now += 1ms;
  EXPECT_EQ(page.answer(get()).body, "a 2\n");
  EXPECT_EQ(times, 2);
}

TEST(MetricsPage, OnlyReads) {
  MetricsPage page(
      "", "", [] { return std::string(); }, still);
  net::HttpRequest request = get();
  request.method = "POST";
  EXPECT_EQ(page.answer(request).status, 404u);
}

}  // namespace
}  // namespace gstlk::api
