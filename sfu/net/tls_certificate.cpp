// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/tls_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <utility>

#include "net/log.h"

namespace gstlk::net {
namespace {

constexpr guint kPollSeconds = 1;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio memory(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// Instead of asking for it at the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Result<std::string> read_file(const std::string& key, const std::string& path, const char* what) {
  char* data = nullptr;
  gsize size = 0;
  GError* error = nullptr;
  if (g_file_get_contents(path.c_str(), &data, &size, &error)) {
    std::string text(data, size);
    g_free(data);
    return text;
  }
  const bool missing = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  const bool denied = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
  std::string reason = missing ? "no such file" : error->message;
  if (denied) reason = "the user that runs livekit-sfu may not";
  g_error_free(error);
  return fail(key + ": cannot read " + path + ": " + reason + "; name the PEM file of the " + what);
}

std::string print_time(const ASN1_TIME* time) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  ASN1_TIME_print(out.get(), time);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

// PKCS 8, which every TLS library reads, whatever the file had.
std::string print_key(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::vector<std::string> find_warnings(const TlsFiles& files, X509* certificate, time_t now) {
  std::vector<std::string> warnings;
  const std::string about = files.section + ".cert_file: the certificate in " + files.cert_file;
  if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
    warnings.push_back(about + " expired on " + print_time(X509_get0_notAfter(certificate)) +
                       ", clients refuse it; put a new one there, it is taken at once");
  } else if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) {
    warnings.push_back(about + " is valid only from " +
                       print_time(X509_get0_notBefore(certificate)) +
                       " on, clients refuse it; look at the clock of this machine");
  }
  struct stat info {};
  if (stat(files.key_file.c_str(), &info) == 0 && (info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    warnings.push_back(files.section + ".key_file: " + files.key_file +
                       " can be read by everybody; run: chmod o= " + files.key_file);
  }
  return warnings;
}

}  // namespace

Result<TlsCertificate> load_tls_certificate(const TlsFiles& files, time_t now) {
  const std::string cert_name = files.section + ".cert_file";
  const std::string key_name = files.section + ".key_file";
  if (!g_tls_backend_supports_tls(g_tls_backend_get_default())) {
    return fail(cert_name + ": GLib has no TLS here; install the Debian package glib-networking");
  }
  const auto cert_text = read_file(cert_name, files.cert_file, "certificate and its chain");
  if (!cert_text) return Unexpected<Error>{cert_text.error()};
  const auto key_text = read_file(key_name, files.key_file, "certificate's private key");
  if (!key_text) return Unexpected<Error>{key_text.error()};

  const Certificate certificate(
      PEM_read_bio_X509(memory(*cert_text).get(), nullptr, no_passphrase, nullptr), X509_free);
  const Key key(PEM_read_bio_PrivateKey(memory(*key_text).get(), nullptr, no_passphrase, nullptr),
                EVP_PKEY_free);
  const bool matches =
      certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!certificate) {
    return fail(cert_name + ": " + files.cert_file +
                " holds no certificate; expected PEM, which begins with -----BEGIN CERTIFICATE");
  }
  if (!key) {
    return fail(key_name + ": " + files.key_file +
                " holds no private key that can be read; expected PEM without a passphrase");
  }
  if (!matches) {
    return fail(key_name + ": " + files.key_file + " is not the key of the certificate in " +
                files.cert_file + "; name the two that were made together");
  }

  const std::string pem = *cert_text + "\n" + print_key(key.get());
  GError* error = nullptr;
  TlsCertificate out;
  out.certificate = Ref<GTlsCertificate>::adopt(
      g_tls_certificate_new_from_pem(pem.data(), static_cast<gssize>(pem.size()), &error));
  if (!out.certificate) {
    const std::string reason = error->message;
    g_error_free(error);
    return fail(cert_name + ": cannot use " + files.cert_file + ": " + reason +
                "; make a new certificate, with an RSA or ECDSA key");
  }
  out.warnings = find_warnings(files, certificate.get(), now);
  return out;
}

TlsFileWatch::TlsFileWatch(TlsFiles files, OnChanged on_changed)
    : files_(std::move(files)),
      on_changed_(std::move(on_changed)),
      taken_(read_stamps()),
      seen_(taken_) {
  timer_ = g_timeout_add_seconds(
      kPollSeconds,
      [](gpointer self) -> gboolean {
        static_cast<TlsFileWatch*>(self)->poll();
        return G_SOURCE_CONTINUE;
      },
      this);
}

TlsFileWatch::~TlsFileWatch() { g_source_remove(timer_); }

TlsFileWatch::Stamps TlsFileWatch::read_stamps() const {
  Stamps stamps;
  const std::array<const std::string*, 2> paths{&files_.cert_file, &files_.key_file};
  for (size_t i = 0; i < paths.size(); i++) {
    struct stat info {};
    if (stat(paths[i]->c_str(), &info) != 0) continue;
    stamps[i] = {info.st_dev, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size};
  }
  return stamps;
}

void TlsFileWatch::poll() {
  const Stamps stamps = read_stamps();
  const bool settled = stamps == std::exchange(seen_, stamps);
  if (!settled || stamps == taken_) return;
  taken_ = stamps;
  auto certificate = load_tls_certificate(files_, std::time(nullptr));
  if (!certificate) {
    LOG_WARNING(log_net, "%s; the certificate from before stays",
                certificate.error().message.c_str());
    return;
  }
  for (const std::string& warning : certificate->warnings) {
    LOG_WARNING(log_net, "%s", warning.c_str());
  }
  LOG_INFO(log_net, "%s.cert_file: new connections get the new certificate of %s",
           files_.section.c_str(), files_.cert_file.c_str());
  on_changed_(std::move(*certificate));
}

}  // namespace gstlk::net
