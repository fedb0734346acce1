// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The relay of the loss test does what it claims.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';

import { startRelay } from './lib/relay.mjs';
import { median, sleep } from './lib/wait.mjs';

async function udpSocket() {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Sends 1,000 numbered packets to an echo through a relay; what came back and how long it took. */
async function roundTrip(options) {
  const echo = await udpSocket();
  echo.on('message', (packet, from) => echo.send(packet, from.port, from.address));
  const relay = await startRelay(echo.address().port, options);
  const socket = await udpSocket();
  const numbers = [];
  const times = [];
  socket.on('message', (packet) => {
    numbers.push(packet.readUInt32BE(0));
    times.push(performance.now() - packet.readDoubleBE(4));
  });
  for (let i = 0; i < 1000; i += 1) {
    const packet = Buffer.alloc(100);
    packet.writeUInt32BE(i, 0);
    packet.writeDoubleBE(performance.now(), 4);
    socket.send(packet, relay.port, '127.0.0.1');
    if (i % 10 === 9) await sleep(1);
  }
  await sleep(2 * options.delay + (options.wait ?? 200));
  const counts = await relay.stop();
  socket.close();
  echo.close();
  return { numbers, times, counts };
}

test('the relay loses its share, delays each way and keeps the order', async () => {
  const { numbers, times, counts } = await roundTrip({ loss: 5, delay: 40, seed: 7 });
  assert.ok(numbers.length > 850 && numbers.length < 950, `${numbers.length} came back`);
  assert.equal(counts.lost, 1000 - numbers.length);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  assert.ok(Math.min(...times) >= 79, `${Math.min(...times)} ms`);
  assert.ok(median(times) < 110, `${median(times)} ms`);
});

test('the relay without loss passes everything', async () => {
  const { numbers, counts } = await roundTrip({ loss: 0, delay: 0 });
  assert.equal(numbers.length, 1000);
  assert.equal(counts.lost, 0);
});

test('the relay with a rate towards its target delays, and loses what would wait for long', async () => {
  // 800 kbit within a tenth of a second and a bit: 300 ms of them wait.
  const { numbers, times, counts } = await roundTrip({ loss: 0, delay: 0, rate: 1000, wait: 600 });
  assert.ok(numbers.length > 350 && numbers.length < 700, `${numbers.length} came back`);
  assert.equal(counts.lost, 1000 - numbers.length);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  assert.ok(Math.max(...times) > 250 && Math.max(...times) < 400, `${Math.max(...times)} ms`);
});
