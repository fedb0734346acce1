// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace gstlk::transport {

struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using X509Ptr = std::unique_ptr<X509, X509Deleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyDeleter>;

struct Certificate {
  KeyPtr key;
  X509Ptr certificate;
};

// A P-256 key and a certificate signed with it; nullptr members when OpenSSL fails. WebRTC trusts
// the fingerprint only, so names and dates mean nothing.
Certificate make_certificate();

// "sha-256 AB:CD:...": RFC 8122 section 5. `algorithm` is sha-256, sha-384 or sha-512; empty for
// another.
std::string fingerprint_of(const X509& certificate, std::string_view algorithm);

// The same text in the form fingerprint_of() gives; empty when it is not a fingerprint we can
// check.
std::string normalize_fingerprint(std::string_view text);

}  // namespace gstlk::transport
