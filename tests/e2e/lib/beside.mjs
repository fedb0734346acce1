// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

import { assertHears, assertSees } from './checks.mjs';
import { freshRoom } from './token.mjs';

/** A call goes on while `attack` runs; afterwards it still does and memory grew by at most `allowedKb`. */
export async function besideACall(s, attack, allowedKb = 20000) {
  const room = freshRoom('hostile');
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob');
  await ada.call('publish');
  await assertSees(bob, 'ada');
  const before = s.daemon.residentKb();
  await attack(room);
  await Promise.all([assertSees(bob, 'ada'), assertHears(bob, 'ada')]);
  const grown = s.daemon.residentKb() - before;
  assert.ok(grown <= allowedKb, `${grown} kB more`);
  assert.deepEqual(await bob.call('events', 'Reconnecting'), []);
}
