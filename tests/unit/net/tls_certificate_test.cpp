// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/tls_certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "certificates.h"
#include "unit/webhook/temporary_directory.h"

namespace gstlk::net {
namespace {

class TlsCertificateTest : public testing::Test {
 protected:
  void write(const PemPair& pair) {
    write_file(files_.cert_file, pair.certificate);
    write_file(files_.key_file, pair.key);
    chmod(files_.key_file.c_str(), 0600);
  }
  std::string load_error() {
    const auto loaded = load_tls_certificate(files_, std::time(nullptr));
    return loaded ? "" : loaded.error().message;
  }
  static std::string pem_of(const TlsCertificate& loaded) {
    char* pem = nullptr;
    g_object_get(loaded.certificate.get(), "certificate-pem", &pem, nullptr);
    std::string text = pem;
    g_free(pem);
    return text;
  }

  TemporaryDirectory directory_;
  const TlsFiles files_{"tls", directory_.path() + "/cert.pem", directory_.path() + "/key.pem"};
};

TEST_F(TlsCertificateTest, APairIsRead) {
  const PemPair pair = make_certificate(1);
  write(pair);
  const auto loaded = load_tls_certificate(files_, std::time(nullptr));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(pem_of(*loaded), pair.certificate);
  EXPECT_EQ(loaded->warnings, std::vector<std::string>{});
}

TEST_F(TlsCertificateTest, AMissingFileIsNamedWithItsKey) {
  write_file(files_.key_file, make_certificate(1).key);
  EXPECT_EQ(load_error(), "tls.cert_file: cannot read " + files_.cert_file +
                              ": no such file; name the PEM file of the certificate and its chain");
  write_file(files_.cert_file, make_certificate(1).certificate);
  unlink(files_.key_file.c_str());
  EXPECT_EQ(load_error(), "tls.key_file: cannot read " + files_.key_file +
                              ": no such file; name the PEM file of the certificate's private key");
}

TEST_F(TlsCertificateTest, AnotherCertificatesKeyIsRefused) {
  write({make_certificate(1).certificate, make_certificate(2).key});
  EXPECT_EQ(load_error(), "tls.key_file: " + files_.key_file +
                              " is not the key of the certificate in " + files_.cert_file +
                              "; name the two that were made together");
}

TEST_F(TlsCertificateTest, WhatIsNoPemIsRefused) {
  const PemPair pair = make_certificate(1);
  write({"nothing", pair.key});
  EXPECT_NE(load_error().find("holds no certificate"), std::string::npos);
  write({pair.certificate, pair.certificate});
  EXPECT_NE(load_error().find("holds no private key"), std::string::npos);
}

TEST_F(TlsCertificateTest, AnExpiredCertificateAndAnOpenKeyAreWarnings) {
  write(make_certificate(1, -3600));
  chmod(files_.key_file.c_str(), 0644);
  const auto loaded = load_tls_certificate(files_, std::time(nullptr));
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 2u);
  EXPECT_NE(loaded->warnings[0].find(files_.cert_file + " expired on "), std::string::npos);
  EXPECT_NE(loaded->warnings[1].find("run: chmod o= " + files_.key_file), std::string::npos);
}

TEST_F(TlsCertificateTest, TheWatchTakesAPairThatHasSettled) {
  write(make_certificate(1));
  std::vector<std::string> taken;
  TlsFileWatch watch(files_,
                     [&](const TlsCertificate& changed) { taken.push_back(pem_of(changed)); });
  watch.poll();
  const PemPair next = make_certificate(2);
  write_file(files_.cert_file, next.certificate);
  watch.poll();
  write_file(files_.key_file, next.key);
  watch.poll();
  EXPECT_TRUE(taken.empty());
  watch.poll();
  watch.poll();
  EXPECT_EQ(taken, std::vector<std::string>{next.certificate});
}

TEST_F(TlsCertificateTest, TheWatchKeepsWhatItHasUntilThePairFits) {
  write(make_certificate(1));
  int taken = 0;
  TlsFileWatch watch(files_, [&](const TlsCertificate&) { taken++; });
  const PemPair next = make_certificate(2);
  write_file(files_.cert_file, next.certificate);
  for (int i = 0; i < 3; i++) watch.poll();
  EXPECT_EQ(taken, 0);
  write_file(files_.key_file, next.key);
  for (int i = 0; i < 3; i++) watch.poll();
  EXPECT_EQ(taken, 1);
}

}  // namespace
}  // namespace gstlk::net
