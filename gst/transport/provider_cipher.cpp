// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/provider_cipher.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace gstlk::transport {
namespace {

// The entry of `cipher` in its provider's table; its names are separated by colons.
const OSSL_DISPATCH* find_dispatch(const EVP_CIPHER* cipher) {
  int uncacheable = 0;
  const OSSL_ALGORITHM* entry =
      OSSL_PROVIDER_query_operation(EVP_CIPHER_get0_provider(cipher), OSSL_OP_CIPHER, &uncacheable);
  for (; entry && entry->algorithm_names; ++entry) {
    const std::string names = entry->algorithm_names;
    if (EVP_CIPHER_is_a(cipher, names.substr(0, names.find(':')).c_str()))
      return entry->implementation;
  }
  return nullptr;
}

void add(ProviderCipher::Functions& functions, const OSSL_DISPATCH& entry) {
  switch (entry.function_id) {
    case OSSL_FUNC_CIPHER_NEWCTX:
      functions.make = OSSL_FUNC_cipher_newctx(&entry);
      break;
    case OSSL_FUNC_CIPHER_FREECTX:
      functions.free = OSSL_FUNC_cipher_freectx(&entry);
      break;
    case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
      functions.start_encrypting = OSSL_FUNC_cipher_encrypt_init(&entry);
      break;
    case OSSL_FUNC_CIPHER_DECRYPT_INIT:
      functions.start_decrypting = OSSL_FUNC_cipher_decrypt_init(&entry);
      break;
    case OSSL_FUNC_CIPHER_UPDATE:
      functions.update = OSSL_FUNC_cipher_update(&entry);
      break;
    case OSSL_FUNC_CIPHER_FINAL:
      functions.finish = OSSL_FUNC_cipher_final(&entry);
      break;
    case OSSL_FUNC_CIPHER_GET_CTX_PARAMS:
      functions.get_params = OSSL_FUNC_cipher_get_ctx_params(&entry);
      break;
    case OSSL_FUNC_CIPHER_SET_CTX_PARAMS:
      functions.set_params = OSSL_FUNC_cipher_set_ctx_params(&entry);
      break;
    default:
      break;
  }
}

// An algorithm that is kept for ever, and with it its provider.
struct Algorithm {
  explicit Algorithm(const char* name) : cipher(EVP_CIPHER_fetch(nullptr, name, nullptr)) {
    const OSSL_DISPATCH* dispatch = cipher ? find_dispatch(cipher) : nullptr;
    if (!dispatch) {
      fprintf(stderr, "OpenSSL has no %s; is its configuration without the default provider?\n",
              name);
      abort();
    }
    functions.provider = OSSL_PROVIDER_get0_provider_ctx(EVP_CIPHER_get0_provider(cipher));
    for (; dispatch->function_id != 0; ++dispatch) add(functions, *dispatch);
  }

  const EVP_CIPHER* const cipher;
  ProviderCipher::Functions functions;
};

}  // namespace

const ProviderCipher::Functions& ProviderCipher::aes_128_gcm() {
  static const Algorithm algorithm("AES-128-GCM");
  return algorithm.functions;
}

const ProviderCipher::Functions& ProviderCipher::aes_128_ctr() {
  static const Algorithm algorithm("AES-128-CTR");
  return algorithm.functions;
}

ProviderCipher::ProviderCipher(const Functions& functions, std::span<const uint8_t, 16> key,
                               bool encrypt)
    : functions_(&functions),
      encrypt_(encrypt),
      context_(functions.make(functions.provider), Deleter{&functions}) {
  const auto start = encrypt ? functions.start_encrypting : functions.start_decrypting;
  start(context_.get(), key.data(), key.size(), nullptr, 0, nullptr);
}

void ProviderCipher::begin(ByteView iv) {
  const auto start = encrypt_ ? functions_->start_encrypting : functions_->start_decrypting;
  start(context_.get(), nullptr, 0, iv.data(), iv.size(), nullptr);
}

bool ProviderCipher::update(ByteView in, uint8_t* out) {
  size_t written = 0;
  return functions_->update(context_.get(), out, &written, in.size(), in.data(), in.size()) == 1;
}

void ProviderCipher::authenticate(ByteView data) { update(data, nullptr); }

void ProviderCipher::finish(std::span<uint8_t, 16> tag) {
  size_t written = 0;
  functions_->finish(context_.get(), tag.data(), &written, tag.size());
  OSSL_PARAM params[] = {
      OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag.data(), tag.size()), OSSL_PARAM_END};
  functions_->get_params(context_.get(), params);
}

void ProviderCipher::expect(std::span<const uint8_t, 16> tag) {
  const OSSL_PARAM params[] = {
      OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, const_cast<uint8_t*>(tag.data()),
                              tag.size()),
      OSSL_PARAM_END};
  functions_->set_params(context_.get(), params);
}

bool ProviderCipher::verify() {
  uint8_t nothing[16];
  size_t written = 0;
  return functions_->finish(context_.get(), nothing, &written, sizeof nothing) == 1;
}

}  // namespace gstlk::transport
