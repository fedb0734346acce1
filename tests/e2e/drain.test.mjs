// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The end of the daemon: calls go on after the first signal, and end with the second.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { DisconnectReason, dispose, RoomEvent } from '@livekit/rtc-node';

import { startDaemon } from './lib/daemon.mjs';
import { NativeParticipant } from './lib/native.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

after(() => dispose());

const kEnding = 20000;

/** Runs a test with a daemon that it may end, and participants who are let go after it. */
function drainTest(name, run) {
  test(name, { timeout: 60000 }, async () => {
    const daemon = await startDaemon();
    const participants = [];
    const join = async (room, identity) => {
      const participant = new NativeParticipant();
      participants.push(participant);
      participant.room.on(RoomEvent.Disconnected, (reason) => { participant.reason = reason; });
      await participant.join(daemon.url, joinToken(room, identity));
      return participant;
    };
    try {
      await run(daemon, join);
    } catch (error) {
      error.message = `${error.message}\n${daemon.log().slice(-3000)}`;
      throw error;
    } finally {
      await Promise.allSettled(participants.map((participant) => participant.leave()));
      await daemon.kill();
    }
  });
}

const readiness = async (daemon) => (await fetch(`${daemon.http}/readyz`)).status;

const validate = (daemon, room, identity) =>
  fetch(`${daemon.http}/rtc/validate?access_token=${joinToken(room, identity)}`);

const ended = (daemon, what) => Promise.race([
  daemon.exited,
  sleep(kEnding).then(() => { throw new Error(`the daemon still runs ${what}`); }),
]);

async function startDraining(daemon, signal) {
  assert.equal(await readiness(daemon), 200);
  daemon.signal(signal);
  await eventually(async () => (await readiness(daemon)) === 406, { what: 'it says that it is not ready' });
}

const moreFrames = async (participant, from) => {
  const before = participant.seen.get(from).frames;
  await eventually(() => participant.seen.get(from).frames > before + 20, { timeout: 20000, what: `${from} is seen` });
};

drainTest('after SIGTERM the call goes on, no other begins, and the daemon ends with the last who leaves', async (daemon, join) => {
  const room = freshRoom('drain');
  const ada = await join(room, 'ada');
  const bob = await join(room, 'bob');
  await ada.publishVideo();
  await eventually(() => bob.seen.get('ada')?.frames > 0, { timeout: 20000, what: 'bob sees ada' });
  assert.equal((await validate(daemon, freshRoom('other'), 'eve')).status, 200);

  await startDraining(daemon, 'SIGTERM');
  const refused = await validate(daemon, freshRoom('other'), 'eve');
  assert.equal(refused.status, 503);
  assert.equal(await refused.text(), 'the server is shutting down');
  await assert.rejects(join(freshRoom('other'), 'eve'));

  await bob.leave();
  const again = await join(room, 'bob');
  await eventually(() => again.seen.get('ada')?.frames > 0, { timeout: 20000, what: 'bob is back in the call' });
  await moreFrames(again, 'ada');

  await again.leave();
  await sleep(1500);  // Longer than it takes to see that nobody is there.
  assert.equal(await readiness(daemon), 406);
  await ada.leave();
  assert.deepEqual(await ended(daemon, 'with nobody there'), { code: 0, signal: null });
});

drainTest('the second signal ends the call, and everybody is told why', async (daemon, join) => {
  const room = freshRoom('drain');
  const people = [await join(room, 'ada'), await join(room, 'bob')];
  await startDraining(daemon, 'SIGINT');
  assert.deepEqual(people.map((one) => one.reason), [undefined, undefined]);

  daemon.signal('SIGTERM');
  assert.deepEqual(await ended(daemon, 'after the second signal'), { code: 0, signal: null });
  await eventually(() => people.every((one) => one.reason !== undefined), { timeout: 10000, what: 'both were told' });
  assert.deepEqual(people.map((one) => one.reason), [DisconnectReason.SERVER_SHUTDOWN, DisconnectReason.SERVER_SHUTDOWN]);
});

drainTest('with nobody there the first signal is enough', async (daemon) => {
  daemon.signal('SIGTERM');
  assert.deepEqual(await ended(daemon, 'with nobody there'), { code: 0, signal: null });
});
