// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bad input over the network, while a call goes on beside it: the call is not harmed, the daemon lives
// and its memory stays where it was. The cores have their own tests and fuzz targets for what is sent.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import zlib from 'node:zlib';

import { besideACall } from './lib/beside.mjs';
import { throughRelay } from './lib/candidates.mjs';
import { assertTalk } from './lib/checks.mjs';
import { frame, openWebSocket } from './lib/raw_socket.mjs';
import { startRelay } from './lib/relay.mjs';
import { lengthDelimited } from './lib/schema.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { sleep } from './lib/wait.mjs';

const stage = makeStage();

async function sendUdp(port, packets) {
  const socket = dgram.createSocket('udp4');
  for (const [i, packet] of packets.entries()) {
    socket.send(packet, port, '127.0.0.1');
    if (i % 50 === 49) await sleep(1);
  }
  await sleep(100);
  socket.close();
}

const joinPath = (room, identity) => `/rtc?access_token=${joinToken(room, identity)}&auto_subscribe=1&protocol=15&sdk=js`;

stage.test('random UDP to the media port is dropped', (s) => besideACall(s, () =>
  sendUdp(s.daemon.ports.udp, Array.from({ length: 5000 }, () => crypto.randomBytes(1 + crypto.randomInt(1400))))));

stage.test('packets that begin like STUN, DTLS, RTP or RTCP and then end are dropped', (s) => besideACall(s, () => {
  const first = [0x00, 0x01, 0x16, 0x17, 0x40, 0x80, 0x90, 0xb0];
  const packets = Array.from({ length: 4000 }, (_, i) => {
    const packet = crypto.randomBytes(1 + (i % 60));
    packet[0] = first[i % first.length];
    return packet;
  });
  return sendUdp(s.daemon.ports.udp, packets);
}));

stage.test('replayed, corrupted and truncated STUN, DTLS and SRTP harm nobody', (s) => besideACall(s, async (room) => {
  const relay = await startRelay(s.daemon.ports.udp, { mangle: 20 });
  const cleo = await s.join(room, 'cleo', { before: throughRelay(relay.port) });
  await cleo.call('publish');
  const dora = await s.join(room, 'dora', { before: throughRelay(relay.port) });
  await dora.call('publish');
  await assertTalk(cleo, dora);
  await sleep(3000);
  await assertTalk(cleo, dora);
  const { mangled } = await relay.stop();
  assert.ok(mangled > 200, `${mangled} packets were mangled`);
}), { timeout: 90000 });

stage.test('garbage to the ICE/TCP port is closed', (s) => besideACall(s, async () => {
  await Promise.all(Array.from({ length: 50 }, () => new Promise((resolve) => {
    const socket = net.connect(s.daemon.ports.tcp, '127.0.0.1', () => socket.write(crypto.randomBytes(20000)));
    socket.on('error', () => {}).on('close', resolve).resume();
    setTimeout(() => socket.destroy(), 1500);
  })));
}));

/** Sends `bytes` and gives the code of the close frame that ends what the daemon answers. */
async function closeCodeAfter(socket, bytes) {
  let received = Buffer.alloc(0);
  socket.on('data', (data) => { received = Buffer.concat([received, data]).subarray(-4); });
  const ended = new Promise((resolve) => { socket.on('end', resolve).on('close', resolve); });
  socket.write(bytes);
  await Promise.race([ended, sleep(5000)]);
  socket.destroy();
  assert.equal(received.subarray(0, 2).toString('hex'), '8802', 'a close frame comes last');
  return received.readUInt16BE(2);
}

stage.test('a WebSocket that sends garbage is closed', (s) => besideACall(s, async (room) => {
  const kinds = [
    [1007, frame(1, Buffer.from([0xc3, 0x28]))],
    [1002, crypto.randomBytes(5000).fill(0xff, 0, 1)],
    [1002, Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    [1009, Buffer.concat(Array.from({ length: 50 }, (_, i) => frame(i ? 0 : 2, Buffer.alloc(60000), 0)))],
    [1008, frame(2, zlib.deflateRawSync(Buffer.alloc(200e6), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4), 0xc0)],
  ];
  for (const [code, bytes] of kinds) {
    const socket = await openWebSocket(s.daemon, joinPath(room, `garbage-${code}`));
    assert.equal(await closeCodeAfter(socket, bytes), code);
  }
}));

stage.test('a WebSocket that sends no messages of LiveKit is answered or ignored', (s) => besideACall(s, async (room) => {
  for (let i = 0; i < 20; i += 1) {
    const socket = await openWebSocket(s.daemon, joinPath(room, `nonsense-${i}`));
    for (let n = 0; n < 20; n += 1) socket.write(frame(2, crypto.randomBytes(200)));
    await sleep(20);
    socket.destroy();
  }
}));

stage.test('a WebSocket that pings and does not read is not answered for ever', (s) => besideACall(s, async (room) => {
  const socket = await openWebSocket(s.daemon, joinPath(room, 'pings'));
  socket.pause();
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(9, Buffer.alloc(125))));
  for (let i = 0; i < 200; i += 1) if (!socket.write(pings)) await Promise.race([once(socket, 'drain'), sleep(200)]);
  socket.destroy();
}));

stage.test('an SDP of a megabyte is refused', (s) => besideACall(s, async (room) => {
  const socket = await openWebSocket(s.daemon, joinPath(room, 'megabyte'));
  const sdp = `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n${'m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n'.repeat(18000)}`;
  const description = Buffer.concat([lengthDelimited(1, Buffer.from('offer')), lengthDelimited(2, Buffer.from(sdp))]);
  const ended = Promise.race([once(socket, 'end').then(() => true), sleep(5000)]);
  socket.write(frame(2, lengthDelimited(1, description)));
  assert.ok(await ended, 'the connection is closed');
  socket.destroy();
}));

async function halfOpenJoins(s, count) {
  const sockets = [];
  for (let i = 0; i < count; i += 50) {
    const opened = await Promise.all(Array.from({ length: 50 }, (_, n) => openWebSocket(s.daemon, joinPath(freshRoom('half'), `half-${i + n}`))));
    sockets.push(...opened);
  }
  assert.equal(sockets.length, count);
  sockets.forEach((socket) => socket.destroy());
  await sleep(3000);
}

stage.test('1,000 half-open joins come and go', async (s) => {
  // What the allocator keeps for the next crowd is there after the first.
  await halfOpenJoins(s, 1000);
  await besideACall(s, () => halfOpenJoins(s, 1000));
}, { timeout: 120000 });

stage.test('connections that never finish a request do not hold others up', (s) => besideACall(s, async () => {
  const sockets = Array.from({ length: 200 }, () => {
    const socket = net.connect(s.daemon.ports.http, '127.0.0.1', () => socket.write('GET /rtc HTTP/1.1\r\nHost: '));
    return socket.on('error', () => {});
  });
  await sleep(500);
  assert.equal((await fetch(`${s.daemon.http}/`)).status, 200);
  sockets.forEach((socket) => socket.destroy());
}));
