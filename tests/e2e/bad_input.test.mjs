// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every field of everything that LiveKit's APIs and WebSockets take, with what it should not hold: made from
// the schema, as JSON and as protobuf. All of it is answered, and a call beside it is not harmed.

import assert from 'node:assert/strict';

import { JoinRequest, WrappedJoinRequest } from '@livekit/protocol';
import { RoomServiceClient } from 'livekit-server-sdk';

import { besideACall } from './lib/beside.mjs';
import { kKey, kSecret } from './lib/daemon.mjs';
import { frame, openWebSocket } from './lib/raw_socket.mjs';
import { hostileJson, hostileProtobuf, lengthDelimited, readSchema, unknownTypes } from './lib/schema.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken, rawToken } from './lib/token.mjs';

const kSlowest = 10000;  // milliseconds until an answer
const kCodes = ['invalid_argument', 'malformed', 'not_found', 'already_exists', 'failed_precondition', 'resource_exhausted',
  'unauthenticated', 'permission_denied', 'deadline_exceeded', 'canceled', 'unavailable', 'unimplemented', 'bad_route'];
const schema = readSchema();
const stage = makeStage({ config: 'room:\n  empty_timeout: 1\n' });
const tooMuch = Buffer.alloc(5_000_000, 0x20);

const kAll = { roomCreate: true, roomList: true, roomAdmin: true, roomRecord: true, ingressAdmin: true, room: '', destinationRoom: '' };
const token = rawToken({ sub: 'backend', video: kAll, sip: { admin: true, call: true } });

async function call(s, method, type, body) {
  const started = performance.now();
  const response = await fetch(`${s.daemon.http}/twirp/livekit.${method.service}/${method.name}`, {
    method: 'POST', headers: { 'content-type': type, authorization: `Bearer ${token}` }, body,
  });
  const answer = Buffer.from(await response.arrayBuffer());
  return { status: response.status, answer, took: performance.now() - started };
}

/** Calls `method` with each body, a few at a time; gives how often each status came. */
async function callAll(s, method, type, bodies) {
  const counts = {};
  const left = [...bodies];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let body = left.pop(); body !== undefined; body = left.pop()) {
      const { status, answer, took } = await call(s, method, type, body);
      const what = `${method.name} ${body.toString('latin1').slice(0, 200)}: ${status} ${answer.toString().slice(0, 300)}`;
      assert.ok(took < kSlowest, `${took} ms for ${what}`);
      counts[status] = (counts[status] ?? 0) + 1;
      if (status === 200) continue;
      const { code, msg } = JSON.parse(answer);
      // What waits for egress, ingress and SIP says so as LiveKit without Redis does.
      const absent = code === 'internal' && /not connected|not enabled/.test(msg);
      assert.ok(absent || (status < 500 && kCodes.includes(code)) || code === 'unimplemented', what);
      assert.equal(typeof msg, 'string', what);
    }
  }));
  return counts;
}

stage.test('the schema is read whole', async () => {
  assert.deepEqual(unknownTypes(schema), []);
  assert.ok(schema.methods.length >= 50, `${schema.methods.length} methods`);
});

stage.test('each field of each method, as JSON', (s) => besideACall(s, async () => {
  for (const method of schema.methods) {
    const depth = ['RoomService', 'AgentDispatchService'].includes(method.service) ? 2 : 0;
    const general = ['', '{', '[]', '5', '"x"', 'null', '{}', '{"noSuchField":1}', `{"room":${'['.repeat(100000)}`, `{"a":`.repeat(20000)];
    const counts = await callAll(s, method, 'application/json', [...general, ...hostileJson(schema, method.request, depth)]);
    assert.ok(Object.keys(counts).some((status) => status >= 400), `${method.name} takes anything: ${JSON.stringify(counts)}`);
  }
}, 60000), { timeout: 240000 });

stage.test('each field of each method, as protobuf', (s) => besideACall(s, async () => {
  for (const method of schema.methods.filter(({ service }) => ['RoomService', 'AgentDispatchService'].includes(service))) {
    const nested = Array(5000).fill(0).reduce((inner) => (inner.length > 60000 ? inner : lengthDelimited(6, inner)), Buffer.alloc(0));
    await callAll(s, method, 'application/protobuf', [Buffer.alloc(0), nested, ...hostileProtobuf(schema, method.request, 1)]);
  }
}, 60000), { timeout: 120000 });

stage.test('a body that is too long, of no type or cut short', (s) => besideACall(s, async () => {
  const method = { service: 'RoomService', name: 'CreateRoom' };
  for (const type of ['application/json', 'application/protobuf'])
    assert.ok([400, 413].includes((await call(s, method, type, tooMuch)).status));
  for (const type of ['text/plain', '', 'application/json; charset=utf-7'])
    assert.ok((await call(s, method, type, '{')).status >= 400);
  for (const path of ['/twirp/', '/twirp/livekit.RoomService', '/twirp/livekit.RoomService/NoSuch', '/twirp/livekit.Nothing/At', '/twirp/%2e%2e/%2e%2e/etc/passwd', `/twirp/${'x'.repeat(9000)}`]) {
    const { status } = await fetch(`${s.daemon.http}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    assert.ok(status >= 400 && status < 500, `${path.slice(0, 60)}: ${status}`);
  }
}));

/** Sends each of `messages` (opcode and payload); a socket that is closed for one is opened anew. Gives how many were. */
async function sendAll(open, messages) {
  let socket = null;
  let sockets = 0;
  let inFlight = 0;
  for (const [opcode, payload] of messages) {
    if (!socket || socket.destroyed || !socket.writable) {
      socket = await open(sockets += 1);
      socket.on('end', () => socket.destroy());
    }
    socket.write(frame(opcode, payload));
    // A turn for what it answers, so that it is known which sockets are closed.
    if ((inFlight += 1) % 10 === 0) await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
  socket.destroy();
  return sockets;
}

const join = new JoinRequest({ clientInfo: { sdk: 1, protocol: 16 }, connectionSettings: { autoSubscribe: true } });
const wrapped = new WrappedJoinRequest({ joinRequest: join.toBinary() });
const kParameters = {
  '/rtc': '&auto_subscribe=1&protocol=16&sdk=js',
  '/rtc/v1': `&join_request=${encodeURIComponent(Buffer.from(wrapped.toBinary()).toString('base64'))}`,
};

for (const version of Object.keys(kParameters)) {
  stage.test(`each field of each signal request to ${version}`, (s) => besideACall(s, async (room) => {
    const open = (i) => openWebSocket(s.daemon, `${version}?access_token=${joinToken(room, `hostile-${i}`)}${kParameters[version]}`);
    const requests = schema.messages.get('livekit.SignalRequest').filter(({ name }) => name !== 'leave');
    const messages = requests.flatMap((request) => [...hostileProtobuf(schema, request.type, 2)].map((inner) => [2, lengthDelimited(request.number, inner)]));
    const texts = [...hostileJson(schema, 'livekit.SignalRequest', 2)].filter((text) => !text.startsWith('{"leave"')).map((text) => [1, Buffer.from(text)]);
    const sockets = await sendAll(open, [...messages, ...texts]);
    console.log(`# ${messages.length} and ${texts.length} requests over ${sockets} connections`);
  }, 60000), { timeout: 240000 });
}

stage.test('each field of each message of an agent worker', (s) => besideACall(s, async () => {
  const authorization = `Bearer ${rawToken({ sub: 'worker', video: { agent: true } })}`;
  const register = lengthDelimited(1, Buffer.alloc(0));
  const open = async () => {
    const socket = await openWebSocket(s.daemon, '/agent', { authorization });
    socket.write(frame(2, register));
    return socket;
  };
  const messages = schema.messages.get('livekit.WorkerMessage').flatMap((kind) =>
    [...hostileProtobuf(schema, kind.type, 1)].map((inner) => [2, lengthDelimited(kind.number, inner)]));
  const texts = [...hostileJson(schema, 'livekit.WorkerMessage', 1)].map((text) => [1, Buffer.from(text)]);
  await sendAll(open, [...messages, ...texts]);
}, 60000), { timeout: 120000 });

stage.test('afterwards rooms can be made, listed and deleted as ever, and the log is short', async (s) => {
  const rooms = new RoomServiceClient(s.daemon.http, kKey, kSecret);
  const name = freshRoom('after');
  await rooms.createRoom({ name });
  assert.equal((await rooms.listRooms([name])).length, 1);
  for (const room of await rooms.listRooms()) await rooms.deleteRoom(room.name);
  assert.deepEqual(await rooms.listRooms(), []);
  assert.doesNotMatch(s.daemon.log(), /libprotobuf/, 'clients cannot fill the log');
});
