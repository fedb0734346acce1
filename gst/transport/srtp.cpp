// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/srtp.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace gstlk::transport {
namespace {

constexpr size_t kRtpHeaderSize = 12;
constexpr size_t kRtcpHeaderSize = 8;  // with the sender's SSRC, all of which stays in clear
constexpr size_t kTrailerSize = 4;     // E flag and SRTCP index
constexpr uint32_t kEncrypted = 0x80000000;
constexpr uint32_t kMaxRtcpIndex = 0x7fffffff;
constexpr size_t kBlock = 16;

bool is_gcm(const SrtpCipher& cipher) { return cipher.profile() == SrtpProfile::AeadAes128Gcm; }

// Size of the RTP header with CSRCs and extension; nullopt when `packet` ends before it.
std::optional<size_t> rtp_header_size(ByteView packet) {
  if (packet.size() < kRtpHeaderSize || packet[0] >> 6 != 2) return std::nullopt;
  size_t size = kRtpHeaderSize + 4 * size_t{packet[0] & 0x0fu};
  if (packet[0] & 0x10) {
    if (packet.size() < size + 4) return std::nullopt;
    size += 4 + 4 * size_t{load_u16(packet.data() + size + 2)};
  }
  if (packet.size() < size) return std::nullopt;
  return size;
}

void copy_header(ByteView from, uint8_t* to) {
  if (from.data() != to) memmove(to, from.data(), from.size());
}

}  // namespace

uint32_t SrtpStreamState::roc_for(uint16_t sequence) {
  if (!started_) {
    started_ = true;
    highest_ = sequence;
    return 0;
  }
  const auto delta = static_cast<int16_t>(sequence - static_cast<uint16_t>(highest_));
  const int64_t index = static_cast<int64_t>(highest_) + delta;
  if (index < 0) return 0;
  highest_ = std::max(highest_, static_cast<uint64_t>(index));
  return static_cast<uint32_t>(index >> 16);
}

SrtpSendSession::SrtpSendSession(const SrtpMasterKey& master)
    : rtp_(derive_session_key(master, SrtpKind::Rtp), SrtpCipher::Direction::Protect),
      rtcp_(derive_session_key(master, SrtpKind::Rtcp), SrtpCipher::Direction::Protect) {}

size_t SrtpSendSession::protect_rtp(ByteView header, ByteView payload_head, ByteView payload_rest,
                                    uint8_t* out, uint32_t roc) {
  assert(header.size() >= kRtpHeaderSize);
  copy_header(header, out);
  const uint16_t sequence = load_u16(out + 2);
  const uint32_t ssrc = load_u32(out + 8);
  const size_t size = header.size() + payload_head.size() + payload_rest.size();
  const uint64_t index = static_cast<uint64_t>(roc) << 16 | sequence;
  if (is_gcm(rtp_)) {
    rtp_.begin_gcm(ssrc, index, {out, header.size()});
    encrypt_payload(payload_head, payload_rest, out + header.size());
    rtp_.finish_gcm(out + size);
  } else {
    rtp_.begin(ssrc, index);
    encrypt_payload(payload_head, payload_rest, out + header.size());
    std::array<uint8_t, 4> suffix;
    store_u32(suffix.data(), roc);
    const HmacSha1::Digest digest = rtp_.sign({out, size}, suffix);
    memcpy(out + size, digest.data(), rtp_.tag_size());
  }
  return size + rtp_.tag_size();
}

void SrtpSendSession::encrypt_payload(ByteView head, ByteView rest, uint8_t* out) {
  // The head and as much of the rest as fills its last block go through a copy, so that the bulk
  // is one call that starts on a block boundary.
  while (!head.empty()) {
    uint8_t block[4 * kBlock];
    const size_t from_head = std::min(head.size(), sizeof block);
    const size_t padded = (from_head + kBlock - 1) / kBlock * kBlock;
    const size_t from_rest =
        from_head < head.size() ? 0 : std::min(rest.size(), padded - from_head);
    memcpy(block, head.data(), from_head);
    if (from_rest) memcpy(block + from_head, rest.data(), from_rest);
    rtp_.crypt(block, out, from_head + from_rest);
    head = head.subspan(from_head);
    rest = rest.subspan(from_rest);
    out += from_head + from_rest;
  }
  if (!rest.empty()) rtp_.crypt(rest.data(), out, rest.size());
}

std::optional<size_t> SrtpSendSession::protect_rtcp(ByteView packet, std::span<uint8_t> out) {
  const size_t overhead = rtcp_.tag_size() + kTrailerSize;
  if (packet.size() < kRtcpHeaderSize || out.size() < packet.size() + overhead) return std::nullopt;
  rtcp_index_ = (rtcp_index_ + 1) & kMaxRtcpIndex;
  const uint32_t ssrc = load_u32(packet.data() + 4);
  std::array<uint8_t, kTrailerSize> trailer;
  store_u32(trailer.data(), kEncrypted | rtcp_index_);
  copy_header(packet.first(kRtcpHeaderSize), out.data());
  const ByteView body = packet.subspan(kRtcpHeaderSize);
  uint8_t* end = out.data() + packet.size();
  if (is_gcm(rtcp_)) {
    // RFC 7714 section 9.2: the AAD is the header and, behind it, the trailer; the trailer is sent
    // last.
    std::array<uint8_t, kRtcpHeaderSize + kTrailerSize> aad;
    memcpy(aad.data(), out.data(), kRtcpHeaderSize);
    memcpy(aad.data() + kRtcpHeaderSize, trailer.data(), kTrailerSize);
    rtcp_.begin_gcm(ssrc, rtcp_index_, aad);
    if (!body.empty()) rtcp_.crypt(body.data(), out.data() + kRtcpHeaderSize, body.size());
    rtcp_.finish_gcm(end);
    memcpy(end + rtcp_.tag_size(), trailer.data(), kTrailerSize);
  } else {
    rtcp_.begin(ssrc, rtcp_index_);
    if (!body.empty()) rtcp_.crypt(body.data(), out.data() + kRtcpHeaderSize, body.size());
    memcpy(end, trailer.data(), kTrailerSize);
    const HmacSha1::Digest digest = rtcp_.sign(out.first(packet.size() + kTrailerSize), {});
    memcpy(end + kTrailerSize, digest.data(), rtcp_.tag_size());
  }
  return packet.size() + overhead;
}

SrtpReceiveSession::SrtpReceiveSession(const SrtpMasterKey& master, Replay replay)
    : rtp_(derive_session_key(master, SrtpKind::Rtp), SrtpCipher::Direction::Unprotect),
      rtcp_(derive_session_key(master, SrtpKind::Rtcp), SrtpCipher::Direction::Unprotect),
      replay_(replay) {}

std::optional<size_t> SrtpReceiveSession::unprotect_rtp(ByteView packet, std::span<uint8_t> out) {
  const std::optional<size_t> header_size = rtp_header_size(packet);
  if (!header_size || packet.size() < *header_size + rtp_.tag_size() || out.size() < packet.size())
    return drop(stats_.malformed);
  const uint16_t sequence = load_u16(packet.data() + 2);
  const uint32_t ssrc = load_u32(packet.data() + 8);
  const ReplayWindow* window = rtp_streams_.find(ssrc);
  const uint64_t index = window ? window->guess_index(sequence) : sequence;
  if (replay_ == Replay::Reject && window && window->seen(index)) return drop(stats_.replayed);
  if (!open_rtp(packet, *header_size, ssrc, index, out.data())) return drop(stats_.unauthentic);
  rtp_streams_.add(ssrc, index);
  return packet.size() - rtp_.tag_size();
}

bool SrtpReceiveSession::open_rtp(ByteView packet, size_t header_size, uint32_t ssrc,
                                  uint64_t index, uint8_t* out) {
  const ByteView sealed = packet.first(packet.size() - rtp_.tag_size());
  const uint8_t* tag = packet.data() + sealed.size();
  const ByteView payload = sealed.subspan(header_size);
  if (is_gcm(rtp_)) {
    rtp_.begin_gcm(ssrc, index, sealed.first(header_size), tag);
    if (!payload.empty()) rtp_.crypt(payload.data(), out + header_size, payload.size());
    if (!rtp_.verified_gcm()) return false;
    copy_header(sealed.first(header_size), out);
    return true;
  }
  std::array<uint8_t, 4> suffix;
  store_u32(suffix.data(), static_cast<uint32_t>(index >> 16));
  const HmacSha1::Digest digest = rtp_.sign(sealed, suffix);
  if (CRYPTO_memcmp(digest.data(), tag, rtp_.tag_size()) != 0) return false;
  copy_header(sealed.first(header_size), out);
  rtp_.begin(ssrc, index);
  if (!payload.empty()) rtp_.crypt(payload.data(), out + header_size, payload.size());
  return true;
}

std::optional<size_t> SrtpReceiveSession::unprotect_rtcp(ByteView packet, std::span<uint8_t> out) {
  const size_t overhead = rtcp_.tag_size() + kTrailerSize;
  if (packet.size() < kRtcpHeaderSize + overhead || packet[0] >> 6 != 2 ||
      out.size() < packet.size())
    return drop(stats_.malformed);
  const uint32_t ssrc = load_u32(packet.data() + 4);
  const size_t trailer_at = packet.size() - (is_gcm(rtcp_) ? kTrailerSize : overhead);
  const uint32_t trailer = load_u32(packet.data() + trailer_at);
  const uint32_t index = trailer & kMaxRtcpIndex;
  const ReplayWindow* window = rtcp_streams_.find(ssrc);
  if (replay_ == Replay::Reject && window && window->seen(index)) return drop(stats_.replayed);
  if (!open_rtcp(packet, ssrc, trailer, out.data())) return drop(stats_.unauthentic);
  rtcp_streams_.add(ssrc, index);
  return packet.size() - overhead;
}

bool SrtpReceiveSession::open_rtcp(ByteView packet, uint32_t ssrc, uint32_t trailer, uint8_t* out) {
  const size_t size = packet.size() - rtcp_.tag_size() - kTrailerSize;
  const ByteView header = packet.first(kRtcpHeaderSize);
  const ByteView body = packet.subspan(kRtcpHeaderSize, size - kRtcpHeaderSize);
  const bool encrypted = trailer & kEncrypted;
  const uint32_t index = trailer & kMaxRtcpIndex;
  if (is_gcm(rtcp_)) {
    // RFC 7714 section 9.3 has packets with authentication only; DTLS-SRTP never makes them.
    if (!encrypted) return false;
    std::array<uint8_t, kRtcpHeaderSize + kTrailerSize> aad;
    memcpy(aad.data(), header.data(), kRtcpHeaderSize);
    store_u32(aad.data() + kRtcpHeaderSize, trailer);
    rtcp_.begin_gcm(ssrc, index, aad, packet.data() + size);
    if (!body.empty()) rtcp_.crypt(body.data(), out + kRtcpHeaderSize, body.size());
    if (!rtcp_.verified_gcm()) return false;
    copy_header(header, out);
    return true;
  }
  const HmacSha1::Digest digest = rtcp_.sign(packet.first(size + kTrailerSize), {});
  const uint8_t* tag = packet.data() + size + kTrailerSize;
  if (CRYPTO_memcmp(digest.data(), tag, rtcp_.tag_size()) != 0) return false;
  copy_header(header, out);
  if (body.empty()) return true;
  rtcp_.begin(ssrc, index);
  if (encrypted)
    rtcp_.crypt(body.data(), out + kRtcpHeaderSize, body.size());
  else
    memmove(out + kRtcpHeaderSize, body.data(), body.size());
  return true;
}

}  // namespace gstlk::transport
