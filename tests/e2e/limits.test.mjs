// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Limits that the administrator sets, met by unmodified clients.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';

import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';

import { assertSees } from './lib/checks.mjs';
import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { parseExposition, total } from './lib/exposition.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage(null);

/** A test with a daemon of its own. */
function limited(name, limits, run, timeout = 60000) {
  stage.test(name, async (s) => {
    const lines = Object.entries(limits).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
    s.daemon = await startDaemon({ config: lines.length > 0 ? `limit:\n${lines.join('\n')}` : '' });
    try {
      await run(s);
      await Promise.all(s.open.splice(0).map((page) => page.context().close()));
    } finally {
      await s.daemon.stop();
      s.daemon = null;
    }
  }, { timeout });
}

const backend = (s) => new RoomServiceClient(s.daemon.http, kKey, kSecret);

/** As a backend makes it. */
async function sdkToken(room, identity) {
  const token = new AccessToken(kKey, kSecret, { identity, ttl: '1h' });
  token.addGrant({ roomJoin: true, room });
  return token.toJwt();
}

/** A WebSocket handshake: the answer's status, headers and words. */
async function handshake(s, token, headers = {}) {
  const request = http.get(`${s.daemon.http}/rtc?access_token=${token}&protocol=16`, {
    headers: {
      connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers,
    },
  });
  const answer = await Promise.race([once(request, 'response'), once(request, 'upgrade')]);
  const [response, socket] = answer;
  if (socket?.destroy && response.statusCode === 101) {
    socket.destroy();
    return { status: 101 };
  }
  let text = '';
  for await (const part of response) text += part;
  return { status: response.statusCode, headers: response.headers, text };
}

limited('pages of other origins get nothing, programs do', { allowed_origins: ['https://app.example.org'] }, async (s) => {
  const room = freshRoom('origins');
  const ada = await s.join(room, 'ada', { connect: false });  // of the test's site, which is not listed
  const failed = await ada.call('join', s.daemon.url, ada.token).then(() => null, (error) => error.message);
  assert.ok(failed, 'a page of another origin joined');
  assert.equal((await handshake(s, joinToken(room, 'bob'), { origin: 'https://app.example.org' })).status, 101);
  const other = await handshake(s, joinToken(room, 'bob'), { origin: 'https://evil.example.com' });
  assert.equal(other.status, 403);
  assert.equal(other.text, 'origin not allowed');
  const validate = (origin) => fetch(`${s.daemon.http}/rtc/validate?access_token=${ada.token}`, { headers: { origin } });
  assert.equal((await validate('https://app.example.org')).headers.get('access-control-allow-origin'), '*');
  assert.equal((await validate('https://evil.example.com')).headers.get('access-control-allow-origin'), null);
  await backend(s).listRooms();
});

limited('who asks too often has to wait, and is told for how long', { joins_per_minute: 6, api_requests_per_second: 2 }, async (s) => {
  const statuses = [];
  let last;
  for (let i = 0; i < 8; i += 1) {
    last = await handshake(s, 'nonsense');
    statuses.push(last.status);
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 401, 429, 429]);
  assert.match(last.text, /^too many joins from your address; try again in (9|10) s$/);
  assert.match(last.headers['retry-after'], /^(9|10)$/);

  const service = backend(s);
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => service.listRooms().then(() => 200, (error) => error.status)));
  assert.ok(outcomes.filter((status) => status === 200).length >= 4, `${outcomes}`);
  assert.ok(outcomes.filter((status) => status === 429).length >= 3, `${outcomes}`);
  await sleep(1200);
  await service.listRooms();
  assert.equal((await fetch(`${s.daemon.http}/`)).status, 200);
});

limited('a client that may not send more sends no more', { publish_bitrate: 400_000 }, async (s) => {
  const room = freshRoom('bitrate');
  const [ada, bob] = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  await ada.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8', videoEncoding: { maxBitrate: 2_500_000, maxFramerate: 30 } } });
  await assertSees(bob, 'ada');
  await sleep(8000);
  const bytes = async () => (await ada.call('sent', 'camera')).reduce((sum, entry) => sum + entry.bytesSent + entry.headerBytesSent, 0);
  const [before, start] = [await bytes(), performance.now()];
  await sleep(8000);
  const bitrate = (8000 * (await bytes() - before)) / (performance.now() - start);
  assert.ok(bitrate > 80_000 && bitrate < 450_000, `it sends ${bitrate} bit/s`);
  await assertSees(bob, 'ada');
}, 90000);

limited('what is above the limit all the same is dropped and counted', { publish_bitrate: 60_000 }, async (s) => {
  const ada = await s.join(freshRoom('rude'), 'ada');
  // However little is asked for, a voice needs its packets, and eight need eight times as many.
  for (let i = 0; i < 8; i += 1) await ada.call('publishTone', 440 + i, { name: `tone ${i}` });
  const dropped = async () => total(parseExposition(await (await fetch(`${s.daemon.http}/metrics`)).text()), 'livekit_packet_over_limit_total');
  await eventually(async () => (await dropped()) > 50, { timeout: 20000, what: 'packets are dropped' });
  assert.equal(s.daemon.log().match(/a peer sends more than the 60000 bit\/s/g)?.length, 1);
  assert.equal(await ada.call('state'), 'connected');
});

limited('data is read as fast as the limit says, and none is lost', { data_bytes_per_second: 100_000 }, async (s) => {
  const room = freshRoom('data-rate');
  const [ada, bob] = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  const part = 'x'.repeat(12_000);
  const start = performance.now();
  for (let i = 0; i < 50; i += 1) await ada.call('sendData', `${i} ${part}`, { reliable: true });
  const got = [];
  await eventually(async () => {
    got.push(...await bob.call('takeData'));
    return got.length === 50;
  }, { timeout: 30000, what: 'all messages are there' });
  const seconds = (performance.now() - start) / 1000;
  assert.deepEqual(got.map(({ text }) => Number(text.split(' ')[0])), Array.from({ length: 50 }, (_, i) => i));
  // 600 kB, of which 100 kB are free.
  assert.ok(seconds > 4 && seconds < 15, `it took ${seconds} s`);
});

limited('a removed participant needs a new token where that is configured', { revoke_tokens_of_removed: true }, async (s) => {
  const room = freshRoom('revoked');
  const bob = await s.join(room, 'bob');
  const ada = await s.join(room, 'ada', { connect: false });
  const old = await sdkToken(room, 'ada');
  await ada.call('join', s.daemon.url, old);
  await backend(s).removeParticipant(room, 'ada');
  await eventually(async () => (await ada.call('state')) === 'disconnected', { what: 'ada is out' });
  const refused = await handshake(s, old);
  assert.equal(refused.status, 401);
  assert.match(refused.text, /token is revoked/);
  assert.match(await ada.call('join', s.daemon.url, old).then(() => 'joined', (error) => error.message), /revoked|not authorized|could not establish/i);
  assert.equal((await handshake(s, await sdkToken(`${room}-other`, 'ada'))).status, 101);
  await sleep(1100);
  await ada.call('join', s.daemon.url, await sdkToken(room, 'ada'));
  assert.deepEqual(await bob.call('participants'), ['ada']);
});

limited('RemoveParticipant can say which tokens it makes invalid', {}, async (s) => {
  const room = freshRoom('revoke-ts');
  const ada = await s.join(room, 'ada');
  const old = await sdkToken(room, 'bob');
  const bob = await s.join(room, 'bob', { connect: false });
  await bob.call('join', s.daemon.url, old);
  await backend(s).removeParticipant(room, 'bob');
  await eventually(async () => (await bob.call('state')) === 'disconnected', { what: 'bob is out' });
  await bob.call('join', s.daemon.url, old);  // as with LiveKit
  await sleep(1100);
  await backend(s).removeParticipant(room, 'bob', { revokeTokenTs: BigInt(Math.floor(Date.now() / 1000)) });
  await eventually(async () => (await ada.call('participants')).length === 0, { what: 'bob is out again' });
  assert.equal((await handshake(s, old)).status, 401);
  assert.equal((await handshake(s, await sdkToken(room, 'bob'))).status, 101);
});

limited('a node with as many tracks as it may have takes nobody new', { num_tracks: 3 }, async (s) => {
  const room = freshRoom('tracks');
  const [ada, bob] = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  await ada.call('publish', { camera: true });
  await assertSees(bob, 'ada');
  const carl = () => handshake(s, joinToken(room, 'carl'));
  assert.equal((await carl()).status, 101);
  await ada.call('publish', { microphone: true });
  await eventually(async () => (await carl()).status === 503, { what: 'the node is full' });
  assert.equal((await carl()).text, 'node has exceeded its configured limit');
  const dora = await s.join(room, 'dora', { connect: false });
  await assert.rejects(dora.call('join', s.daemon.url, dora.token));
  await assert.rejects(backend(s).createRoom({ name: `${room}-other` }), /reached configured limit for node/);
  // Who is there stays, comes back and may do more.
  await bob.call('publish', { microphone: true });
  await bob.page.evaluate(() => window.room.simulateScenario('signal-reconnect'));
  await eventually(async () => (await bob.call('state')) === 'connected', { what: 'bob is back' });
  await assertSees(bob, 'ada');
  await ada.close();
  await eventually(async () => (await carl()).status === 101, { timeout: 40000, what: 'there is room again' });
}, 85000);

limited('a node that moves as many bytes as it may takes nobody new', { bytes_per_sec: 20_000 }, async (s) => {
  const room = freshRoom('bytes');
  const [ada, bob] = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  await ada.call('publish', { camera: true });
  await assertSees(bob, 'ada');
  const carl = () => handshake(s, joinToken(room, 'carl'));
  assert.equal((await carl()).status, 101);
  await eventually(async () => (await carl()).status === 503, { timeout: 30000, what: 'the node is full' });
  await ada.call('enable', 'Camera', false);
  await eventually(async () => (await carl()).status === 101, { timeout: 40000, what: 'the node has room again' });
}, 85000);
