// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CROWD people publish, mute, resize, subscribe, change their names, leave and return at random for SOAK_SECONDS; then
// what each client knows of the room is what the server says of it. Most are of rtc-node, two are pages.
// ./check soak has 50 of them do so; SOAK_SEED repeats what they did.

import assert from 'node:assert/strict';

import { RoomServiceClient } from 'livekit-server-sdk';

import { Crowd } from './lib/crowd.mjs';
import { kKey, kSecret } from './lib/daemon.mjs';
import { makeRandom } from './lib/random.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { usageOf } from './lib/usage.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kSeconds = Number(process.env.SOAK_SECONDS ?? 30);
const kCrowd = Number(process.env.CROWD ?? 8);
const kSeed = Number(process.env.SOAK_SEED ?? Date.now() % 2 ** 31);
const kPages = ['page-0', 'page-1'];
// ms between what one does and what it does next: the room as a whole is as busy with many as with few, and two cores
// carry all the clients.
const kPause = Math.max(1500, 120 * kCrowd);
const kGrants = { canUpdateOwnMetadata: true };
const kOptions = { connect: { autoSubscribe: false }, dynacast: true };
const stage = makeStage({ config: 'room:\n  enable_remote_unmute: true\n' });

/** What a page does next. */
async function act(s, page, room, random) {
  const others = await page.call('participants');
  const other = others.length && random.pick(others);
  const film = other && (await page.call('remote', other, 'camera')).known;
  switch (random.below(film ? 5 : 3)) {
    case 0: return page.call('enable', 'Camera', random.percent(50));
    case 1: return page.call('enable', 'Microphone', random.percent(50));
    case 2:
      await page.call('leave');
      await sleep(random.below(1000));
      return page.call('join', s.daemon.url, joinToken(room, page.identity, kGrants), kOptions);
    case 3: return page.call('subscribe', other, 'camera', random.percent(50));
    default: return page.call('resize', other, ...random.pick([[96, 54], [320, 180], [1280, 720]]));
  }
}

async function actUntil(s, page, room, end, random) {
  while (Date.now() < end) {
    // What it chose may be gone by now.
    await act(s, page, room, random).catch((error) => {
      if (!/undefined|null/.test(error.message)) throw error;
    });
    await sleep(kPause / 2 + random.below(kPause));
  }
}

function sorted(everybody) {
  return Object.fromEntries(Object.entries(everybody).sort(([a], [b]) => (a < b ? -1 : 1)).map(([identity, one]) => [
    identity, { ...one, tracks: one.tracks.sort((a, b) => (a.sid < b.sid ? -1 : 1)) },
  ]));
}

async function serverView(service, room) {
  const everybody = (await service.listParticipants(room)).map(({ identity, sid, name, metadata, attributes, tracks }) => [identity, {
    sid, name, metadata, attributes: { ...attributes },
    tracks: tracks.map((track) => ({ sid: track.sid, name: track.name, type: track.type, source: track.source, muted: track.muted })),
  }]);
  return sorted(Object.fromEntries(everybody));
}

/** Each client's view is the server's; what is on its way may arrive. */
async function assertOneView(service, room, readViews) {
  const compare = async () => {
    const views = await readViews();
    const truth = await serverView(service, room);
    for (const [identity, view] of Object.entries(views)) assert.deepEqual(sorted(view), truth, `what ${identity} sees`);
    return truth;
  };
  await eventually(compare, { timeout: 10000, interval: 1000, what: 'one view' }).catch(() => {});
  return compare();
}

stage.test(`${kCrowd} who do what they like for ${kSeconds} s agree with the server in the end`, async (s) => {
  console.log(`# SOAK_SEED=${kSeed}`);
  const room = freshRoom('crowd');
  const service = new RoomServiceClient(s.daemon.http, kKey, kSecret);
  const pages = await Promise.all(kPages.map((identity) => s.join(room, identity, { grants: kGrants, options: kOptions })));
  const crowd = await Crowd.begin(s.daemon, room, { count: kCrowd - kPages.length, seed: kSeed, pause: kPause });
  try {
    const end = Date.now() + kSeconds * 1000;
    await Promise.all(pages.map((page, i) => actUntil(s, page, room, end, makeRandom(kSeed - 1 - i))));
    const { counts, errors } = await crowd.stop();
    assert.equal(errors.length, 0, `went wrong: ${errors.join('\n')}`);
    const truth = await assertOneView(service, room, async () => ({
      ...await crowd.views(),
      ...Object.fromEntries(await Promise.all(pages.map(async (page) => [page.identity, await page.call('view')]))),
    }));
    const tracks = Object.values(truth).flatMap((one) => one.tracks);
    console.log(`# ${JSON.stringify(counts)}; at the end ${tracks.length} tracks, ${tracks.filter(({ muted }) => muted).length} of them muted; the daemon: ${JSON.stringify(usageOf(s.daemon.pid))}`);
    assert.equal(Object.keys(truth).length, kCrowd);
    assert.ok(tracks.length > 0 && counts.return > 0, 'something happened');
  } finally {
    await crowd.leave();
  }
}, { timeout: (kSeconds + 240) * 1000 });
