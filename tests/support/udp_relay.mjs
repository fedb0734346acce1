// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A UDP relay that loses and delays packets, each way by itself, with a seed: what netem would do, for
// kernels without it and users without root.
//
//   node udp_relay.mjs --to <port> [--at <address>] [--from <port>] [--loss <percent>] [--delay <ms>] [--mangle <percent>] [--seed <number>]
//     [--extension <id>] [--rate <kbit/s>]
//
// The rate is that of each sender towards the target, as of a thin uplink: what would wait for longer than 300 ms is lost.
// Of the packets that arrive at the target it counts those with this RTP header extension. A mangled packet arrives, and after it once more the same, once with a wrong byte and once cut short.
// It listens on a free port of 127.0.0.1, or on <port> of <address>, prints {"port": N}, and one line of counts when it ends with
// its standard input. A line {"loss": <percent>} or {"rate": <kbit/s>} on that changes it from then on, no rate being 0. Each sender gets a socket of its own towards the target, as behind a NAT.

import dgram from 'node:dgram';
import { performance } from 'node:perf_hooks';
import readline from 'node:readline';

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
}

const target = Number(option('to'));
let loss = Number(option('loss', 0)) / 100;
const delay = Number(option('delay', 0));
const mangle = Number(option('mangle', 0)) / 100;
const extension = Number(option('extension', 0));
let rate = Number(option('rate', 0));
const counts = { passed: 0, lost: 0, mangled: 0, latest: 0, extended: 0 };

/** Whether RTP has the header extension of this id in its one-byte form (RFC 8285 section 4.2). */
function hasExtension(packet, id) {
  if (packet.length < 16 || packet[0] >> 6 !== 2 || !(packet[0] & 0x10)) return false;
  let at = 12 + 4 * (packet[0] & 0x0f);
  if (packet.length < at + 4 || packet.readUInt16BE(at) !== 0xbede) return false;
  const end = Math.min(packet.length, at + 4 + 4 * packet.readUInt16BE(at + 2));
  for (at += 4; at < end; at += packet[at] === 0 ? 1 : 2 + (packet[at] & 0x0f))
    if (packet[at] >> 4 === id) return true;
  return false;
}

/** Numbers from 0 to 1 that repeat with the seed (mulberry32). */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seededRandom(Number(option('seed', 1)));

function mangledCopies(packet) {
  const wrong = Buffer.from(packet);
  wrong[Math.floor(random() * wrong.length)] ^= 1 + Math.floor(random() * 255);
  return [packet, wrong, packet.subarray(0, Math.floor(random() * packet.length))];
}

const kLongestQueue = 300;

/** One direction: packets leave in the order in which they came, `delay` later, and one after the other where it is `thin`. */
class Line {
  constructor(send, thin) {
    this.send = send;
    this.thin = thin;
    this.freeAt = 0;
    this.waiting = [];
    this.timer = null;
  }

  push(packet) {
    const now = performance.now();
    const queue = this.thin && rate > 0 ? Math.max(0, this.freeAt - now) : 0;
    if (random() < loss || queue > kLongestQueue) {
      counts.lost += 1;
      return;
    }
    const sent = now + queue + (this.thin && rate > 0 ? packet.length * 8 / rate : 0);
    this.freeAt = sent;
    const due = sent + delay;
    this.waiting.push({ packet, due });
    if (mangle > 0 && random() < mangle) {
      counts.mangled += 1;
      this.waiting.push(...mangledCopies(packet).map((copy) => ({ packet: copy, due })));
    }
    this.timer ??= setTimeout(() => this.run(), due - now);
  }

  run() {
    const now = performance.now();
    while (this.waiting.length > 0 && this.waiting[0].due <= now + 0.5) {
      const { packet, due } = this.waiting.shift();
      counts.latest = Math.max(counts.latest, Math.round(now - due));
      counts.passed += 1;
      this.send(packet);
    }
    this.timer = this.waiting.length > 0 ? setTimeout(() => this.run(), this.waiting[0].due - now) : null;
  }
}

const kBuffer = 4 * 1024 * 1024;

function open(address) {
  const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: kBuffer, sendBufferSize: kBuffer });
  socket.on('error', () => {});  // A port that is closed at the other end: the packet is lost.
  if (address) socket.bind(address);
  return socket;
}

const front = open({ port: Number(option('from', 0)), address: option('at', '127.0.0.1') });
const senders = new Map();

function senderFor(from) {
  const key = `${from.address}:${from.port}`;
  let sender = senders.get(key);
  if (!sender) {
    const socket = open({ port: 0, address: '127.0.0.1' });
    const back = new Line((packet) => front.send(packet, from.port, from.address), false);
    socket.on('message', (packet) => back.push(packet));
    sender = new Line((packet) => {
      if (extension > 0 && hasExtension(packet, extension)) counts.extended += 1;
      socket.send(packet, target, '127.0.0.1');
    }, true);
    senders.set(key, sender);
  }
  return sender;
}

front.on('message', (packet, from) => senderFor(from).push(packet));
front.on('listening', () => console.log(JSON.stringify({ port: front.address().port })));
const orders = readline.createInterface({ input: process.stdin });
orders.on('line', (line) => {
  const order = JSON.parse(line);
  if ('loss' in order) loss = order.loss / 100;
  if ('rate' in order) rate = order.rate;
});
orders.on('close', () => {
  console.log(JSON.stringify(counts));
  process.exit(0);
});
