// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Webhooks at a backend with livekit-server-sdk, of calls of real participants.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { dispose } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';

import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { NativeParticipant } from './lib/native.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';
import { startReceiver } from './lib/webhook_receiver.mjs';

after(() => dispose());

const service = (daemon) => new RoomServiceClient(daemon.http, kKey, kSecret);

function configuration(urls, { more = '', room = '' } = {}) {
  return `webhook:\n  urls: ${JSON.stringify(urls)}\n  api_key: ${kKey}\n${more}` +
    `room:\n  departure_timeout: 1\n${room}`;
}

/** Runs a test with a receiver and a daemon that tells it, and ends both whatever it says. */
function webhookTest(name, options, run) {
  test(name, { timeout: 60000 }, async () => {
    const receiver = await startReceiver();
    const spool = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-spool-'));
    const config = configuration([`${receiver.url}/hook`], {
      ...options,
      more: (options.more ?? '') + (options.spool ? `  spool_dir: ${spool}\n` : ''),
    });
    const stage = { receiver, spool, config, daemon: await startDaemon({ config }) };
    try {
      await run(stage);
      assert.deepEqual(receiver.errors, []);
    } catch (error) {
      const posts = receiver.posts.map((post) => `${post.status} ${post.body.slice(0, 100)}`);
      error.message = [error.message, ...posts, stage.daemon.log().slice(-3000)].join('\n');
      throw error;
    } finally {
      await stage.daemon.stop();
      await receiver.stop();
      fs.rmSync(spool, { recursive: true, force: true });
    }
  });
}

const taken = (receiver, count, timeout = 15000) => eventually(
  () => receiver.taken.length >= count, { timeout, what: `${count} events` });

async function joined(stage, room, identity, grants = {}) {
  const one = new NativeParticipant();
  await one.join(stage.daemon.url, joinToken(room, identity, grants));
  await eventually(() => stage.receiver.taken.some((post) => post.event.event === 'participant_joined' &&
    post.event.participant.identity === identity), { what: `${identity} is told to have joined` });
  return one;
}

/** The events' ids of a spool in the order in which they were written. */
function spooledIds(spool) {
  return fs.readdirSync(spool).filter((name) => name.endsWith('.event')).sort()
    .map((name) => JSON.parse(fs.readFileSync(path.join(spool, name), 'utf8').split('\n')[0]).id);
}

webhookTest('a call is told from its first to its last event', {}, async (stage) => {
  const { receiver } = stage;
  const room = freshRoom('call');
  const began = Math.floor(Date.now() / 1000);
  const ada = await joined(stage, room, 'ada', { canUpdateOwnMetadata: true });
  const bob = await joined(stage, room, 'bob');
  await ada.publishVideo();
  await taken(receiver, 4);
  await ada.publishAudio(440);
  await taken(receiver, 5);
  await ada.room.localParticipant.unpublishTrack(ada.videoPublication.sid);
  await taken(receiver, 6);
  await ada.leave();
  await taken(receiver, 8);
  await service(stage.daemon).removeParticipant(room, 'bob');
  await taken(receiver, 10);
  await bob.leave();

  assert.deepEqual(receiver.names, [
    'room_started', 'participant_joined', 'participant_joined', 'track_published', 'track_published',
    'track_unpublished', 'track_unpublished', 'participant_left', 'participant_left', 'room_finished',
  ]);
  assert.equal(receiver.posts.length, 10, 'each was posted once');
  assert.equal(new Set(receiver.taken.map((post) => post.event.id)).size, 10);
  for (const { event, json, headers } of receiver.taken) {
    assert.match(event.id, /^EV_[0-9A-Za-z]{12}$/);
    assert.equal(typeof json.createdAt, 'string');
    assert.ok(Number(event.createdAt) >= began && Number(event.createdAt) <= Date.now() / 1000, json.createdAt);
    assert.equal(event.room.name, room);
    assert.match(event.room.sid, /^RM_/);
    assert.equal(headers['content-type'], 'application/webhook+json');
    assert.ok(!headers.authorization.startsWith('Bearer'));
    const claims = JSON.parse(Buffer.from(headers.authorization.split('.')[1], 'base64url'));
    assert.deepEqual(Object.keys(claims).sort(), ['exp', 'iss', 'nbf', 'sha256']);
    assert.equal(claims.exp - claims.nbf, 300);
    for (const name of ['numDropped', 'egressInfo', 'ingressInfo', 'job']) assert.ok(!(name in json), name);
  }

  const [start, adaJoins, bobJoins, camera, microphone, cameraEnds, microphoneEnds, adaLeaves, bobLeaves, end] =
    receiver.taken.map((post) => post.json);
  assert.deepEqual(Object.keys(start).sort(), ['createdAt', 'event', 'id', 'room']);
  assert.equal(start.room.departureTimeout, 1);
  assert.equal(start.room.emptyTimeout, 300);
  assert.equal(typeof start.room.creationTime, 'string');
  assert.ok(start.room.enabledCodecs.some((codec) => codec.mime === 'video/VP8'));
  assert.ok(!('numParticipants' in start.room));

  assert.deepEqual(Object.keys(adaJoins).sort(), ['createdAt', 'event', 'id', 'participant', 'room']);
  assert.equal(adaJoins.room.numParticipants, 1);
  assert.equal(bobJoins.room.numParticipants, 2);
  assert.match(adaJoins.participant.sid, /^PA_/);
  assert.equal(adaJoins.participant.identity, 'ada');
  assert.equal(adaJoins.participant.name, 'ada');
  assert.equal(adaJoins.participant.state, 'ACTIVE');
  assert.equal(typeof adaJoins.participant.joinedAt, 'string');
  assert.equal(adaJoins.participant.permission.canPublish, true);
  assert.equal(adaJoins.participant.permission.canUpdateMetadata, true);

  for (const track of [camera, microphone, cameraEnds, microphoneEnds]) {
    assert.deepEqual(Object.keys(track).sort(), ['createdAt', 'event', 'id', 'participant', 'room', 'track']);
    assert.deepEqual(track.room, { sid: start.room.sid, name: room });
    assert.deepEqual(track.participant, { sid: adaJoins.participant.sid, identity: 'ada' });
  }
  assert.equal(camera.track.sid, cameraEnds.track.sid);
  assert.equal(camera.track.type, 'VIDEO');
  assert.equal(camera.track.source, 'CAMERA');
  assert.equal(camera.track.name, 'camera');
  assert.match(camera.track.mimeType, /^video\/vp8$/i);
  assert.equal(camera.track.width, 640);
  assert.equal(camera.track.height, 360);
  assert.equal(microphone.track.sid, microphoneEnds.track.sid);
  assert.ok(!('type' in microphone.track), 'AUDIO is the default');
  assert.equal(microphone.track.source, 'MICROPHONE');

  assert.equal(adaLeaves.participant.sid, adaJoins.participant.sid);
  assert.equal(adaLeaves.participant.state, 'DISCONNECTED');
  assert.equal(adaLeaves.participant.disconnectReason, 'CLIENT_INITIATED');
  assert.equal(adaLeaves.participant.isPublisher, true);
  assert.equal(adaLeaves.room.numParticipants, 1);
  assert.equal(bobLeaves.participant.disconnectReason, 'PARTICIPANT_REMOVED');
  assert.equal(end.room.sid, start.room.sid);
  assert.deepEqual(Object.keys(end).sort(), ['createdAt', 'event', 'id', 'room']);
});

webhookTest('who leaves before its media is connected has aborted', {}, async (stage) => {
  const room = freshRoom('aborted');
  const request = http.get(`${stage.daemon.http}/rtc?access_token=${joinToken(room, 'eve')}&protocol=16`, {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
    },
  });
  const [, socket] = await once(request, 'upgrade');
  await sleep(200);
  socket.destroy();
  await taken(stage.receiver, 3);
  assert.deepEqual(stage.receiver.names, ['room_started', 'participant_connection_aborted', 'room_finished']);
  const { participant } = stage.receiver.taken[1].json;
  assert.equal(participant.identity, 'eve');
  assert.equal(participant.state, 'DISCONNECTED');
});

webhookTest('events of tracks may have the whole room', { room: '  enable_full_room_in_webhooks: true\n' }, async (stage) => {
  const room = freshRoom('full');
  const ada = await joined(stage, room, 'ada');
  await ada.publishAudio(440);
  await taken(stage.receiver, 3);
  await ada.leave();
  const { json } = stage.receiver.taken[2];
  assert.equal(json.event, 'track_published');
  assert.equal(json.room.numParticipants, 1);
  assert.ok(json.room.enabledCodecs.length > 0);
});

webhookTest('the deletion of a room tells all that ends by it, in order', {}, async (stage) => {
  const room = freshRoom('deleted');
  await service(stage.daemon).createRoom({ name: room, metadata: 'made' });
  const ada = await joined(stage, room, 'ada');
  await ada.publishAudio(440);
  await taken(stage.receiver, 3);
  await service(stage.daemon).deleteRoom(room);
  await taken(stage.receiver, 6);
  await ada.leave();
  assert.deepEqual(stage.receiver.names.slice(2), ['track_published', 'track_unpublished', 'participant_left', 'room_finished']);
  assert.equal(stage.receiver.taken[0].json.room.metadata, 'made');
  assert.equal(stage.receiver.taken[4].json.participant.disconnectReason, 'ROOM_DELETED');
});

webhookTest('the end of the daemon is told before it ends', {}, async (stage) => {
  const ada = await joined(stage, freshRoom('end'), 'ada');
  process.kill(stage.daemon.pid, 'SIGTERM');  // Waits for ada; the next one does not.
  await sleep(200);
  await stage.daemon.stop();
  stage.daemon.stop = async () => {};
  assert.deepEqual(stage.receiver.names.slice(2), ['participant_left', 'room_finished']);
  assert.equal(stage.receiver.taken[2].json.participant.disconnectReason, 'SERVER_SHUTDOWN');
  await ada.leave();
});

webhookTest('a receiver that was away gets everything, in order and once', {}, async (stage) => {
  const { receiver } = stage;
  await receiver.stop();
  const room = freshRoom('away');
  for (let i = 0; i < 3; i += 1) {
    await service(stage.daemon).createRoom({ name: room });
    await service(stage.daemon).deleteRoom(room);
  }
  await sleep(1500);
  await receiver.listen();
  await taken(receiver, 6);
  assert.deepEqual(receiver.names, Array(3).fill(['room_started', 'room_finished']).flat());
  assert.equal(new Set(receiver.taken.map((post) => post.event.id)).size, 6);
  assert.equal(receiver.posts.length, 6);
});

webhookTest('what a killed daemon had not delivered is delivered by the next', { spool: true }, async (stage) => {
  const { receiver, spool } = stage;
  const room = freshRoom('killed');
  const ada = await joined(stage, room, 'ada');
  await eventually(() => spooledIds(spool).length === 0, { what: 'delivered events are gone' });
  receiver.answer = () => 503;
  await ada.publishAudio(440);
  const other = freshRoom('other');
  await service(stage.daemon).createRoom({ name: other });
  await service(stage.daemon).deleteRoom(other);
  await eventually(() => receiver.posts.filter((post) => post.status === 503).length >= 2, { what: 'refused posts' });
  const kept = spooledIds(spool);
  assert.equal(kept.length, 3);

  await stage.daemon.kill();
  receiver.answer = () => 200;
  const before = receiver.taken.length;
  stage.daemon = await startDaemon({ config: stage.config, ports: stage.daemon.ports });
  await taken(receiver, before + 3);
  const delivered = receiver.taken.slice(before);
  assert.deepEqual(delivered.slice(0, 3).map((post) => post.event.id).sort(), [...kept].sort());
  const names = (name) => delivered.filter((post) => post.event.room.name === name).map((post) => post.event.event);
  assert.deepEqual(names(other), ['room_started', 'room_finished']);
  assert.equal(names(room)[0], 'track_published');
  // What was refused is what was delivered, byte for byte.
  for (const refused of receiver.posts.filter((post) => post.status === 503)) {
    assert.equal(delivered.find((post) => post.event.id === refused.event.id).body, refused.body);
  }
  await ada.leave();
});

webhookTest('a whole outage fits on the disk, and the rooms do not feel it', { spool: true }, async (stage) => {
  const { receiver, spool, daemon } = stage;
  await receiver.stop();
  const before = daemon.residentKb();
  let slowest = 0;
  for (let i = 0; i < 300; i += 1) {
    const name = `outage-${i}`;
    const asked = Date.now();
    await service(daemon).createRoom({ name, metadata: 'x'.repeat(20000) });
    await service(daemon).deleteRoom(name);
    slowest = Math.max(slowest, Date.now() - asked);
  }
  assert.equal(spooledIds(spool).length, 600);
  assert.ok(slowest < 1000, `${slowest} ms`);
  // 12 MB of events; what is left of it in memory is what the allocator keeps.
  const grown = daemon.residentKb() - before;
  assert.ok(grown < 8000, `${grown} kB`);
  await receiver.listen();
  await taken(receiver, 600, 35000);
  for (let i = 0; i < 300; i += 1) {
    const ofRoom = receiver.taken.filter((post) => post.event.room.name === `outage-${i}`);
    assert.deepEqual(ofRoom.map((post) => post.event.event), ['room_started', 'room_finished']);
  }
  await eventually(() => spooledIds(spool).length === 0, { what: 'an empty spool' });
});

webhookTest('500 and 429 are tried again with the same event, other answers are not', {}, async (stage) => {
  const { receiver } = stage;
  const answers = [500, { status: 429, headers: { 'Retry-After': '3' } }, 200, 404, 200];
  receiver.answer = () => answers.shift() ?? 200;
  const room = freshRoom('again');
  await service(stage.daemon).createRoom({ name: room });
  await service(stage.daemon).deleteRoom(room);
  await service(stage.daemon).createRoom({ name: room });
  await taken(receiver, 2);
  const [first, second, third, fourth, fifth] = receiver.posts;
  assert.deepEqual(receiver.posts.map((post) => post.status), [500, 429, 200, 404, 200]);
  assert.equal(first.body, second.body);
  assert.equal(second.body, third.body);
  assert.ok(second.at - first.at >= 1000 && second.at - first.at < 2500, `${second.at - first.at} ms`);
  assert.ok(third.at - second.at >= 3000 && third.at - second.at < 5000, `${third.at - second.at} ms`);
  assert.equal(fourth.event.event, 'room_finished');
  assert.equal(fifth.event.event, 'room_started');
  assert.notEqual(fifth.event.id, first.event.id);
});

webhookTest('what does not fit into memory is counted in the next event', { more: '  resource_url_notifier: { max_depth: 2 }\n' }, async (stage) => {
  const { receiver } = stage;
  const answers = [500];
  receiver.answer = () => answers.shift() ?? 200;
  const room = freshRoom('dropped');
  for (let i = 0; i < 3; i += 1) {
    await service(stage.daemon).createRoom({ name: room });
    await service(stage.daemon).deleteRoom(room);
  }
  await taken(receiver, 2);
  assert.deepEqual(receiver.names, ['room_started', 'room_finished']);
  assert.deepEqual(receiver.taken.map((post) => post.event.numDropped), [4, 0]);
});

test('a configuration that names the backend and the secret by the environment works', { timeout: 30000 }, async () => {
  const receiver = await startReceiver();
  const config = 'webhook:\n  urls:\n    - ${BACKEND_URL}/api/webhooks/livekit\n  api_key: ${WEBHOOK_SECRET}\n';
  const daemon = await startDaemon({ config, env: { BACKEND_URL: receiver.url, WEBHOOK_SECRET: kSecret } });
  try {
    await service(daemon).createRoom({ name: 'seed' });
    await taken(receiver, 1);
    assert.deepEqual(receiver.errors, []);
    assert.equal(receiver.taken[0].path, '/api/webhooks/livekit');
  } finally {
    await daemon.stop();
    await receiver.stop();
  }
});

test('a slow receiver slows down neither the rooms nor the other receiver', { timeout: 60000 }, async () => {
  const [slow, quick] = [await startReceiver(), await startReceiver()];
  slow.answer = () => sleep(2000).then(() => 200);
  const daemon = await startDaemon({ config: configuration([slow.url, quick.url], { more: '  url_notifier: { num_workers: 4 }\n' }) });
  try {
    const began = Date.now();
    for (let i = 0; i < 10; i += 1) await service(daemon).createRoom({ name: `slow-${i}` });
    await taken(quick, 10, 1500);
    assert.ok(Date.now() - began < 1900, `${Date.now() - began} ms`);
    await taken(slow, 10, 12000);
    assert.equal(slow.mostOpen, 4);
    assert.deepEqual(slow.taken.map((post) => post.body).sort(), quick.taken.map((post) => post.body).sort());
    assert.deepEqual([...slow.errors, ...quick.errors], []);
  } finally {
    await daemon.stop();
    await slow.stop();
    await quick.stop();
  }
});

const filtered = (filter) => ({ more: `  filter_params: ${filter}\n` });

webhookTest('only included events are told', filtered('{ include_events: [room_finished], exclude_events: [room_finished] }'), async (stage) => {
  const room = freshRoom('filter');
  await service(stage.daemon).createRoom({ name: room });
  await service(stage.daemon).deleteRoom(room);
  await taken(stage.receiver, 1);
  await sleep(300);
  assert.deepEqual(stage.receiver.names, ['room_finished']);
});

webhookTest('excluded events are not told', filtered('{ exclude_events: [room_finished] }'), async (stage) => {
  const room = freshRoom('filter');
  await service(stage.daemon).createRoom({ name: room });
  await service(stage.daemon).deleteRoom(room);
  await service(stage.daemon).createRoom({ name: room });
  await taken(stage.receiver, 2);
  assert.deepEqual(stage.receiver.names, ['room_started', 'room_started']);
});

test('a key that is not one of the keys ends the start with a remedy', async () => {
  await assert.rejects(startDaemon({ config: 'webhook:\n  urls: ["http://127.0.0.1:1/"]\n  api_key: nobody' }), (error) => {
    assert.match(error.message, /livekit\.yaml:\d+: webhook\.api_key: expected the name of one of the keys, like devkey\n/);
    return true;
  });
});

test('a directory that cannot be written ends the start with a remedy', async () => {
  await assert.rejects(startDaemon({ config: configuration(['http://127.0.0.1:1/'], { more: '  spool_dir: /proc/nothing\n' }) }), (error) => {
    assert.match(error.message, /webhook\.spool_dir: cannot make \/proc\/nothing: .*; name a directory/);
    return true;
  });
});
