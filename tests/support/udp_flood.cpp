// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Datagrams that begin a session and come from nowhere: each with another source address and port,
// which takes a raw socket and so root, and a network of its own to be done in.
//
//   udp_flood stun|dtls ADDRESS PORT PER_SECOND SECONDS
//
// Prints how many it sent.
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Bytes = std::vector<uint8_t>;
using Random = std::minstd_rand;

constexpr size_t kBatch = 64;

void append(Bytes& out, std::initializer_list<unsigned> bytes) {
  for (const unsigned byte : bytes) out.push_back(static_cast<uint8_t>(byte));
}

void append_random(Bytes& out, size_t count, Random& random) {
  for (size_t i = 0; i < count; ++i) out.push_back(static_cast<uint8_t>(random() >> 8));
}

// An ICE check for a session that nobody has: RFC 8489 sections 5 and 14, RFC 8445 section 16.1.
Bytes stun_check(Random& random) {
  Bytes attributes;
  append(attributes, {0x00, 0x06, 0x00, 21});  // USERNAME
  for (int i = 0; i < 21; ++i) {
    const auto letter = static_cast<unsigned>('a' + random() / 256 % 26);
    append(attributes, {i == 16 ? unsigned{':'} : letter});
  }
  append(attributes, {0, 0, 0});                                      // padding
  append(attributes, {0x00, 0x24, 0x00, 4, 0x6e, 0x7f, 0x1e, 0xff});  // PRIORITY
  append(attributes, {0x00, 0x08, 0x00, 20});                         // MESSAGE-INTEGRITY
  append_random(attributes, 20, random);
  Bytes message;
  append(message,
         {0x00, 0x01, 0x00, static_cast<unsigned>(attributes.size()), 0x21, 0x12, 0xa4, 0x42});
  append_random(message, 12, random);
  message.insert(message.end(), attributes.begin(), attributes.end());
  return message;
}

// The first record of a handshake, whose ClientHello has no sense behind its head: RFC 6347 section
// 4.1, 4.2.2.
Bytes dtls_hello(Random& random) {
  constexpr unsigned kBody = 120;
  Bytes record;
  append(record, {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, kBody + 12});
  append(record, {1, 0, 0, kBody, 0, 0, 0, 0, 0, 0, 0, kBody, 0xfe, 0xfd});
  append_random(record, kBody - 2, random);
  return record;
}

uint16_t checksum_of(const iphdr& header) {
  std::array<uint16_t, sizeof header / 2> words;
  std::memcpy(words.data(), &header, sizeof header);
  uint32_t sum = 0;
  for (const uint16_t word : words) sum += word;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// 11.x.x.x to 126.x.x.x, nothing that a host takes for wrong.
uint32_t random_source(Random& random) {
  const auto first = static_cast<uint32_t>(11 + random() / 256 % 116);
  return first << 24 | (static_cast<uint32_t>(random()) & 0xffffff);
}

Bytes packet_of(const Bytes& payload, const sockaddr_in& to, Random& random) {
  iphdr ip{};
  ip.version = 4;
  ip.ihl = 5;
  ip.tot_len = htons(static_cast<uint16_t>(sizeof(iphdr) + sizeof(udphdr) + payload.size()));
  ip.ttl = 64;
  ip.protocol = IPPROTO_UDP;
  ip.saddr = htonl(random_source(random));
  ip.daddr = to.sin_addr.s_addr;
  ip.check = checksum_of(ip);
  udphdr udp{};  // without a checksum, as IPv4 allows
  udp.source = htons(static_cast<uint16_t>(1024 + random() / 256 % 60'000));
  udp.dest = to.sin_port;
  udp.len = htons(static_cast<uint16_t>(sizeof udp + payload.size()));
  Bytes packet(sizeof ip + sizeof udp);
  std::memcpy(packet.data(), &ip, sizeof ip);
  std::memcpy(packet.data() + sizeof ip, &udp, sizeof udp);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

bool send_batch(int fd, sockaddr_in to, bool stun, Random& random) {
  std::array<Bytes, kBatch> packets;
  std::array<iovec, kBatch> vectors;
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < kBatch; ++i) {
    packets[i] = packet_of(stun ? stun_check(random) : dtls_hello(random), to, random);
    vectors[i] = {packets[i].data(), packets[i].size()};
    msghdr& header = messages[i].msg_hdr;
    header.msg_name = &to;
    header.msg_namelen = sizeof to;
    header.msg_iov = &vectors[i];
    header.msg_iovlen = 1;
  }
  return sendmmsg(fd, messages.data(), kBatch, 0) == static_cast<int>(kBatch);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const bool stun = std::string(argv[1]) == "stun";
  sockaddr_in to{};
  to.sin_family = AF_INET;
  inet_pton(AF_INET, argv[2], &to.sin_addr);
  to.sin_port = htons(static_cast<uint16_t>(atoi(argv[3])));
  const auto pause =
      std::chrono::nanoseconds(1'000'000'000LL * kBatch / std::max(1, atoi(argv[4])));
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  if (fd < 0) {
    perror("socket");
    return 1;
  }
  Random random(std::random_device{}());
  auto next = std::chrono::steady_clock::now();
  const auto end = next + std::chrono::seconds(atoi(argv[5]));
  unsigned long sent = 0;
  for (; next < end; next += pause) {
    std::this_thread::sleep_until(next);
    if (std::chrono::steady_clock::now() > end) break;
    if (!send_batch(fd, to, stun, random)) {
      perror("sendmmsg");
      return 1;
    }
    sent += kBatch;
  }
  close(fd);
  printf("%lu\n", sent);
  return 0;
}
