// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <ctime>

#include "doctor/checks.h"
#include "unit/net/certificates.h"
#include "unit/webhook/temporary_directory.h"

namespace gstlk::doctor {
namespace {

constexpr long kDay = 86'400;

class DoctorCertificateTest : public testing::Test {
 protected:
  Findings check(const net::PemPair& pair, long days_from_now = 0) {
    net::write_file(cert_file_, pair.certificate);
    net::write_file(key_file_, pair.key);
    return check_certificate("tls", cert_file_, key_file_,
                             std::time(nullptr) + days_from_now * kDay);
  }

  TemporaryDirectory directory_;
  const std::string cert_file_ = directory_.path() + "/cert.pem";
  const std::string key_file_ = directory_.path() + "/key.pem";
};

TEST_F(DoctorCertificateTest, OneForANameIsGoodWhoeverMayTrustIt) {
  const Findings findings = check(net::make_certificate(1, 90 * kDay, "DNS:sfu.example.org"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].verdict, Verdict::Warn);
  EXPECT_EQ(findings[0].what,
            "certificate of tls.cert_file: signed by itself, for sfu.example.org");
}

TEST_F(DoctorCertificateTest, OneThatSomebodySignedIsGood) {
  EXPECT_EQ(
      check(net::make_certificate(
          1, 90 * kDay, "DNS:sfu.example.org,DNS:*.example.org,IP:192.0.2.1", "An Authority")),
      Findings{ok("certificate of tls.cert_file: for sfu.example.org, *.example.org, 192.0.2.1")});
}

TEST_F(DoctorCertificateTest, OneThatExpiresSoonOrHasOrIsNotValidYet) {
  const net::PemPair pair = net::make_certificate(1, 90 * kDay, "DNS:a.example", "An Authority");
  EXPECT_EQ(check(pair, 70)[0].verdict, Verdict::Ok);
  EXPECT_EQ(check(pair, 80)[0].verdict, Verdict::Warn);
  EXPECT_NE(check(pair, 80)[0].what.find("within two weeks"), std::string::npos);
  EXPECT_EQ(check(pair, 91)[0].verdict, Verdict::Fail);
  EXPECT_NE(check(pair, 91)[0].what.find("expired"), std::string::npos);
  EXPECT_EQ(check(pair, -2)[0].verdict, Verdict::Fail);
  EXPECT_NE(check(pair, -2)[0].remedy.find("clock"), std::string::npos);
}

TEST_F(DoctorCertificateTest, OneWithoutNamesIsRefusedByClients) {
  const Findings findings = check(net::make_certificate(1, 90 * kDay));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].verdict, Verdict::Fail);
  EXPECT_NE(findings[0].what.find("names no host"), std::string::npos);
}

TEST_F(DoctorCertificateTest, AnotherKeyOrNoFileFails) {
  const net::PemPair one = net::make_certificate(1);
  EXPECT_EQ(check({one.certificate, net::make_certificate(2).key})[0].verdict, Verdict::Fail);
  EXPECT_EQ(check_certificate("tls", "/nowhere/cert.pem", key_file_, 0)[0].verdict, Verdict::Fail);
}

TEST_F(DoctorCertificateTest, NoneIsForDevelopmentOrBehindAProxy) {
  EXPECT_EQ(check_no_certificate(true).verdict, Verdict::Ok);
  EXPECT_EQ(check_no_certificate(false).verdict, Verdict::Warn);
}

}  // namespace
}  // namespace gstlk::doctor
