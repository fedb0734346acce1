// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

import { assertSees } from './lib/checks.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { median, sleep } from './lib/wait.mjs';

const stage = makeStage();

stage.test('the first frame is drawn within 500 ms of connect(), median of ten', async (s) => {
  const room = freshRoom('first-frame');
  const ada = await s.join(room, 'ada');
  await ada.call('publish', { camera: true });
  const bob = await s.join(room, 'bob');
  await assertSees(bob, 'ada');
  await bob.call('leave');
  const times = [];
  for (let i = 0; i < 10; i += 1) {
    await sleep(1200);  // A publisher is asked for at most one keyframe a second.
    times.push(Math.round(await bob.call('timeToFirstFrame', s.daemon.url, bob.token)));
  }
  console.log(`# first frames after ${times.join(', ')} ms`);
  assert.ok(median(times) <= 500, `median of ${times.join(', ')}`);
});
