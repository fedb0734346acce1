// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CHURN_JOINS people come to a tenth as many rooms and leave again, politely or not: the daemon is then what it was
// before, in memory, descriptors and threads. Most of them only speak the protocol; a few have all of WebRTC.
// ./check soak lets 10,000 come.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { dispose } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';

import { CrowdMember } from './lib/crowd_member.mjs';
import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { makeRandom } from './lib/random.mjs';
import { SignalClient } from './lib/signal_client.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { usageOf } from './lib/usage.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kJoins = Number(process.env.CHURN_JOINS ?? 500);
const kSeed = Number(process.env.CHURN_SEED ?? Date.now() % 2 ** 31);
const kPerRoom = 10;
const kRoomsAtOnce = 8;
const kWithMedia = 2;  // in a hundred
const kMinutes = Math.ceil(kJoins / 500);
const random = makeRandom(kSeed);
after(() => dispose());

async function visitWithMedia(daemon, room, identity) {
  const one = new CrowdMember({ url: daemon.url, http: daemon.http, room }, identity, random, { key: kKey, secret: kSecret });
  await one.join();
  await Promise.all([one.publish('camera'), one.publish('microphone')]);
  await one.subscribe();
  await sleep(100 + random.below(400));
  await one.leave();
}

/** Joins, is greeted, perhaps announces a track, and leaves; one in ten without a word. */
async function visit(daemon, room, identity) {
  if (random.percent(kWithMedia)) return visitWithMedia(daemon, room, identity);
  const one = await new SignalClient().open(daemon, joinToken(room, identity), { json: random.percent(20) });
  const join = await one.first('join');
  assert.deepEqual([join.room.name, join.participant.identity], [room, identity]);
  if (random.percent(30)) {
    one.request('addTrack', { cid: 'camera', name: 'camera', type: 1, source: 1, width: 640, height: 360 });
    assert.equal((await one.first('trackPublished')).cid, 'camera');
  }
  await sleep(random.below(150));
  if (random.percent(10)) return one.vanish();
  return one.leave();
}

/** People come to one room all the time until `kPerRoom` were there. */
async function useRoom(daemon) {
  const room = freshRoom('churn');
  const visits = [];
  for (let i = 0; i < kPerRoom; i += 1) {
    visits.push(visit(daemon, room, `guest-${i}`));
    await sleep(random.below(40));
  }
  await Promise.all(visits);
}

async function churn(daemon, joins) {
  let rooms = joins / kPerRoom;
  await Promise.all(Array.from({ length: kRoomsAtOnce }, async () => {
    while (rooms > 0) {
      rooms -= 1;
      await useRoom(daemon);
    }
  }));
}

/** Once everybody is forgotten and every room closed. */
async function usageWhenEmpty(daemon) {
  const service = new RoomServiceClient(daemon.http, kKey, kSecret);
  await eventually(async () => (await service.listRooms()).length === 0, { timeout: 90000, interval: 500, what: 'no room is left' });
  await sleep(2000);
  return usageOf(daemon.pid);
}

test(`${kJoins} joins and leaves leave nothing behind`, { timeout: (kMinutes * 60 + 150) * 1000 }, async () => {
  console.log(`# CHURN_SEED=${kSeed}`);
  const daemon = await startDaemon({ config: 'room:\n  empty_timeout: 1\n  departure_timeout: 1\n' });
  try {
    // Caches, pools and the allocator's arenas fill.
    await churn(daemon, Math.min(1000, kJoins / 2));
    const before = await usageWhenEmpty(daemon);
    const start = performance.now();
    await churn(daemon, kJoins);
    const took = (performance.now() - start) / 1000;
    const now = await usageWhenEmpty(daemon);
    console.log(`# ${kJoins} joins in ${took.toFixed(1)} s; ${JSON.stringify(before)} became ${JSON.stringify(now)}`);
    assert.equal(now.files, before.files, 'descriptors');
    assert.equal(now.threads, before.threads, 'threads');
    assert.ok(now.kilobytes <= before.kilobytes * 1.05 + 1000, `${before.kilobytes} kB became ${now.kilobytes} kB`);
  } catch (error) {
    error.message += `\n${daemon.log().slice(-3000)}`;
    throw error;
  } finally {
    await daemon.stop();
  }
});
