// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/dtls_certificate.h"

#include <openssl/ec.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace gstlk::transport {
namespace {

struct DigestName {
  std::string_view name;
  const EVP_MD* (*digest)();
  size_t size;
};
constexpr DigestName kDigests[] = {
    {"sha-256", EVP_sha256, 32},
    {"sha-384", EVP_sha384, 48},
    {"sha-512", EVP_sha512, 64},
};

const DigestName* find_digest(std::string_view name) {
  const auto found = std::find_if(std::begin(kDigests), std::end(kDigests),
                                  [name](const DigestName& d) { return d.name == name; });
  return found == std::end(kDigests) ? nullptr : found;
}

constexpr long kDay = 24 * 60 * 60;

bool fill_certificate(X509* certificate, EVP_PKEY* key) {
  std::array<uint8_t, 8> serial{};
  if (RAND_bytes(serial.data(), serial.size()) != 1) return false;
  serial[0] &= 0x7f;
  uint64_t number = 0;
  for (const uint8_t byte : serial) number = number << 8 | byte;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3650 * kDay);
  X509_NAME* name = X509_get_subject_name(certificate);
  static constexpr char kName[] = "gst-livekit";
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const uint8_t*>(kName), -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

Certificate make_certificate() {
  Certificate made{KeyPtr(EVP_EC_gen("P-256")), X509Ptr(X509_new())};
  if (!made.key || !made.certificate || !fill_certificate(made.certificate.get(), made.key.get()))
    return {};
  return made;
}

std::string fingerprint_of(const X509& certificate, std::string_view algorithm) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const DigestName* digest = find_digest(algorithm);
  uint8_t bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!digest || X509_digest(&certificate, digest->digest(), bytes, &size) != 1) return {};
  std::string text(algorithm);
  for (unsigned i = 0; i < size; ++i) {
    text += i == 0 ? ' ' : ':';
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

std::string normalize_fingerprint(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return {};
  std::string name(text.substr(0, space));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return tolower(c); });
  const DigestName* digest = find_digest(name);
  const std::string_view hex = text.substr(space + 1);
  if (!digest || hex.size() != digest->size * 3 - 1) return {};
  std::string normal = name + ' ';
  for (size_t i = 0; i < hex.size(); ++i) {
    const auto c = static_cast<unsigned char>(hex[i]);
    if (i % 3 == 2 ? c != ':' : !isxdigit(c)) return {};
    normal += static_cast<char>(toupper(c));
  }
  return normal;
}

}  // namespace gstlk::transport
