// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What "they see and hear each other" means, measured.

import assert from 'node:assert/strict';

import { eventually, sleep } from './wait.mjs';

/** `viewer` draws new frames of `identity`'s camera (or screen) and decodes them. */
export async function assertSees(viewer, identity, source = 'camera', timeout = 15000) {
  const start = await eventually(async () => {
    const seen = await viewer.call('remote', identity, source);
    return seen.subscribed && !seen.muted && seen.decoded > 0 && seen;
  }, { timeout, what: `${viewer.identity} sees ${identity}'s ${source}` });
  await eventually(async () => {
    const seen = await viewer.call('remote', identity, source);
    return seen.decoded >= start.decoded + 10 && seen.drawn >= start.drawn + 5;
  }, { timeout, what: `${viewer.identity} sees ${identity}'s ${source} move` });
}

/** `listener` hears the beeps of `identity`'s microphone. */
export async function assertHears(listener, identity, timeout = 15000) {
  await eventually(async () => {
    const heard = await listener.call('remote', identity, 'microphone');
    return heard.subscribed && !heard.muted && heard.packets > 0 && heard.level > 0.02 && heard;
  }, { timeout, what: `${listener.identity} hears ${identity}` });
}

/** No picture of `identity` comes any more: at most a frame that was on its way. */
export async function assertStopsSeeing(viewer, identity, source = 'camera') {
  await sleep(1500);  // LiveKit ends a muted track with up to a second of black frames.
  const before = await viewer.call('remote', identity, source);
  await sleep(1000);
  const after = await viewer.call('remote', identity, source);
  assert.ok(after.decoded - before.decoded <= 1, `${after.decoded - before.decoded} frames after the end`);
}

/** Silence from `identity` for a second. */
export async function assertStopsHearing(listener, identity) {
  await eventually(async () => (await listener.call('remote', identity, 'microphone')).muted, { what: `${identity} is muted` });
  await sleep(1500);
  const { level } = await listener.call('remote', identity, 'microphone');
  assert.ok(level < 0.005, `still hears ${level}`);
}

/** Both see and hear each other. */
export async function assertTalk(one, other) {
  await Promise.all([
    assertSees(one, other.identity),
    assertSees(other, one.identity),
    assertHears(one, other.identity),
    assertHears(other, one.identity),
  ]);
}
