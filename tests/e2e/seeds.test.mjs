// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The documents of five people who planned their product on LiveKit. seeds/ has, word for word, what they wrote
// to start a server with; the daemon is started by it as docker would, on the ports that it names, and then does
// what the document describes.
//
// Of a compose file every service runs that is ours or coturn's: with its words, its environment, its files where it has
// them, and its ports, all of which are looked at. What ran is printed at the end.
//
// Waits for egress: recordings, HLS and their files (Dchat, migration plan, TalkPlatform UC-11, nself-chat).
// Waits for ingress: nself-chat's stream keys and RTMP. Waits for SIP: TalkPlatform UC-08.
// Waits for several nodes: the redis that others name.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { AccessToken, EgressClient, EncodedFileOutput, RoomServiceClient, TrackSource } from 'livekit-server-sdk';
import { parse } from 'yaml';

import { certificateFolder } from './lib/certificates.mjs';
import { assertSees, assertTalk } from './lib/checks.mjs';
import {
  argumentsOf, deadPorts, fromCompose, fromDockerRun, readEnv, servicesOf, startContainer,
} from './lib/containers.mjs';
import { startProgram } from './lib/daemon.mjs';
import { moveToOwnNetwork } from './lib/own_network.mjs';
import { makeStage } from './lib/stage.mjs';
import { eventually } from './lib/wait.mjs';
import { startReceiver } from './lib/webhook_receiver.mjs';

moveToOwnNetwork(import.meta.url);

const seed = (name) => fs.readFileSync(new URL(`./seeds/${name}`, import.meta.url), 'utf8');
const seedFile = (name) => new URL(`./seeds/${name}`, import.meta.url).pathname;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekit-sfu-seeds-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A file made of snippets of a document. */
function fileOf(...texts) {
  const file = path.join(folder, 'livekit.yaml');
  fs.writeFileSync(file, texts.join('\n'));
  return file;
}

const stage = makeStage(null, ['--ignore-certificate-errors']);

const ran = [];
after(() => ran.forEach((line) => console.log(`# ${line}`)));

/** Runs a test with a daemon that a container of the document would be; `dead` are its published ports that lead nowhere. */
function seedTest(name, start, run, { dead = [], ...options } = {}) {
  stage.test(name, async (s) => {
    const container = typeof start === 'function' ? await start() : start;
    const { args, env, volumes = [], ports = [] } = container;
    s.daemon = await startProgram(args, { env, volumes, folder, ...options });
    ran.push(`${name}: livekit-server ran as "livekit-sfu ${args.join(' ')}", variables ${Object.keys(env).join(' ') || 'none'}, `
      + `files ${volumes.map(({ outside, inside }) => (outside ? inside : `${inside} (not there)`)).join(' ') || 'none'}, `
      + `ports ${ports.join(' ') || 'of the host'}`);
    try {
      assert.deepEqual(deadPorts({ ports }, s.daemon.pid), dead, 'published ports that lead nowhere');
      await run(s, container);
    } catch (error) {
      error.message += `\n${s.daemon.log().slice(-3000)}`;
      throw error;
    } finally {
      const { daemon } = s;
      s.daemon = null;
      await daemon.stop();
    }
  }, { timeout: 90000 });
}

/** A backend of the document: its key, its tokens, its calls. */
function backend(url, key, secret) {
  return {
    rooms: new RoomServiceClient(url, key, secret),
    async token(room, identity, { grant = {}, ...options } = {}) {
      const token = new AccessToken(key, secret, { identity, ...options });
      token.addGrant({ roomJoin: true, room, ...grant });
      return token.toJwt();
    },
  };
}

/** A page that joins with a token of the backend. */
async function enter(s, url, token, identity, roomOptions = {}) {
  const page = await s.join('', identity, { connect: false });
  await page.call('join', url, token, roomOptions);
  return page;
}

const publishes = (one) => one.call('publish', { camera: true, microphone: true });
const canPublish = (one) => one.page.evaluate(() => window.room.localParticipant.permissions?.canPublish);

// ---- DaylightStation, a family's kiosk ---------------------------------------------------------------------

seedTest('DaylightStation: two kiosks call each other in a room for two', fromCompose(seed('daylight/docker-compose.yml'), {
  files: { './config/livekit.yaml': seedFile('daylight/livekit.yaml') },
}), async (s) => {
  const secrets = parse(seed('daylight/secrets.yml'));
  const url = parse(seed('daylight/services.yml')).livekit['kckern-server'];
  const { rooms, token } = backend(url, secrets.LIVEKIT_API_KEY, secrets.LIVEKIT_API_SECRET);
  const kiosk = (identity) => token('kitchen-call-1234', identity, { ttl: '6h', grant: { canPublish: true, canSubscribe: true } });
  const made = await rooms.createRoom({ name: 'kitchen-call-1234', maxParticipants: 2, emptyTimeout: 300 });
  assert.deepEqual([made.maxParticipants, made.emptyTimeout, made.departureTimeout], [2, 300, 20]);

  // services.yml has http:, which the client makes ws: of.
  const [kitchen, study] = [await enter(s, url, await kiosk('kitchen'), 'kitchen'), await enter(s, url, await kiosk('study'), 'study')];
  await Promise.all([kitchen, study].map(publishes));
  await assertTalk(kitchen, study);
  await assert.rejects(enter(s, url, await kiosk('phone'), 'phone'));
  assert.deepEqual((await rooms.listRooms()).map((room) => [room.name, room.numParticipants]), [['kitchen-call-1234', 2]]);

  await kitchen.call('enable', 'Microphone', false);
  await kitchen.call('enable', 'Camera', false);
  await eventually(async () => (await study.call('remote', 'kitchen', 'camera')).muted &&
    (await study.call('remote', 'kitchen', 'microphone')).muted, { what: 'the study sees the kitchen muted' });
  await kitchen.call('enable', 'Camera', true);
  await assertSees(study, 'kitchen');

  await rooms.deleteRoom('kitchen-call-1234');
  await eventually(async () => (await kitchen.call('state')) === 'disconnected' && (await study.call('state')) === 'disconnected',
    { what: 'both have hung up' });
  assert.deepEqual(await rooms.listRooms(), []);
});

// ---- Dchat -------------------------------------------------------------------------------------------------

function dchatToken(key, secret) {
  // As its Python service makes them: identity and name are the same, metadata beside.
  return (room, name) => backend('', key, secret).token(room, name, {
    name, metadata: JSON.stringify({ from: 'dchat' }), grant: { canPublish: true, canSubscribe: true },
  });
}

seedTest('Dchat: VideoConference of the docker run line, with the screen shared', fromDockerRun(seed('dchat/docker-run.sh')), async (s, { ports }) => {
  assert.deepEqual(ports, ['7880:7880', '7881:7881', '7882:7882/udp']);
  assert.match(s.daemon.log(), /port 7880 .* udp [0-9.]+ 7882.* tcp [0-9.]+ 7881/);
  assert.match(s.daemon.log(), /secret of devkey is shorter than 32 characters/);
  const token = dchatToken('devkey', 'secret');
  const people = [];
  for (const name of ['user_456', 'user_789']) {
    const query = new URLSearchParams({ url: 'ws://localhost:7880', token: await token('call_123', name) });
    people.push(await s.page(`${s.site.url('components')}?${query}`));
  }
  const tiles = (page) => page.evaluate(() => [...document.querySelectorAll('.lk-participant-tile video')]
    .filter((video) => video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 5).length);
  for (const page of people) await eventually(async () => (await tiles(page)) === 2, { timeout: 30000, what: 'two tiles with pictures' });
  await people[0].click('.lk-button[data-lk-source="screen_share"]');
  await eventually(async () => (await tiles(people[1])) === 3, { timeout: 30000, what: 'the screen beside them' });
  assert.ok(await people[1].evaluate(() => document.body.textContent.includes('user_456')), 'names are shown');
  await people[0].click('.lk-disconnect-button');
  await eventually(async () => (await tiles(people[1])) === 1, { what: 'one is left' });
});

// The document has no livekit.yaml, and nothing reads it.
seedTest('Dchat: the container of its compose file takes its backend\'s tokens', () => fromCompose(seed('dchat/docker-compose.yml'), {
  variables: readEnv(seed('dchat/backend.env')),
}), async (s) => {
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = readEnv(seed('dchat/backend.env'));
  const ada = await enter(s, s.daemon.url, await dchatToken(key, secret)('call_1', 'ada'), 'ada');
  const about = await backend(s.daemon.http, key, secret).rooms.getParticipant('call_1', 'ada');
  assert.deepEqual([about.name, about.metadata], ['ada', '{"from":"dchat"}']);
  assert.equal(await ada.call('state'), 'connected');
});

// ---- The migration plan of residents and visitors ----------------------------------------------------------

const kResident = readEnv(seed('resident/env.example'));
let receiver;

// The plan has the endpoint, and not how the server learns of it: by variables beside those of the file.
seedTest('migration plan: two headless browsers subscribe to each other, and the backend hears of it', async () => {
  receiver = await startReceiver({ key: kResident.LIVEKIT_API_KEY, secret: kResident.LIVEKIT_API_SECRET });
  const container = fromCompose(seed('resident/docker-compose.livekit.yml'), { variables: kResident });
  assert.equal(container.env.LIVEKIT_KEYS, 'lk_api_key_here:lk_api_secret_here');
  Object.assign(container.env, { LIVEKIT_WEBHOOK_URLS: `${receiver.url}/webhooks/livekit`, LIVEKIT_WEBHOOK_API_KEY: kResident.LIVEKIT_API_KEY });
  return container;
}, async (s) => {
  const { rooms, token } = backend(s.daemon.http, kResident.LIVEKIT_API_KEY, kResident.LIVEKIT_API_SECRET);
  const bandwidth = { adaptiveStream: false, dynacast: true };
  const resident = await enter(s, s.daemon.url, await token('visit', 'resident'), 'resident', bandwidth);
  const visitor = await enter(s, s.daemon.url, await token('visit', 'visitor'), 'visitor', bandwidth);
  await Promise.all([resident, visitor].map(publishes));
  await assertTalk(resident, visitor);
  const quality = () => visitor.page.evaluate(() => window.room.remoteParticipants.get('resident').connectionQuality);
  await eventually(async () => (await quality()) === 'excellent', { timeout: 20000, what: 'the network indicator' });

  const { tracks } = await rooms.getParticipant('visit', 'visitor');
  await rooms.mutePublishedTrack('visit', 'visitor', tracks.find((track) => track.source === TrackSource.MICROPHONE).sid, true);
  await eventually(async () => (await resident.call('remote', 'visitor', 'microphone')).muted, { what: 'the visitor is muted' });
  await rooms.removeParticipant('visit', 'visitor');
  await rooms.deleteRoom('visit');
  await eventually(() => receiver.names.includes('room_finished'), { what: 'the last webhook' });
  assert.deepEqual(receiver.errors, []);
  const told = receiver.taken.map(({ event }) => `${event.event} ${event.participant?.identity ?? ''}`.trim());
  assert.equal(told[0], 'room_started');
  assert.equal(told.at(-1), 'room_finished');
  for (const who of ['resident', 'visitor']) {
    assert.ok(told.includes(`participant_joined ${who}`) && told.includes(`participant_left ${who}`), told.join(', '));
    assert.equal(told.filter((each) => each === `track_published ${who}`).length, 2);
  }
  assert.ok(receiver.taken.every((post) => post.path === '/webhooks/livekit'));
  await receiver.stop();
  // The plan publishes a port for TURN, and never turns it on.
}, { dead: ['5349/tcp'] });

// ---- TalkPlatform ------------------------------------------------------------------------------------------

const kTalk = readEnv(seed('talkplatform/backend.env'));

seedTest('TalkPlatform: waiting room, host controls, chat and screen share', () => ({
  // Its snippets are sections of one livekit.yaml; the compose file that has the keys is not in the document.
  args: ['--config', fileOf(seed('talkplatform/tuning.yaml'), seed('talkplatform/redis.yaml'), seed('talkplatform/debug.yaml'))],
  env: { LIVEKIT_KEYS: `${kTalk.LIVEKIT_API_KEY}: ${kTalk.LIVEKIT_API_SECRET}` },
}), async (s) => {
  const url = kTalk.LIVEKIT_WS_URL;
  // Docker hands a published port to the container's own address.
  const [, own] = /tcp ([0-9.]+) 7881/.exec(s.daemon.log());
  for (const [script, expected] of [['health.sh', /^OK$/], ['metrics.sh', /^livekit_room_total/m]]) {
    const [asked] = argumentsOf('curl', seed(`talkplatform/${script}`));
    const response = await fetch(asked.replace('localhost', own));
    assert.equal(response.status, 200);
    assert.match(await response.text(), expected);
  }
  const { rooms, token } = backend(s.daemon.http, kTalk.LIVEKIT_API_KEY, kTalk.LIVEKIT_API_SECRET);
  const room = 'meeting-test-meeting-123';
  const role = (name) => JSON.stringify({ role: name });
  const waits = { metadata: role('participant'), grant: { canPublish: false, canSubscribe: false, canPublishData: false } };
  const host = await enter(s, url, await token(room, 'user-1', { metadata: role('host'), grant: { roomAdmin: true } }), 'user-1');
  const guests = [];
  for (const identity of ['user-2', 'user-3', 'user-4']) guests.push(await enter(s, url, await token(room, identity, waits), identity));
  const [admitted, alsoAdmitted, denied] = guests;
  await publishes(host);
  assert.equal((await rooms.listRooms([room]))[0].maxParticipants, 500);

  // UC-03: who waits sees nothing; admit, admit all, deny.
  await eventually(async () => (await admitted.call('participants')).includes('user-1'), { what: 'the host is known' });
  await assert.rejects(admitted.call('publish', { camera: true }), /insufficient permissions|not allowed/i);
  assert.equal((await admitted.call('remote', 'user-1', 'camera')).subscribed, false);
  const permission = { canPublish: true, canSubscribe: true, canPublishData: true };
  for (const { identity } of (await rooms.listParticipants(room)).filter((one) => ['user-2', 'user-3'].includes(one.identity)))
    await rooms.updateParticipant(room, identity, { permission });
  await rooms.removeParticipant(room, 'user-4');
  await eventually(async () => (await denied.call('state')) === 'disconnected', { what: 'the third is out' });
  for (const one of [admitted, alsoAdmitted]) await eventually(() => canPublish(one), { what: `${one.identity} may publish` });
  await publishes(admitted);
  await assertTalk(host, admitted);
  await assertSees(alsoAdmitted, 'user-2');

  // UC-06 and UC-07.
  await admitted.page.evaluate(() => window.room.localParticipant.setScreenShareEnabled(true, { contentHint: 'detail' }));
  await assertSees(host, 'user-2', 'screen_share');
  await host.call('listenText', 'lk.chat');
  await eventually(async () => (await admitted.call('participants')).includes('user-1'));
  await admitted.call('sendText', 'hello host', { topic: 'lk.chat' });
  await eventually(async () => (await host.call('takeText')).some((text) => text.text === 'hello host' && text.from === 'user-2'), { what: 'the chat' });
  await alsoAdmitted.call('sendData', '👏', { reliable: false, topic: 'reactions', destinationIdentities: ['user-1'] });
  await eventually(async () => (await host.call('takeData')).some((data) => data.text === '👏' && data.topic === 'reactions'), { what: 'the reaction' });

  // UC-09: mute, hand the meeting over, end it.
  const sid = (await host.call('remote', 'user-2', 'microphone')).sid;
  await rooms.mutePublishedTrack(room, 'user-2', sid, true);
  await eventually(async () => (await host.call('remote', 'user-2', 'microphone')).muted, { what: 'user-2 is muted' });
  await rooms.updateParticipant(room, 'user-2', { metadata: role('host') });
  await eventually(() => host.page.evaluate(() => window.room.remoteParticipants.get('user-2').metadata.includes('host')), { what: 'the new host' });
  await rooms.deleteRoom(room);
  for (const one of [host, admitted, alsoAdmitted])
    await eventually(async () => (await one.call('state')) === 'disconnected', { what: `${one.identity} is out` });
});

// Without checkTURN, and without checkConnectionProtocol, which passes and takes 25 seconds.
const kChecks = ['checkWebsocket', 'checkWebRTC', 'checkReconnect', 'checkPublishAudio', 'checkPublishVideo'];
const kSuccess = 3;  // CheckStatus.SUCCESS
const certificate = certificateFolder();
after(() => certificate.remove());

seedTest('TalkPlatform: in production the green room checks devices and connection over WSS', () => {
  certificate.renew();
  const text = seed('talkplatform/production.yaml').replace('/path/to/cert.pem', certificate.certificate).replace('/path/to/key.pem', certificate.key);
  return { args: ['--config', fileOf(text)], env: { LIVEKIT_KEYS: 'prod-api-key-secure: prod-secret-256-chars' } };
}, async (s) => {
  assert.match(s.daemon.url, /^wss:/);
  const { token } = backend(s.daemon.http, 'prod-api-key-secure', 'prod-secret-256-chars');
  const page = await s.join('', 'guest', { connect: false });
  await Promise.all(kChecks.map(async (check) => {
    const jwt = await token(`green-room-${check}`, 'guest');
    const result = await page.page.evaluate(async ([url, own, name]) => {
      const { ConnectionCheck } = window.lk.client;
      const { status, logs } = await new ConnectionCheck(url, own)[name]();
      return { status, logs: logs.map(({ message }) => message) };
    }, [s.daemon.url, jwt, check]);
    assert.equal(result.status, kSuccess, `${check}: ${JSON.stringify(result)}`);
  }));
}, { tls: true });

// ---- nself-chat --------------------------------------------------------------------------------------------

const kNself = readEnv(seed('nself/app.env'));
const kCoturnAddress = '172.18.0.3';

/** The coturn.conf that the document leaves to its reader, with what its compose file and its variables say. */
function coturnFile() {
  const file = path.join(folder, 'turnserver.conf');
  fs.writeFileSync(file, ['use-auth-secret', `static-auth-secret=${kNself.TURN_SECRET}`, `realm=${kNself.TURN_SERVER_URL}`,
    'listening-port=3478', 'tls-listening-port=5349', 'min-port=49152', 'max-port=49200', 'no-cli', 'log-file=stdout'].join('\n'));
  return file;
}

const nselfServices = () => servicesOf(seed('nself/docker-compose.yml'), {
  variables: kNself, files: { './config/livekit.yaml': seedFile('nself/livekit.yaml'), './config/turnserver.conf': coturnFile() },
});
const nselfContainer = () => nselfServices().livekit;
// Its comment has them the other way round: 7881 is TCP, and nobody listens on TCP 7882, with LiveKit neither.
const kNselfDead = ['7882/tcp'];

// The file names variables that only compose has.
seedTest('nself-chat: the container of its compose file starts, by the keys of its environment', nselfContainer, async (s) => {
  const { rooms } = backend(s.daemon.http, kNself.LIVEKIT_API_KEY, kNself.LIVEKIT_API_SECRET);
  assert.deepEqual(await rooms.listRooms(), []);
  assert.match(s.daemon.log(), /livekit\.yaml:12: \$\{LIVEKIT_API_KEY\} is not set in the environment: this key is left out/);
  assert.match(s.daemon.log(), /\$\{BACKEND_URL\} is not set in the environment: this URL is left out/);
}, { dead: kNselfDead });

seedTest('nself-chat: every method of its service, with the variables given', async () => {
  const secret = 'a secret of the webhooks alone, by openssl rand';
  receiver = await startReceiver({ key: kNself.LIVEKIT_API_KEY, secret });
  const container = nselfContainer();
  Object.assign(container.env, kNself, { BACKEND_URL: receiver.url, WEBHOOK_SECRET: secret });
  return container;
}, async (s) => {
  const { rooms, token } = backend(s.daemon.http, kNself.LIVEKIT_API_KEY, kNself.LIVEKIT_API_SECRET);
  // room.auto_create is false.
  await assert.rejects(enter(s, s.daemon.url, await token('call', 'ada'), 'ada'));
  assert.equal((await rooms.createRoom({ name: 'call' })).maxParticipants, 100);
  assert.deepEqual((await rooms.listRooms()).map((room) => room.name), ['call']);
  assert.equal((await rooms.listRooms(['call']))[0].emptyTimeout, 300);
  // Its backend gives the ICE servers of its coturn, with credentials that expire.
  const { coturn: service } = nselfServices();
  const coturn = await startContainer({ ...service, args: ['-c', '/etc/coturn/turnserver.conf'] }, 'turnserver', kCoturnAddress, folder);
  await eventually(() => deadPorts(service, coturn.pid).every((port) => port === '5349/tcp'), { what: `coturn listens\n${coturn.log()}` });
  const others = Object.entries(nselfServices()).filter(([name]) => !['livekit', 'coturn'].includes(name));
  ran.push(`nself-chat: not run: ${others.map(([name, { image }]) => `${name} (${image})`)}, redis, which the file only names`);
  ran.push(`nself-chat: coturn ran at ${kCoturnAddress} with its file ${service.volumes[0].inside}, ports ${service.ports.join(' ')}`);
  const username = `${Math.floor(Date.now() / 1000) + 3600}:ada`;
  const credential = crypto.createHmac('sha1', kNself.TURN_SECRET).update(username).digest('base64');
  const iceServers = [{ urls: `turn:${kCoturnAddress}:3478`, username, credential }];
  const ada = await enter(s, s.daemon.url, await token('call', 'ada'), 'ada', {
    connect: { rtcConfig: { iceServers, iceTransportPolicy: 'relay' } },
  });
  const bob = await enter(s, s.daemon.url, await token('call', 'bob'), 'bob');
  await Promise.all([ada, bob].map(publishes));
  await assertTalk(ada, bob);
  assert.deepEqual([...new Set(await ada.call('routes'))], ['relay/udp']);

  assert.deepEqual((await rooms.listParticipants('call')).map((one) => one.identity).sort(), ['ada', 'bob']);
  const { tracks } = await rooms.getParticipant('call', 'ada');
  await rooms.mutePublishedTrack('call', 'ada', tracks.find((track) => track.source === TrackSource.CAMERA).sid, true);
  await eventually(async () => (await bob.call('remote', 'ada', 'camera')).muted, { what: 'ada\'s camera is muted' });
  await rooms.sendData('call', new TextEncoder().encode('{"reaction":"fire"}'), 0, { topic: 'reactions' });
  for (const one of [ada, bob])
    await eventually(async () => (await one.call('takeData')).some((data) => data.text === '{"reaction":"fire"}'), { what: 'the data' });
  await rooms.updateRoomMetadata('call', '{"status":"active"}');
  await rooms.updateParticipant('call', 'ada', { metadata: '{"hand":"up"}' });
  await eventually(() => bob.page.evaluate(() => window.room.metadata === '{"status":"active"}' &&
    window.room.remoteParticipants.get('ada').metadata === '{"hand":"up"}'), { what: 'the metadata' });
  await rooms.removeParticipant('call', 'ada');
  await eventually(async () => (await ada.call('state')) === 'disconnected', { what: 'ada is out' });

  const egress = new EgressClient(s.daemon.http, kNself.LIVEKIT_API_KEY, kNself.LIVEKIT_API_SECRET);
  await assert.rejects(egress.startRoomCompositeEgress('call', new EncodedFileOutput({ filepath: 'call.mp4' })), /egress not connected/);

  await rooms.deleteRoom('call');
  await eventually(async () => (await bob.call('state')) === 'disconnected', { what: 'the call is over' });
  await eventually(() => receiver.names.includes('room_finished'), { what: 'the webhook of the end' });
  assert.deepEqual(receiver.errors, []);
  assert.ok(receiver.taken.every((post) => post.path === '/api/webhooks/livekit'));
  await receiver.stop();
  await coturn.stop();
}, { dead: kNselfDead });
