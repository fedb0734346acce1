// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/stun.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace gstlk::transport {
namespace {

constexpr uint32_t kMagicCookie = 0x2112a442;
constexpr size_t kHeaderSize = 20;
constexpr size_t kIntegritySize = 20;
// Header, ufrags of 256 characters, and what else ICE sends fit in half of it.
constexpr size_t kMaxMessage = 1500;
// RFC 8489 section 14.7.
constexpr uint32_t kFingerprintXor = 0x5354554e;
constexpr uint16_t kComprehensionOptional = 0x8000;
constexpr uint16_t kBinding = 0x0001;

// CRC-32 of ISO 3309 by eight bytes at a time: tables_[k][b] is byte b followed by k zero bytes.
constexpr auto make_crc_tables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    tables[0][i] = c;
  }
  for (size_t k = 1; k < 8; ++k)
    for (uint32_t i = 0; i < 256; ++i)
      tables[k][i] = tables[0][tables[k - 1][i] & 0xff] ^ (tables[k - 1][i] >> 8);
  return tables;
}
constexpr auto kCrc = make_crc_tables();

uint32_t load_le32(const uint8_t* p) {
  return p[0] | static_cast<uint32_t>(p[1]) << 8 | static_cast<uint32_t>(p[2]) << 16 |
         static_cast<uint32_t>(p[3]) << 24;
}

uint32_t crc32(ByteView bytes) {
  uint32_t c = 0xffffffff;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const uint32_t low = load_le32(bytes.data()) ^ c;
    const uint32_t high = load_le32(bytes.data() + 4);
    c = kCrc[7][low & 0xff] ^ kCrc[6][low >> 8 & 0xff] ^ kCrc[5][low >> 16 & 0xff] ^
        kCrc[4][low >> 24] ^ kCrc[3][high & 0xff] ^ kCrc[2][high >> 8 & 0xff] ^
        kCrc[1][high >> 16 & 0xff] ^ kCrc[0][high >> 24];
  }
  for (const uint8_t byte : bytes) c = kCrc[0][(c ^ byte) & 0xff] ^ (c >> 8);
  return ~c;
}

// The two class bits sit among the twelve of the method. RFC 8489 section 5.
constexpr uint16_t kClassBits = 0x0110;
constexpr uint16_t class_bits(StunClass c) {
  const auto v = static_cast<uint16_t>(c);
  return static_cast<uint16_t>((v & 1) << 4 | (v & 2) << 7);
}
constexpr StunClass class_of(uint16_t type) {
  return static_cast<StunClass>((type >> 4 & 1) | (type >> 7 & 2));
}

struct Header {
  uint16_t type;
  TransactionId transaction;
};

std::optional<Header> parse_header(ByteReader& reader, size_t datagram_size) {
  Header header;
  header.type = reader.u16();
  const uint16_t length = reader.u16();
  const uint32_t cookie = reader.u32();
  const ByteView transaction = reader.bytes(header.transaction.size());
  if (!reader.ok() || cookie != kMagicCookie || length % 4 != 0) return std::nullopt;
  if (length + kHeaderSize != datagram_size || datagram_size > kMaxMessage) return std::nullopt;
  if ((header.type & ~kClassBits) != kBinding) return std::nullopt;
  std::copy(transaction.begin(), transaction.end(), header.transaction.begin());
  return header;
}

// XOR-MAPPED-ADDRESS is masked with the magic cookie followed by the transaction id.
std::array<uint8_t, 16> address_mask(const TransactionId& transaction) {
  std::array<uint8_t, 16> mask;
  store_u32(mask.data(), kMagicCookie);
  std::copy(transaction.begin(), transaction.end(), mask.begin() + 4);
  return mask;
}

std::optional<SocketAddress> parse_mapped_address(ByteView value,
                                                  const TransactionId& transaction) {
  ByteReader reader(value);
  reader.skip(1);
  const uint8_t family = reader.u8();
  const auto port = static_cast<uint16_t>(reader.u16() ^ (kMagicCookie >> 16));
  const ByteView masked = reader.rest();
  if (!reader.ok() || masked.size() != (family == 1 ? 4u : 16u)) return std::nullopt;
  const std::array<uint8_t, 16> mask = address_mask(transaction);
  std::array<uint8_t, 16> ip{};
  for (size_t i = 0; i < masked.size(); ++i) ip[i] = masked[i] ^ mask[i];
  return SocketAddress(ByteView(ip).first(masked.size()), port);
}

// False when the value has the wrong size or is wrong.
bool parse_attribute(StunMessage& m, uint16_t type, ByteView value, size_t offset) {
  ByteReader reader(value);
  switch (static_cast<StunAttribute>(type)) {
    case StunAttribute::Username:
      m.username = as_text(value);
      return true;
    case StunAttribute::MessageIntegrity:
      m.integrity_offset = offset;
      return value.size() == kIntegritySize;
    case StunAttribute::ErrorCode: {
      reader.skip(2);
      const uint8_t hundreds = reader.u8() & 7;
      m.error_code = static_cast<uint16_t>(hundreds * 100 + reader.u8());
      return reader.ok();
    }
    case StunAttribute::UnknownAttributes:
      return true;
    case StunAttribute::XorMappedAddress:
      m.mapped_address = parse_mapped_address(value, m.transaction);
      return m.mapped_address.has_value();
    case StunAttribute::Priority:
      m.priority = reader.u32();
      return value.size() == 4;
    case StunAttribute::UseCandidate:
      m.use_candidate = true;
      return true;
    case StunAttribute::IceControlled:
      m.controlled = reader.u64();
      return value.size() == 8;
    case StunAttribute::IceControlling:
      m.controlling = reader.u64();
      return value.size() == 8;
    case StunAttribute::Fingerprint:
      m.has_fingerprint = true;
      return value.size() == 4 && offset + 8 == m.datagram.size() &&
             reader.u32() == (crc32(m.datagram.first(offset)) ^ kFingerprintXor);
  }
  if (type < kComprehensionOptional && !m.unknown_attribute) m.unknown_attribute = type;
  return true;
}

}  // namespace

std::optional<StunMessage> StunMessage::parse(ByteView datagram) {
  ByteReader reader(datagram);
  const std::optional<Header> header = parse_header(reader, datagram.size());
  if (!header) return std::nullopt;
  StunMessage m;
  m.datagram = datagram;
  m.message_class = class_of(header->type);
  m.transaction = header->transaction;
  while (reader.remaining() > 0) {
    const size_t offset = reader.position();
    const uint16_t type = reader.u16();
    const uint16_t length = reader.u16();
    const ByteView value = reader.bytes(length);
    reader.skip((4 - length % 4) % 4);
    if (!reader.ok()) return std::nullopt;
    const bool behind_integrity = m.integrity_offset != 0;
    if (behind_integrity && type != static_cast<uint16_t>(StunAttribute::Fingerprint)) continue;
    if (!parse_attribute(m, type, value, offset)) return std::nullopt;
  }
  return m;
}

bool StunMessage::verify(const HmacSha1& key) const {
  if (integrity_offset == 0) return false;
  // The length field counts up to and including MESSAGE-INTEGRITY while it is computed.
  std::array<uint8_t, 4> start;
  std::copy_n(datagram.begin(), 2, start.begin());
  const size_t end = integrity_offset + 4 + kIntegritySize;
  store_u16(&start[2], static_cast<uint16_t>(end - kHeaderSize));
  const HmacSha1::Digest digest = key.sign(start, datagram.subspan(4, integrity_offset - 4));
  return CRYPTO_memcmp(digest.data(), datagram.data() + integrity_offset + 4, digest.size()) == 0;
}

std::string_view stun_local_ufrag(ByteView datagram) {
  ByteReader reader(datagram);
  const std::optional<Header> header = parse_header(reader, datagram.size());
  if (!header || class_of(header->type) != StunClass::Request) return {};
  while (reader.remaining() > 0) {
    const uint16_t type = reader.u16();
    const uint16_t length = reader.u16();
    const ByteView value = reader.bytes(length);
    reader.skip((4 - length % 4) % 4);
    if (!reader.ok()) return {};
    if (type != static_cast<uint16_t>(StunAttribute::Username)) continue;
    const std::string_view username = as_text(value);
    return username.substr(0, username.find(':'));
  }
  return {};
}

StunBuilder::StunBuilder(std::span<uint8_t> out, StunClass message_class,
                         const TransactionId& transaction)
    : out_(out) {
  if (out_.size() < kHeaderSize) {
    ok_ = false;
    return;
  }
  store_u16(out_.data(), kBinding | class_bits(message_class));
  store_u32(out_.data() + 4, kMagicCookie);
  std::copy(transaction.begin(), transaction.end(), out_.begin() + 8);
  size_ = kHeaderSize;
  set_length(size_);
}

void StunBuilder::set_length(size_t size_of_message) {
  store_u16(out_.data() + 2, static_cast<uint16_t>(size_of_message - kHeaderSize));
}

uint8_t* StunBuilder::add(StunAttribute type, size_t size) {
  const size_t padded = (size + 3) / 4 * 4;
  if (!ok_ || 4 + padded > out_.size() - size_) {
    ok_ = false;
    return nullptr;
  }
  uint8_t* attribute = out_.data() + size_;
  store_u16(attribute, static_cast<uint16_t>(type));
  store_u16(attribute + 2, static_cast<uint16_t>(size));
  std::fill(attribute + 4 + size, attribute + 4 + padded, uint8_t{0});
  size_ += 4 + padded;
  set_length(size_);
  return attribute + 4;
}

StunBuilder& StunBuilder::username(std::string_view value) {
  if (uint8_t* p = add(StunAttribute::Username, value.size()))
    std::copy(value.begin(), value.end(), p);
  return *this;
}

StunBuilder& StunBuilder::priority(uint32_t value) {
  if (uint8_t* p = add(StunAttribute::Priority, 4)) store_u32(p, value);
  return *this;
}

StunBuilder& StunBuilder::use_candidate() {
  add(StunAttribute::UseCandidate, 0);
  return *this;
}

StunBuilder& StunBuilder::controlling(uint64_t tie_breaker) {
  if (uint8_t* p = add(StunAttribute::IceControlling, 8)) store_u64(p, tie_breaker);
  return *this;
}

StunBuilder& StunBuilder::controlled(uint64_t tie_breaker) {
  if (uint8_t* p = add(StunAttribute::IceControlled, 8)) store_u64(p, tie_breaker);
  return *this;
}

StunBuilder& StunBuilder::xor_mapped_address(const SocketAddress& address) {
  const ByteView ip = address.ip();
  uint8_t* p = add(StunAttribute::XorMappedAddress, 4 + ip.size());
  if (!p) return *this;
  TransactionId transaction;
  std::copy_n(out_.begin() + 8, transaction.size(), transaction.begin());
  const std::array<uint8_t, 16> mask = address_mask(transaction);
  p[0] = 0;
  p[1] = ip.size() == 4 ? 1 : 2;
  store_u16(p + 2, static_cast<uint16_t>(address.port() ^ (kMagicCookie >> 16)));
  for (size_t i = 0; i < ip.size(); ++i) p[4 + i] = ip[i] ^ mask[i];
  return *this;
}

StunBuilder& StunBuilder::error_code(uint16_t code, std::string_view reason) {
  if (uint8_t* p = add(StunAttribute::ErrorCode, 4 + reason.size())) {
    store_u16(p, 0);
    p[2] = static_cast<uint8_t>(code / 100);
    p[3] = static_cast<uint8_t>(code % 100);
    std::copy(reason.begin(), reason.end(), p + 4);
  }
  return *this;
}

StunBuilder& StunBuilder::unknown_attribute(uint16_t type) {
  if (uint8_t* p = add(StunAttribute::UnknownAttributes, 2)) store_u16(p, type);
  return *this;
}

StunBuilder& StunBuilder::integrity(const HmacSha1& key) {
  const size_t covered = size_;
  // The attribute is added first because its length counts, though its value does not.
  uint8_t* p = add(StunAttribute::MessageIntegrity, kIntegritySize);
  if (!p) return *this;
  const HmacSha1::Digest digest = key.sign(out_.first(covered));
  std::copy(digest.begin(), digest.end(), p);
  return *this;
}

size_t StunBuilder::finish() {
  const size_t covered = size_;
  uint8_t* p = add(StunAttribute::Fingerprint, 4);
  if (!p) return 0;
  store_u32(p, crc32(out_.first(covered)) ^ kFingerprintXor);
  return size_;
}

}  // namespace gstlk::transport
