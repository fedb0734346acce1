// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekit-server-sdk as a backend uses it.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';

import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';

import { assertHears, assertTalk } from './lib/checks.mjs';
import { kKey, kSecret } from './lib/daemon.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();
const service = (s) => new RoomServiceClient(s.daemon.http, kKey, kSecret);

stage.test('rooms are created, listed and deleted', async (s) => {
  const name = freshRoom('api');
  const room = await service(s).createRoom({ name, emptyTimeout: 60, maxParticipants: 2, metadata: 'about' });
  assert.match(room.sid, /^RM_/);
  assert.equal(room.maxParticipants, 2);
  const listed = await service(s).listRooms([name]);
  assert.deepEqual(listed.map((r) => [r.name, r.sid, r.metadata]), [[name, room.sid, 'about']]);
  await service(s).deleteRoom(name);
  assert.deepEqual(await service(s).listRooms([name]), []);
  await assert.rejects(service(s).deleteRoom(name), /requested room does not exist/);
});

stage.test('a room is full at maxParticipants', async (s) => {
  const name = freshRoom('full');
  await service(s).createRoom({ name, maxParticipants: 1 });
  await s.join(name, 'ada');
  const bob = await s.join(name, 'bob', { connect: false });
  await assert.rejects(bob.call('join', s.daemon.url, bob.token));
});

stage.test('participants are listed, muted and removed', async (s) => {
  const name = freshRoom('people');
  const ada = await s.join(name, 'ada');
  const bob = await s.join(name, 'bob');
  await Promise.all([ada.call('publish'), bob.call('publish')]);
  await assertTalk(ada, bob);

  const people = await service(s).listParticipants(name);
  assert.deepEqual(people.map((p) => p.identity).sort(), ['ada', 'bob']);
  const info = await service(s).getParticipant(name, 'ada');
  assert.equal(info.tracks.length, 2);

  const microphone = (await bob.call('remote', 'ada', 'microphone')).sid;
  await service(s).mutePublishedTrack(name, 'ada', microphone, true);
  await eventually(async () => (await bob.call('remote', 'ada', 'microphone')).muted, { what: 'bob sees ada muted' });
  await assertHears(ada, 'bob');
  await assert.rejects(service(s).mutePublishedTrack(name, 'ada', microphone, false), /remote unmute not enabled/);

  await service(s).removeParticipant(name, 'ada');
  await eventually(async () => (await bob.call('participants')).length === 0, { what: 'ada is gone' });
  assert.equal((await ada.call('events', 'Disconnected')).length, 1);
  await assert.rejects(service(s).getParticipant(name, 'ada'), /participant does not exist/);
});

stage.test('a deleted room throws everybody out', async (s) => {
  const name = freshRoom('deleted');
  const ada = await s.join(name, 'ada');
  await service(s).deleteRoom(name);
  await eventually(async () => (await ada.call('state')) === 'disconnected', { what: 'ada is out' });
});

stage.test('metadata, names and permissions change from outside', async (s) => {
  const name = freshRoom('update');
  const ada = await s.join(name, 'ada');
  const room = await service(s).updateRoomMetadata(name, 'new');
  assert.equal(room.metadata, 'new');
  await eventually(() => ada.page.evaluate(() => window.room.metadata === 'new'), { what: 'the room metadata' });
  await service(s).updateParticipant(name, 'ada', { name: 'Ada L.', metadata: 'm', permission: { canPublish: false, canSubscribe: true } });
  await eventually(() => ada.page.evaluate(() => {
    const local = window.room.localParticipant;
    return local.name === 'Ada L.' && local.metadata === 'm' && local.permissions.canPublish === false;
  }), { what: 'the participant changes' });
});

stage.test('data sent by a backend arrives', async (s) => {
  const name = freshRoom('send');
  const ada = await s.join(name, 'ada');
  await service(s).sendData(name, new TextEncoder().encode('from outside'), 0, { topic: 'b' });
  const [data] = await eventually(async () => {
    const all = await ada.call('takeData');
    return all.length && all;
  }, { what: 'the data' });
  assert.equal(data.text, 'from outside');
  assert.equal(data.from, undefined);
});

for (const singlePeerConnection of [true, false]) {
  const how = singlePeerConnection ? 'one peer connection' : 'two peer connections';
  stage.test(`a browser moves to another room over ${how}`, async (s) => {
    const lobby = freshRoom('lobby');
    const hall = freshRoom('hall');
    const options = { options: { singlePeerConnection } };
    const [ada, bob, eve] = [await s.join(lobby, 'ada', options), await s.join(lobby, 'bob', options), await s.join(hall, 'eve', options)];
    await Promise.all([ada, bob, eve].map((one) => one.call('publish')));
    await assertTalk(ada, bob);
    await service(s).moveParticipant(lobby, 'ada', hall);
    await assertTalk(ada, eve);
    await eventually(async () => (await bob.call('participants')).length === 0, { what: 'ada is gone for bob' });
    assert.deepEqual(await ada.call('participants'), ['eve']);
    assert.equal(await ada.page.evaluate(() => window.room.name), hall);
    assert.deepEqual((await ada.call('events')).filter((event) => /^(Disconnected|Reconnecting)$/.test(event.name)), []);

    // The token it was given is good for the new room alone.
    await ada.page.evaluate(() => window.room.simulateScenario('signal-reconnect'));
    await eventually(async () => (await ada.call('events', 'Reconnected')).length === 1, { what: 'ada has resumed' });
    await assertTalk(ada, eve);
    assert.deepEqual((await service(s).listParticipants(hall)).map((p) => p.identity).sort(), ['ada', 'eve']);
  });
}

stage.test('a token of the SDK joins', async (s) => {
  const room = freshRoom('sdk');
  const token = new AccessToken(kKey, kSecret, { identity: 'ada', name: 'Ada', metadata: 'm', ttl: '5m' });
  token.addGrant({ roomJoin: true, room });
  const ada = await s.join(room, 'ada', { connect: false });
  await ada.call('join', s.daemon.url, await token.toJwt());
  const info = await service(s).getParticipant(room, 'ada');
  assert.equal(info.name, 'Ada');
  assert.equal(info.metadata, 'm');
});
