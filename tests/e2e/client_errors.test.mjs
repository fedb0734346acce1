// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What livekitsrc and livekitsink say when they cannot do what they are told.

import assert from 'node:assert/strict';

import { RoomServiceClient } from 'livekit-server-sdk';

import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { joins, pipelineTests } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();
const elementTest = pipelineTests(stage);
const kLines = {
  livekitsrc: (properties) => `audiotestsrc is-live=true ! fakesink livekitsrc name=e ${properties}`,
  livekitsink: (properties) => `audiotestsrc is-live=true ! livekitsink name=e ${properties}`,
};

async function errorOf(start, line) {
  const pipeline = start(line);
  await eventually(() => pipeline.errors().length > 0, { what: `an error of ${line}` });
  const [error] = pipeline.errors();
  assert.doesNotMatch(error + pipeline.log(), /eyJ/, 'a token is told');
  return error;
}

for (const [element, line] of Object.entries(kLines)) {
  elementTest(`${element} says what is wrong with its settings`, async (s, start) => {
    const wrong = (properties) => errorOf(start, line(properties));
    assert.match(await wrong(''), /set auth-token, or api-key and secret-key/);
    assert.match(await wrong('api-key=a secret-key=b identity=i'), /set room-name/);
    assert.match(await wrong('api-key=a secret-key=b room-name=r'), /set identity/);
    assert.match(await wrong('auth-token=t ws-url=ftp://host'), /does not begin with ws:\/\//);
  });

  elementTest(`${element} says that there is no server`, async (s, start) => {
    const properties = joins(s.daemon, 'room', 'e', 'ws://127.0.0.1:1');
    assert.match(await errorOf(start, line(`${properties} timeout=2`)), /could not be reached.*Check ws-url \(ws:\/\/127\.0\.0\.1:1\)/);
  });

  elementTest(`${element} says why the server refuses it`, async (s, start) => {
    const refused = (properties) => errorOf(start, line(`ws-url=${s.daemon.url} ${properties}`));
    assert.match(await refused(`api-key=${kKey} secret-key=wrong-secret-of-enough-length room-name=r identity=e`), /refused the join: .*Check the token/);
    assert.match(await refused('auth-token=not-a-token'), /refused the join/);
    const rooms = new RoomServiceClient(s.daemon.http, kKey, kSecret);
    const room = freshRoom('full');
    await rooms.createRoom({ name: room, maxParticipants: 1 });
    const first = start(kLines.livekitsrc(joins(s.daemon, room, 'first')));
    await first.waitForState('connected');
    assert.match(await errorOf(start, line(`${joins(s.daemon, room, 'second')} timeout=2`)), /lets nobody else into the room .*JOIN_FAILURE.*may be full/);
  }, { timeout: 60000 });

  elementTest(`${element} says that it was removed, and that another one took its identity`, async (s, start) => {
    const rooms = new RoomServiceClient(s.daemon.http, kKey, kSecret);
    const room = freshRoom('removed');
    const removed = start(line(joins(s.daemon, room, 'e')));
    await removed.waitForState('connected');
    await rooms.removeParticipant(room, 'e');
    await eventually(() => removed.errors().length > 0, { what: 'the error of the removed one' });
    assert.match(removed.errors()[0], /has ended this participant's session.*removed/i);
    const older = start(line(joins(s.daemon, room, 'e')));
    await older.waitForState('connected');
    const newer = start(line(joins(s.daemon, room, 'e')));
    await newer.waitForState('connected');
    await eventually(() => older.errors().length > 0, { what: 'the error of the older one' });
    assert.match(older.errors()[0], /duplicate.identity/i);
    assert.deepEqual(newer.errors(), []);
  }, { timeout: 60000 });

  elementTest(`${element} gives up a lost server after reconnect-timeout`, async (s, start) => {
    const daemon = await startDaemon();
    const pipeline = start(line(`${joins(daemon, freshRoom('lost'), 'e')} reconnect-timeout=3`));
    await pipeline.waitForState('connected');
    await daemon.kill();
    await eventually(() => pipeline.errors().length > 0, { timeout: 20000, what: 'the error' });
    assert.match(pipeline.errors()[0], /could not be reached/);
  }, { timeout: 60000 });

  elementTest(`${element} without leave to subscribe is in the room nevertheless`, async (s, start) => {
    const room = freshRoom('deaf');
    const deaf = joinToken(room, 'e', { canSubscribe: false });
    const pipeline = start(line(`ws-url=${s.daemon.url} auth-token=${deaf}`));
    await pipeline.waitForState('connected');
    assert.deepEqual(pipeline.errors(), []);
    const warnings = pipeline.messages.filter((message) => message.bus === 'warning').map((message) => message.text);
    if (element === 'livekitsrc') assert.match(warnings.join(), /The token does not allow to subscribe/);
  });

  elementTest(`${element} without leave to join or to publish says so`, async (s, start) => {
    const room = freshRoom('grants');
    const nowhere = joinToken('e', room, { roomJoin: false });
    assert.match(await errorOf(start, line(`ws-url=${s.daemon.url} auth-token=${nowhere}`)), /refused the join: .*permission/i);
    if (element !== 'livekitsink') return;
    const mute = joinToken('e', room, { canPublish: false });
    assert.match(await errorOf(start, line(`ws-url=${s.daemon.url} auth-token=${mute}`)), /cannot be published.*Check what the token allows/);
  });
}
