// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "doctor/checks.h"
#include "net/tls_certificate.h"

namespace gstlk::doctor {
namespace {

// Automatic renewal takes place a month before the end; who comes this close has none that works.
constexpr time_t kSoon = 14 * 24 * 60 * 60;

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Names = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;

Certificate read_certificate(const std::string& path) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
  Certificate certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr,
                          X509_free);
  ERR_clear_error();
  return certificate;
}

std::string print_name(const GENERAL_NAME& name) {
  if (name.type != GEN_DNS && name.type != GEN_IPADD) return "";
  const ASN1_STRING* text = name.type == GEN_DNS ? name.d.dNSName : name.d.iPAddress;
  const unsigned char* data = ASN1_STRING_get0_data(text);
  const int size = ASN1_STRING_length(text);
  if (name.type == GEN_DNS) return {reinterpret_cast<const char*>(data), static_cast<size_t>(size)};
  if (size != 4 && size != 16) return "";
  char address[INET6_ADDRSTRLEN] = "";
  inet_ntop(size == 4 ? AF_INET : AF_INET6, data, address, sizeof address);
  return address;
}

// RFC 9525: names are those of subjectAltName, the common name is none.
std::string list_names(X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(
                        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
                    GENERAL_NAMES_free);
  std::string text;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = print_name(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string renewal(const std::string& key) {
  return "put a new one at " + key + ", it is taken while the server runs";
}

}  // namespace

Findings check_certificate(const std::string& section, const std::string& cert_file,
                           const std::string& key_file, time_t now) {
  const std::string key = section + ".cert_file";
  const std::string about = "certificate of " + key + ": ";
  if (auto loaded = net::load_tls_certificate({section, cert_file, key_file}, now); !loaded) {
    return {broken(loaded.error().message, "until then the server does not start")};
  }
  const Certificate certificate = read_certificate(cert_file);
  if (!certificate) return {broken(about + "cannot be read", "name a PEM file")};
  Findings findings;
  time_t soon = now + kSoon;
  const ASN1_TIME* end = X509_get0_notAfter(certificate.get());
  if (X509_cmp_time(end, &now) < 0) {
    findings.push_back(broken(about + "expired, clients refuse it", renewal(key)));
  } else if (X509_cmp_time(X509_get0_notBefore(certificate.get()), &now) > 0) {
    findings.push_back(
        broken(about + "not valid yet, clients refuse it", "look at the clock of this machine"));
  } else if (X509_cmp_time(end, &soon) < 0) {
    findings.push_back(warn(about + "expires within two weeks", renewal(key)));
  }
  const std::string names = list_names(certificate.get());
  if (names.empty()) {
    findings.push_back(broken(about + "names no host, clients refuse it",
                              "make one with the server's name in subjectAltName"));
  } else if (X509_check_issued(certificate.get(), certificate.get()) == X509_V_OK) {
    findings.push_back(warn(about + "signed by itself, for " + names,
                            "only clients that were told to trust it connect: get one from a "
                            "certificate authority"));
  } else if (findings.empty()) {
    findings.push_back(ok(about + "for " + names));
  }
  return findings;
}

Finding check_no_certificate(bool development) {
  if (development) return ok("certificate: none, for development");
  return warn("certificate: none",
              "browsers give camera and microphone only to HTTPS: set tls.cert_file and "
              "tls.key_file, unless a proxy in front has one");
}

}  // namespace gstlk::doctor
