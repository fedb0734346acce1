// SPDX-License-Identifier: LGPL-2.1-or-later
// libsrtp2 is the oracle: what we make must be what it makes, and each opens the other's packets.
#include "transport/srtp.h"

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>

#include "hex.h"

namespace gstlk::transport {
namespace {

constexpr uint32_t kSsrc = 0x12345678;

SrtpMasterKey make_master(SrtpProfile profile, uint32_t seed) {
  std::mt19937 random(seed);
  SrtpMasterKey master{profile};
  for (uint8_t& byte : master.key) byte = static_cast<uint8_t>(random());
  for (size_t i = 0; i < srtp_salt_size(profile); ++i)
    master.salt[i] = static_cast<uint8_t>(random());
  return master;
}

struct SrtpDeleter {
  void operator()(srtp_ctx_t_* session) const { srtp_dealloc(session); }
};
using LibSrtp = std::unique_ptr<srtp_ctx_t_, SrtpDeleter>;

LibSrtp make_oracle(const SrtpMasterKey& master, srtp_ssrc_type_t direction) {
  [[maybe_unused]] static const srtp_err_status_t initialized = srtp_init();
  srtp_policy_t policy{};
  if (master.profile == SrtpProfile::AeadAes128Gcm) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
  } else {
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
  }
  std::array<uint8_t, 30> key{};
  std::copy(master.key.begin(), master.key.end(), key.begin());
  std::copy_n(master.salt.begin(), srtp_salt_size(master.profile), key.begin() + 16);
  policy.key = key.data();
  policy.ssrc.type = direction;
  policy.window_size = 128;
  srtp_t session = nullptr;
  EXPECT_EQ(srtp_create(&session, &policy), srtp_err_status_ok);
  return LibSrtp(session);
}

struct RtpPacket {
  Bytes bytes;
  size_t header_size;
};

RtpPacket make_rtp(std::mt19937& random, uint16_t sequence, size_t payload_size) {
  const size_t csrcs = random() % 4;
  const bool extension = random() % 2;
  const size_t words = random() % 5;
  RtpPacket packet;
  ByteWriter writer(packet.bytes);
  writer.u8(static_cast<uint8_t>(0x80 | (extension ? 0x10 : 0) | csrcs));
  writer.u8(static_cast<uint8_t>(random() % 2 << 7 | 96));
  writer.u16(sequence);
  writer.u32(static_cast<uint32_t>(random()));
  writer.u32(kSsrc);
  for (size_t i = 0; i < csrcs; ++i) writer.u32(static_cast<uint32_t>(random()));
  if (extension) {
    writer.u16(0xbede);
    writer.u16(static_cast<uint16_t>(words));
    for (size_t i = 0; i < words; ++i) writer.u32(static_cast<uint32_t>(random()));
  }
  packet.header_size = writer.size();
  for (size_t i = 0; i < payload_size; ++i) writer.u8(static_cast<uint8_t>(random()));
  return packet;
}

Bytes make_rtcp(std::mt19937& random, size_t words) {
  Bytes packet;
  ByteWriter writer(packet);
  writer.u8(0x81);
  writer.u8(200);
  writer.u16(static_cast<uint16_t>(words + 1));
  writer.u32(kSsrc);
  for (size_t i = 0; i < words; ++i) writer.u32(static_cast<uint32_t>(random()));
  return packet;
}

class SrtpTest : public testing::TestWithParam<SrtpProfile> {
 protected:
  Bytes protect(const RtpPacket& packet, size_t head = 0) {
    Bytes out(packet.bytes.size() + sender_.rtp_overhead());
    const ByteView all(packet.bytes);
    const ByteView payload = all.subspan(packet.header_size);
    const uint32_t roc = state_.roc_for(load_u16(all.data() + 2));
    head = std::min(head, payload.size());
    EXPECT_EQ(sender_.protect_rtp(all.first(packet.header_size), payload.first(head),
                                  payload.subspan(head), out.data(), roc),
              out.size());
    return out;
  }
  Bytes protect_control(const Bytes& packet) {
    Bytes out(packet.size() + SrtpSendSession::kMaxRtcpOverhead);
    out.resize(sender_.protect_rtcp(packet, out).value_or(0));
    return out;
  }
  std::optional<Bytes> unprotect(const Bytes& packet) {
    Bytes out(packet.size());
    const auto size = receiver_.unprotect_rtp(packet, out);
    if (!size) return std::nullopt;
    out.resize(*size);
    return out;
  }

  const SrtpMasterKey master_ = make_master(GetParam(), 7);
  std::mt19937 random_{42};
  SrtpSendSession sender_{master_};
  SrtpReceiveSession receiver_{master_};
  SrtpStreamState state_;
};

TEST_P(SrtpTest, MakesTheBytesThatLibsrtpMakes) {
  const LibSrtp oracle = make_oracle(master_, ssrc_any_outbound);
  // Through the wrap of the sequence number, with heads of all lengths.
  for (int i = 0; i < 4000; ++i) {
    const RtpPacket packet = make_rtp(random_, static_cast<uint16_t>(63000 + i), random_() % 1200);
    Bytes expected = packet.bytes;
    expected.resize(packet.bytes.size() + SRTP_MAX_TRAILER_LEN);
    int size = static_cast<int>(packet.bytes.size());
    ASSERT_EQ(srtp_protect(oracle.get(), expected.data(), &size), srtp_err_status_ok);
    expected.resize(static_cast<size_t>(size));
    ASSERT_EQ(protect(packet, random_() % 100), expected) << i;
  }
}

TEST_P(SrtpTest, OpensWhatLibsrtpMakes) {
  const LibSrtp oracle = make_oracle(master_, ssrc_any_outbound);
  for (int i = 0; i < 4000; ++i) {
    const RtpPacket packet = make_rtp(random_, static_cast<uint16_t>(63000 + i), random_() % 1200);
    Bytes sealed = packet.bytes;
    sealed.resize(packet.bytes.size() + SRTP_MAX_TRAILER_LEN);
    int size = static_cast<int>(packet.bytes.size());
    ASSERT_EQ(srtp_protect(oracle.get(), sealed.data(), &size), srtp_err_status_ok);
    sealed.resize(static_cast<size_t>(size));
    ASSERT_EQ(unprotect(sealed), packet.bytes) << i;
  }
}

TEST_P(SrtpTest, OpensWhatItMakesOutOfOrderAcrossTheWrap) {
  std::vector<std::pair<Bytes, Bytes>> packets;
  for (int i = 0; i < 2000; ++i) {
    const RtpPacket packet = make_rtp(random_, static_cast<uint16_t>(64600 + i), 40);
    packets.emplace_back(packet.bytes, protect(packet));
  }
  for (size_t i = 0; i + 50 <= packets.size(); i += 50)
    std::shuffle(packets.begin() + static_cast<long>(i),
                 packets.begin() + static_cast<long>(i + 50), random_);
  for (const auto& [plain, sealed] : packets) ASSERT_EQ(unprotect(sealed), plain);
}

TEST_P(SrtpTest, RtcpIsTheSameAsLibsrtps) {
  const LibSrtp protect_oracle = make_oracle(master_, ssrc_any_outbound);
  const LibSrtp open_oracle = make_oracle(master_, ssrc_any_inbound);
  for (int i = 0; i < 1000; ++i) {
    const Bytes packet = make_rtcp(random_, random_() % 60);
    Bytes expected = packet;
    expected.resize(packet.size() + SRTP_MAX_TRAILER_LEN + 4);
    int size = static_cast<int>(packet.size());
    ASSERT_EQ(srtp_protect_rtcp(protect_oracle.get(), expected.data(), &size), srtp_err_status_ok);
    expected.resize(static_cast<size_t>(size));
    ASSERT_EQ(protect_control(packet), expected) << i;

    Bytes opened(expected.size());
    const auto opened_size = receiver_.unprotect_rtcp(expected, opened);
    ASSERT_TRUE(opened_size) << i;
    opened.resize(*opened_size);
    ASSERT_EQ(opened, packet);
    ASSERT_EQ(srtp_unprotect_rtcp(open_oracle.get(), expected.data(), &size), srtp_err_status_ok);
  }
}

TEST_P(SrtpTest, WorksInPlace) {
  const RtpPacket packet = make_rtp(random_, 1, 500);
  Bytes buffer = protect(packet);
  const auto size = receiver_.unprotect_rtp(buffer, buffer);
  ASSERT_EQ(size, packet.bytes.size());
  buffer.resize(*size);
  EXPECT_EQ(buffer, packet.bytes);

  const Bytes control = make_rtcp(random_, 20);
  Bytes in_place = control;
  in_place.resize(control.size() + SrtpSendSession::kMaxRtcpOverhead);
  in_place.resize(*sender_.protect_rtcp(ByteView(in_place).first(control.size()), in_place));
  in_place.resize(*receiver_.unprotect_rtcp(in_place, in_place));
  EXPECT_EQ(in_place, control);
}

TEST_P(SrtpTest, TakesAHeaderThatIsInPlaceAlready) {
  const RtpPacket packet = make_rtp(random_, 1, 300);
  const ByteView all(packet.bytes);
  Bytes out(all.begin(), all.begin() + static_cast<long>(packet.header_size));
  out.resize(packet.bytes.size() + sender_.rtp_overhead());
  sender_.protect_rtp(ByteView(out).first(packet.header_size), {}, all.subspan(packet.header_size),
                      out.data(), 0);
  EXPECT_EQ(out, protect(packet));
}

TEST_P(SrtpTest, RejectsReplaysUnlessToldNotTo) {
  const Bytes sealed = protect(make_rtp(random_, 1, 100));
  EXPECT_TRUE(unprotect(sealed));
  EXPECT_FALSE(unprotect(sealed));
  EXPECT_EQ(receiver_.stats().replayed, 1u);

  SrtpReceiveSession lenient(master_, SrtpReceiveSession::Replay::Accept);
  Bytes out(sealed.size());
  EXPECT_TRUE(lenient.unprotect_rtp(sealed, out));
  EXPECT_TRUE(lenient.unprotect_rtp(sealed, out));
  EXPECT_EQ(lenient.stats().replayed, 0u);
}

TEST_P(SrtpTest, RejectsReplayedRtcp) {
  const Bytes sealed = protect_control(make_rtcp(random_, 5));
  Bytes out(sealed.size());
  EXPECT_TRUE(receiver_.unprotect_rtcp(sealed, out));
  EXPECT_FALSE(receiver_.unprotect_rtcp(sealed, out));
  EXPECT_EQ(receiver_.stats().replayed, 1u);
}

TEST_P(SrtpTest, RejectsEveryChangedByteAndEveryTruncation) {
  const RtpPacket packet = make_rtp(random_, 1, 60);
  const Bytes sealed = protect(packet);
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 0x01;
    EXPECT_FALSE(unprotect(changed)) << i;
    EXPECT_FALSE(unprotect(Bytes(sealed.begin(), sealed.begin() + static_cast<long>(i)))) << i;
  }
  const Bytes control = protect_control(make_rtcp(random_, 10));
  Bytes out(control.size());
  for (size_t i = 0; i < control.size(); ++i) {
    Bytes changed = control;
    changed[i] ^= 0x01;
    EXPECT_FALSE(receiver_.unprotect_rtcp(changed, out)) << i;
    EXPECT_FALSE(receiver_.unprotect_rtcp(ByteView(control).first(i), out)) << i;
  }
  // Nothing of that moved the windows.
  EXPECT_EQ(unprotect(sealed), packet.bytes);
  EXPECT_TRUE(receiver_.unprotect_rtcp(control, out));
}

TEST_P(SrtpTest, RefusesRtcpThatDoesNotFit) {
  const Bytes packet = make_rtcp(random_, 2);
  Bytes small(packet.size() + 13);
  EXPECT_FALSE(sender_.protect_rtcp(packet, small));
  EXPECT_FALSE(sender_.protect_rtcp(ByteView(packet).first(7), small));
}

INSTANTIATE_TEST_SUITE_P(BothProfiles, SrtpTest,
                         testing::Values(SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmSha1_80),
                         [](const auto& info) {
                           return info.param == SrtpProfile::AeadAes128Gcm ? "Gcm" : "CmSha1";
                         });

TEST(SrtpStreamState, CountsTheWrapsAndStepsBackForRetransmissions) {
  SrtpStreamState state;
  EXPECT_EQ(state.roc_for(65534), 0u);
  EXPECT_EQ(state.roc_for(65535), 0u);
  EXPECT_EQ(state.roc_for(0), 1u);
  EXPECT_EQ(state.roc_for(65535), 0u);
  EXPECT_EQ(state.roc_for(1), 1u);
}

TEST(SrtpKeys, DeriveTheKeysOfRfc3711) {
  // Appendix B.3.
  SrtpMasterKey master{SrtpProfile::Aes128CmSha1_80};
  std::ranges::copy(from_hex("E1F97A0D3E018BE0D64FA32C06DE4139"), master.key.begin());
  std::ranges::copy(from_hex("0EC675AD498AFEEBB6960B3AABE6"), master.salt.begin());
  const SrtpSessionKey session = derive_session_key(master, SrtpKind::Rtp);
  EXPECT_EQ(Bytes(session.key.begin(), session.key.end()),
            from_hex("C61E7A93744F39EE10734AFE3FF7A087"));
  EXPECT_EQ(Bytes(session.salt.begin(), session.salt.end()),
            from_hex("30CBBC08863D8C85D49DB34A9AE10000"));
  EXPECT_EQ(Bytes(session.authentication.begin(), session.authentication.end()),
            from_hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

TEST(SrtpCipher, SealsThePacketOfRfc7714) {
  // Section 16.1.1.
  SrtpSessionKey key{SrtpProfile::AeadAes128Gcm};
  std::ranges::copy(from_hex("000102030405060708090a0b0c0d0e0f"), key.key.begin());
  std::ranges::copy(from_hex("517569642070726f2071756f"), key.salt.begin());
  const Bytes header = from_hex("8040f17b8041f8d35501a0b2");
  const Bytes payload = from_hex(
      "47616c6c696120657374206f6d6e697320646976697361"
      "20696e207061727465732074726573");
  SrtpCipher cipher(key, SrtpCipher::Direction::Protect);
  Bytes out(payload.size() + cipher.tag_size());
  cipher.begin_gcm(0x5501a0b2, 0xf17b, header);
  cipher.crypt(payload.data(), out.data(), payload.size());
  cipher.finish_gcm(out.data() + payload.size());
  EXPECT_EQ(out, from_hex("f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf"
                          "8833899d7f27beb16a9152cf765ee4390cce"));
}

}  // namespace
}  // namespace gstlk::transport
