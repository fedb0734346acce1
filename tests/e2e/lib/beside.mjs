// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls that go on while something else is done to the daemon.

import assert from 'node:assert/strict';

import { assertHears, assertSees, assertTalk } from './checks.mjs';
import { openWebSocket } from './raw_socket.mjs';
import { freshRoom, joinToken } from './token.mjs';
import { eventually, sleep } from './wait.mjs';

const kFramesPerSecond = 20;
const kGapMs = 200;
const kWindowMs = 2000;
const kBaselineMs = 6000;
const kBaselines = 3;
const kJoinMs = 3000;

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

/** What `viewer` gets of `other`, once every two seconds until stop(), which gives the least and the longest of it. */
function watch(viewer, other) {
  const seen = { fps: Infinity, gapMs: 0 };
  let stopped = false;
  const sample = async () => ({ at: performance.now(), frames: (await viewer.call('remote', other.identity, 'camera')).decoded });
  const watching = (async () => {
    await viewer.call('takeSilence', other.identity);
    let last = await sample();
    while (!stopped) {
      await sleep(kWindowMs);
      const next = await sample();
      seen.fps = Math.min(seen.fps, (1000 * (next.frames - last.frames)) / (next.at - last.at));
      last = next;
    }
    seen.gapMs = (await viewer.call('takeSilence', other.identity)).longestMs;
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return seen;
    },
  };
}

/** How long somebody new waits to be let in, in ms. */
async function timeToJoin(s) {
  const start = performance.now();
  const socket = await openWebSocket(s.daemon, `/rtc?access_token=${joinToken(freshRoom('new'), 'newcomer')}&protocol=15`);
  socket.destroy();
  return performance.now() - start;
}

/** Two whose picture and tone never pause, both ways. */
async function startTalk(s, room) {
  const talkers = await Promise.all(['ada', 'bob'].map((identity) => s.join(room, identity)));
  await Promise.all(talkers.map(async (one) => {
    await one.call('publishTone');
    await one.call('publish', {
      camera: true, resolution: { width: 640, height: 360, frameRate: 30 }, videoOptions: { simulcast: false, videoCodec: 'vp8' },
    });
  }));
  await assertTalk(...talkers);
  await sleep(2000);
  return talkers;
}

/** What both get of each other while `what` goes on: the least and the longest. */
async function watchBoth([ada, bob], what) {
  const watches = [watch(ada, bob), watch(bob, ada)];
  const told = await what().finally(() => Promise.all(watches.map((one) => one.stop())));
  const seen = await Promise.all(watches.map((one) => one.stop()));
  return { told, fps: Math.min(...seen.map(({ fps }) => fps)), gapMs: Math.max(...seen.map(({ gapMs }) => gapMs)) };
}

const holds = ({ fps, gapMs }) => fps >= kFramesPerSecond && gapMs <= kGapMs;
const inWords = ({ fps, gapMs }) => `least ${fps.toFixed(1)} frames/s, longest gap ${gapMs} ms`;

/** The call without an attack. What it does not do by itself is not the daemon's fault under one. */
async function baseline(talkers) {
  let seen;
  for (let i = 0; i < kBaselines; i += 1) {
    seen = await watchBoth(talkers, () => sleep(kBaselineMs));
    if (holds(seen)) return seen;
  }
  throw new Error(`this machine is too slow for the call: without an attack ${inWords(seen)}`);
}

/**
 * A call is watched while `attack` runs: each sees 20 frames of the other in a second, nothing that is heard pauses for
 * more than 200 ms, as it was before, and who is new is let in. The daemon's memory grows by at most `allowedKb` at any
 * time, and the descriptors that the attack took are given back within `givesBackMs`. Prints the figures as `name`.
 */
export async function besideAWatchedCall(s, name, attack, { allowedKb = 30000, givesBackMs = 20000 } = {}) {
  const room = freshRoom('watched');
  const talkers = await startTalk(s, room);
  const calm = await baseline(talkers);
  const before = { kb: s.daemon.residentKb(), descriptors: s.daemon.descriptors(), cpu: s.daemon.processorSeconds(), at: performance.now() };
  const most = { kb: before.kb, descriptors: before.descriptors, joinMs: 0 };
  const seen = await watchBoth(talkers, async () => {
    let done = false;
    const attacked = Promise.resolve(attack(room)).finally(() => { done = true; });
    for (let i = 0; !done; i += 1) {
      await Promise.race([attacked, sleep(500)]);
      most.kb = Math.max(most.kb, s.daemon.residentKb());
      most.descriptors = Math.max(most.descriptors, s.daemon.descriptors());
      if (i % 4 === 1) most.joinMs = Math.max(most.joinMs, await timeToJoin(s));
    }
    return attacked;
  });
  const seconds = (performance.now() - before.at) / 1000;
  const figures = {
    fps: seen.fps, gapMs: seen.gapMs, grownKb: most.kb - before.kb,
    joinMs: most.joinMs, descriptors: most.descriptors, cores: (s.daemon.processorSeconds() - before.cpu) / seconds,
  };
  console.log(`# ${name}: ${seconds.toFixed(0)} s, ${inWords(seen)} (before: ${inWords(calm)}), `
    + `${figures.grownKb} kB more at most, ${before.descriptors} to ${most.descriptors} descriptors, `
    + `joins in ${most.joinMs.toFixed(0)} ms at most, daemon ${figures.cores.toFixed(2)} cores${seen.told ? `; ${seen.told}` : ''}`);
  assert.ok(figures.fps >= kFramesPerSecond, `${figures.fps} frames per second`);
  assert.ok(figures.gapMs <= kGapMs, `nothing was heard for ${figures.gapMs} ms`);
  assert.ok(figures.grownKb <= allowedKb, `${figures.grownKb} kB more`);
  assert.ok(figures.joinMs > 0 && figures.joinMs <= kJoinMs, `a join took ${figures.joinMs} ms`);
  await eventually(async () => s.daemon.descriptors() <= before.descriptors + 2, {
    timeout: givesBackMs, what: `descriptors are given back, of which there were ${before.descriptors}`,
  });
  const cleo = await s.join(room, 'cleo');
  await Promise.all([assertSees(cleo, 'ada'), assertHears(cleo, 'bob')]);
  for (const one of talkers) assert.deepEqual(await one.call('events', 'Reconnecting'), []);
  return figures;
}
