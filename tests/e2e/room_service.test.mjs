// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every method of livekit-server-sdk's RoomServiceClient, and PerformRpc that it has not, on participants
// of rtc-node.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { dispose, RoomEvent, SimulateScenarioKind } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';

import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { NativeParticipant } from './lib/native.mjs';
import { freshRoom, joinToken, rawToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

let daemon;
before(async () => { daemon = await startDaemon({ config: 'room:\n  departure_timeout: 1\n' }); });
after(async () => {
  await daemon?.stop();
  dispose();
});

const service = () => new RoomServiceClient(daemon.http, kKey, kSecret);
const text = (value) => new TextEncoder().encode(value);

function roomTest(name, run) {
  test(name, { timeout: 60000 }, async () => {
    const guests = [];
    const join = async (room, identity, grants) => {
      const one = new NativeParticipant();
      guests.push(one);
      await one.join(daemon.url, joinToken(room, identity, grants));
      return one;
    };
    try {
      await run(join);
    } catch (error) {
      error.message = [error.message, daemon.log().slice(-3000)].join('\n');
      throw error;
    } finally {
      await Promise.allSettled(guests.map((guest) => guest.leave()));
    }
  });
}

/** What the node SDK has no method for. */
async function performRpc(room, body) {
  const response = await fetch(`${daemon.http}/twirp/livekit.RoomService/PerformRpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${rawToken({ sub: 'b', video: { roomAdmin: true, room } })}` },
    body: JSON.stringify({ room, ...body }),
  });
  return { status: response.status, ...(await response.json()) };
}

roomTest('rooms and participants are made, listed, changed and removed', async (join) => {
  const name = freshRoom('service');
  const made = await service().createRoom({
    name, emptyTimeout: 60, departureTimeout: 30, maxParticipants: 5, metadata: 'about', minPlayoutDelay: 0, maxPlayoutDelay: 0,
    nodeId: 'ND_any',
  });
  assert.deepEqual([made.emptyTimeout, made.departureTimeout, made.maxParticipants, made.metadata], [60, 30, 5, 'about']);
  const ada = await join(name, 'ada');
  const bob = await join(name, 'bob');
  await ada.publish();
  await eventually(() => bob.seen.get('ada')?.frames > 5, { what: 'bob sees ada' });

  assert.equal((await service().listRooms([name, 'none'])).length, 1);
  assert.deepEqual((await service().listParticipants(name)).map((p) => p.identity).sort(), ['ada', 'bob']);
  assert.deepEqual(await service().listParticipants('none'), []);
  const { tracks } = await service().getParticipant(name, 'ada');
  const camera = tracks.find((track) => track.source === 1).sid;

  await service().updateSubscriptions(name, 'bob', [camera], false);
  await eventually(async () => {
    const { frames } = bob.seen.get('ada');
    await sleep(1000);
    return bob.seen.get('ada').frames === frames;
  }, { what: 'bob is sent nothing' });
  await service().updateSubscriptions(name, 'bob', [camera], true);
  const seen = bob.seen.get('ada').frames;
  await eventually(() => bob.seen.get('ada').frames !== seen, { what: 'bob sees ada again' });

  const muted = await service().mutePublishedTrack(name, 'ada', camera, true);
  assert.equal(muted.muted, true);
  await assert.rejects(service().mutePublishedTrack(name, 'ada', camera, false), /remote unmute not enabled/);

  const updated = await service().updateParticipant(name, 'bob', { name: 'Bob B.', metadata: 'm', attributes: { a: '1', b: '' } });
  assert.deepEqual([updated.name, updated.metadata, updated.attributes.a], ['Bob B.', 'm', '1']);
  await eventually(() => ada.room.remoteParticipants.get('bob').attributes.a === '1', { what: 'ada sees it' });
  await assert.rejects(service().updateParticipant(name, 'bob', { name: 'n'.repeat(257) }), (error) =>
    error.code === 'invalid_argument' && /name length exceeds limits 256/.test(error.message));

  await service().updateRoomMetadata(name, 'new');
  await eventually(() => ada.room.metadata === 'new', { what: 'the metadata of the room' });

  await service().sendData(name, text('to bob'), 0, { topic: 't', destinationIdentities: ['bob'] });
  await eventually(() => bob.data.some((data) => data.text === 'to bob' && data.topic === 't'), { what: 'the data' });
  assert.equal(ada.data.length, 0);

  await service().removeParticipant(name, 'bob');
  await eventually(async () => (await service().listParticipants(name)).length === 1, { what: 'bob is out' });
  await assert.rejects(service().removeParticipant(name, 'bob'), /participant does not exist/);
  await service().deleteRoom(name);
  assert.deepEqual(await service().listRooms([name]), []);
});

roomTest('a backend calls a method of a participant', async (join) => {
  const name = freshRoom('rpc');
  const ada = await join(name, 'ada');
  ada.room.localParticipant.registerRpcMethod('twice', async ({ payload }) => payload + payload);
  ada.room.localParticipant.registerRpcMethod('never', () => new Promise(() => {}));
  assert.deepEqual(await performRpc(name, { destination_identity: 'ada', method: 'twice', payload: 'ha' }), { status: 200, payload: 'haha' });
  const unknown = await performRpc(name, { destination_identity: 'ada', method: 'none' });
  assert.deepEqual([unknown.status, unknown.code], [400, 'invalid_argument']);
  assert.match(unknown.msg, /^RpcError 1400: /);
  const late = await performRpc(name, { destination_identity: 'ada', method: 'never', response_timeout_ms: 1000 });
  assert.deepEqual([late.status, late.code, late.msg], [408, 'canceled', 'RpcError 1502: Response timeout']);
  assert.equal((await performRpc(name, { method: 'twice' })).msg, 'destination identity is required');
  assert.equal((await performRpc(name, { destination_identity: 'bob', method: 'twice' })).code, 'not_found');
});

roomTest('a participant moves to another room on the connection it has', async (join) => {
  const lobby = freshRoom('lobby');
  const stage = freshRoom('stage');
  const ada = await join(lobby, 'ada');
  const bob = await join(lobby, 'bob');
  const eve = await join(stage, 'eve');
  await Promise.all([ada.publish(), bob.publish(), eve.publish()]);
  await eventually(() => bob.seen.get('ada')?.frames > 5 && ada.seen.get('bob')?.frames > 5, { what: 'ada and bob talk' });
  let moves = 0;
  let disconnects = 0;
  ada.room.on(RoomEvent.Moved, () => { moves += 1; });
  ada.room.on(RoomEvent.Disconnected, () => { disconnects += 1; });

  await service().moveParticipant(lobby, 'ada', stage);
  await eventually(() => eve.seen.get('ada')?.frames > 10 && eve.heard.get('ada')?.level > 0.05, { what: 'eve sees and hears ada' });
  await eventually(() => ada.seen.get('eve')?.frames > 10 && ada.heard.get('eve')?.level > 0.05, { what: 'ada sees and hears eve' });
  await eventually(() => !bob.room.remoteParticipants.has('ada'), { what: 'ada is gone for bob' });
  assert.equal(moves, 1);
  assert.equal(disconnects, 0);
  assert.equal(ada.room.name, stage);
  assert.deepEqual((await service().listParticipants(stage)).map((p) => p.identity).sort(), ['ada', 'eve']);
  assert.deepEqual((await service().listParticipants(lobby)).map((p) => p.identity), ['bob']);

  await ada.room.localParticipant.publishData(text('here'), { reliable: true });
  await eventually(() => eve.data.some((data) => data.text === 'here' && data.from === 'ada'), { what: 'data' });
  assert.equal(bob.data.length, 0);

  await service().moveParticipant(stage, 'ada', lobby);
  const before = bob.seen.get('ada').frames;
  await eventually(() => bob.seen.get('ada').frames > 10 && bob.room.remoteParticipants.has('ada'), { what: `bob sees ada again (${before})` });

  const attic = freshRoom('attic');
  await service().moveParticipant(lobby, 'bob', attic);
  await service().moveParticipant(lobby, 'ada', attic);
  await eventually(async () => (await service().listRooms([lobby])).length === 0, { what: 'the lobby is closed' });
  const frames = bob.seen.get('ada').frames;
  await eventually(() => bob.seen.get('ada').frames > frames + 10, { what: 'bob sees ada without the lobby' });
  await service().moveParticipant(attic, 'ada', lobby);

  await assert.rejects(service().moveParticipant(lobby, 'ada', lobby), /cannot be the same/);
  await assert.rejects(service().moveParticipant(lobby, 'nobody', stage), /participant does not exist/);
});

roomTest('who was moved comes back to its new room', async (join) => {
  const lobby = freshRoom('lobby');
  const stage = freshRoom('stage');
  const ada = await join(lobby, 'ada');
  const eve = await join(stage, 'eve');
  await ada.publish();
  await service().moveParticipant(lobby, 'ada', stage);
  await eventually(() => eve.seen.get('ada')?.frames > 5, { what: 'eve sees ada' });
  const { sid } = (await service().getParticipant(stage, 'ada'));

  const comesBack = async (scenario) => {
    const reconnected = new Promise((resolve) => { ada.room.once(RoomEvent.Reconnected, resolve); });
    await ada.room.simulateScenario(scenario);
    await reconnected;
    const before = eve.seen.get('ada').frames;
    await eventually(() => ada.room.remoteParticipants.has('eve'), { what: 'ada sees eve there' });
    await eventually(() => eve.seen.get('ada').frames > before + 5, { what: 'eve sees ada again' });
    assert.equal(ada.room.name, stage);
    return (await service().getParticipant(stage, 'ada')).sid;
  };
  assert.equal(await comesBack(SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT), sid);
  assert.notEqual(await comesBack(SimulateScenarioKind.SIMULATE_FULL_RECONNECT), sid);
  assert.deepEqual(await service().listParticipants(lobby).catch(() => []), []);
});

roomTest('a participant is forwarded: seen and heard in two rooms', async (join) => {
  const stage = freshRoom('stage');
  const hall = freshRoom('hall');
  const ada = await join(stage, 'ada');
  const bob = await join(stage, 'bob');
  const eve = await join(hall, 'eve');
  await ada.publish();
  await eventually(() => bob.seen.get('ada')?.frames > 5, { what: 'bob sees ada' });

  await service().forwardParticipant(stage, 'ada', hall);
  await eventually(() => eve.seen.get('ada')?.frames > 10 && eve.heard.get('ada')?.level > 0.05, { what: 'eve sees and hears ada' });
  const frames = bob.seen.get('ada').frames;
  await eventually(() => bob.seen.get('ada').frames > frames + 10 && bob.heard.get('ada').level > 0.05, { what: 'so does bob' });
  const [info] = (await service().listParticipants(hall)).filter((p) => p.identity === 'ada');
  assert.deepEqual(info.toJson().kindDetails, ['FORWARDED']);
  assert.equal(info.tracks.length, 2);

  await service().updateParticipant(stage, 'ada', { metadata: 'on stage' });
  await eventually(() => eve.room.remoteParticipants.get('ada').metadata === 'on stage', { what: 'eve knows her metadata' });
  await ada.room.localParticipant.publishData(text('psst'), { reliable: true });
  await eventually(() => bob.data.some((data) => data.text === 'psst'), { what: 'data in her room' });
  assert.equal(eve.data.length, 0);

  // One who comes later, in either room.
  const dan = await join(hall, 'dan');
  await eventually(() => dan.seen.get('ada')?.frames > 10, { what: 'dan sees ada' });
  await service().removeParticipant(hall, 'ada');
  await eventually(() => !eve.room.remoteParticipants.has('ada'), { what: 'ada is out of the hall' });
  const still = bob.seen.get('ada').frames;
  await eventually(() => bob.seen.get('ada').frames > still + 10, { what: 'and goes on on stage' });

  await service().forwardParticipant(stage, 'ada', hall);
  const again = eve.seen.get('ada').frames;
  await eventually(() => eve.seen.get('ada').frames > 5 && eve.room.remoteParticipants.has('ada'), { what: `eve sees ada again (${again})` });
  await ada.room.disconnect();
  await eventually(() => !eve.room.remoteParticipants.has('ada') && !bob.room.remoteParticipants.has('ada'), { what: 'ada has left both' });
  await assert.rejects(service().forwardParticipant(stage, 'ada', hall), /participant does not exist/);
});
