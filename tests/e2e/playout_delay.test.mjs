// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A room's playout delay, seen at Chromium's jitter buffer.

import assert from 'node:assert/strict';

import { RoomServiceClient } from 'livekit-server-sdk';

import { assertSees } from './lib/checks.mjs';
import { kKey, kSecret } from './lib/daemon.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { sleep } from './lib/wait.mjs';

const stage = makeStage();

/** Milliseconds a frame of ada's camera waits in the viewer's buffer, on an average of three seconds. */
async function buffered(viewer) {
  await sleep(3000);
  const before = await viewer.call('remote', 'ada', 'camera');
  await sleep(3000);
  const after = await viewer.call('remote', 'ada', 'camera');
  return 1000 * (after.buffered - before.buffered) / (after.emitted - before.emitted);
}

async function delayIn(s, room, client) {
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob', { client });
  await ada.call('publish', { camera: true });
  await assertSees(bob, 'ada');
  return buffered(bob);
}

for (const client of ['newest', 'v2_0']) {
  stage.test(`what CreateRoom says of the playout delay is what ${client} waits`, async (s) => {
    const rooms = new RoomServiceClient(s.daemon.http, kKey, kSecret);
    const plain = await delayIn(s, freshRoom('plain'), client);
    const room = freshRoom('delayed');
    await rooms.createRoom({ name: room, minPlayoutDelay: 500, maxPlayoutDelay: 2000 });
    const delayed = await delayIn(s, room, client);
    console.log(`# ${client}: ${Math.round(plain)} ms by itself, ${Math.round(delayed)} ms with at least 500`);
    assert.ok(plain < 300, `${plain} ms by itself`);
    assert.ok(delayed > 400 && delayed < 1500, `${delayed} ms`);
  }, { timeout: 90000 });
}
