// SPDX-License-Identifier: LGPL-2.1-or-later
//
// People come and go for SOAK_SECONDS while two stay and talk: the two are never disturbed and the
// daemon's memory stays flat. ./check soak runs it for an hour.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { dispose } from '@livekit/rtc-node';

import { NativeParticipant } from './lib/native.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kSeconds = Number(process.env.SOAK_SECONDS ?? 60);
const stage = makeStage();
after(() => dispose());

async function visit(s, room, identity) {
  const one = new NativeParticipant();
  try {
    await one.join(s.daemon.url, joinToken(room, identity));
    await one.publish();
    await eventually(() => (one.seen.get('ada')?.frames ?? 0) > 5, { what: `${identity} sees ada` });
  } finally {
    await one.leave();
  }
}

/** A room that is made, used by one and left. */
async function openAndClose(s, room) {
  const one = new NativeParticipant();
  await one.join(s.daemon.url, joinToken(room, 'alone'));
  await one.leave();
}

stage.test(`memory stays flat while people come and go for ${kSeconds} s`, async (s) => {
  const room = freshRoom('soak');
  const stay = [new NativeParticipant(), new NativeParticipant()];
  const [ada, bob] = stay;
  await ada.join(s.daemon.url, joinToken(room, 'ada'));
  await bob.join(s.daemon.url, joinToken(room, 'bob'));
  await Promise.all([ada.publish({ frequency: 440 }), bob.publish({ frequency: 880 })]);
  await eventually(() => (bob.seen.get('ada')?.frames ?? 0) > 10, { what: 'bob sees ada' });

  const end = Date.now() + kSeconds * 1000;
  const memory = [];
  for (let round = 0; Date.now() < end; round += 1) {
    const before = bob.seen.get('ada').frames;
    await Promise.all([visit(s, room, `guest-${round}`), visit(s, room, `other-${round}`)]);
    await openAndClose(s, freshRoom('beside'));
    await sleep(500);
    assert.ok(bob.seen.get('ada').frames > before, `bob still sees ada in round ${round}`);
    memory.push(s.daemon.residentKb());
  }
  await Promise.all(stay.map((one) => one.leave()));
  // The first rounds fill caches and the allocator's arenas.
  const settled = memory[Math.min(10, Math.floor(memory.length / 3))];
  console.log(`# ${memory.length} rounds, ${settled} kB then, ${memory.at(-1)} kB at the end`);
  assert.ok(memory.at(-1) < settled * 1.15 + 2000, `${settled} kB became ${memory.at(-1)} kB`);
}, { timeout: (kSeconds + 120) * 1000 });
