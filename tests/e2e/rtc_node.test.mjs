// SPDX-License-Identifier: LGPL-2.1-or-later
//
// @livekit/rtc-node: the Rust SDK, the engine of LiveKit's agents.

import assert from 'node:assert/strict';
import { after } from 'node:test';

import { dispose, RpcError } from '@livekit/rtc-node';

import { assertHears, assertSees } from './lib/checks.mjs';
import { kHeight, kWidth, NativeParticipant } from './lib/native.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();
after(() => dispose());

/** Joins natively, runs the test and leaves whatever it says. */
async function withNatives(s, room, identities, run) {
  const people = [];
  try {
    for (const identity of identities) {
      const one = new NativeParticipant();
      people.push(one);
      await one.join(s.daemon.url, joinToken(room, identity));
    }
    await run(...people);
  } finally {
    await Promise.all(people.map((one) => one.leave()));
  }
}

/** The other's bar moves through the picture and the other's tone has its pitch. */
async function assertRecognises(one, identity, frequency) {
  await eventually(() => (one.seen.get(identity)?.bars.size ?? 0) >= 15, { timeout: 20000, what: 'the bar at most places' });
  const { width, height } = one.seen.get(identity);
  assert.ok(Math.abs(width / height - kWidth / kHeight) < 0.05, `${width}x${height}`);
  await eventually(() => {
    const heard = one.heard.get(identity);
    return heard && heard.level > 0.1 && Math.abs(heard.frequency - frequency) < 20;
  }, { timeout: 20000, what: `a tone of ${frequency} Hz` });
}

stage.test('two of rtc-node recognise each other\'s picture and tone', async (s) => {
  await withNatives(s, freshRoom('native'), ['ada', 'bob'], async (ada, bob) => {
    await Promise.all([ada.publish({ frequency: 440 }), bob.publish({ frequency: 880 })]);
    await Promise.all([assertRecognises(ada, 'bob', 880), assertRecognises(bob, 'ada', 440)]);
  });
});

stage.test('rtc-node and a browser see and hear each other', async (s) => {
  const room = freshRoom('mixed');
  await withNatives(s, room, ['native'], async (native) => {
    const ada = await s.join(room, 'ada');
    await Promise.all([native.publish(), ada.call('publish')]);
    await Promise.all([assertSees(ada, 'native', 'camera', 20000), assertHears(ada, 'native', 20000)]);
    await eventually(() => (native.seen.get('ada')?.frames ?? 0) > 20, { timeout: 20000, what: 'the browser\'s frames' });
    await eventually(() => (native.heard.get('ada')?.loudest ?? 0) > 0.01, { what: 'the browser\'s beeps' });
  });
});

stage.test('data and procedures cross between rtc-node and a browser', async (s) => {
  const room = freshRoom('native-data');
  await withNatives(s, room, ['native'], async (native) => {
    const ada = await s.join(room, 'ada');
    await eventually(async () => (await ada.call('participants')).includes('native'), { what: 'ada sees native' });
    // Who only listens is announced a little later; data of the unannounced has no sender.
    await eventually(() => native.room.remoteParticipants.has('ada'), { what: 'native knows ada' });
    await native.room.localParticipant.publishData(new TextEncoder().encode('hi'), { reliable: true, topic: 'n' });
    const [got] = await eventually(async () => {
      const all = await ada.call('takeData');
      return all.length && all;
    }, { what: 'the data' });
    assert.deepEqual([got.text, got.from, got.topic], ['hi', 'native', 'n']);
    await ada.call('sendData', 'hello', { reliable: true, topic: 'n' });
    await eventually(() => native.data.some((d) => d.text === 'hello' && d.from === 'ada'), { what: 'data at rtc-node' });

    native.room.localParticipant.registerRpcMethod('double', async ({ payload }) => {
      if (Number.isNaN(Number(payload))) throw new RpcError(99, 'no number');
      return String(2 * Number(payload));
    });
    assert.deepEqual(await ada.call('callRpc', 'native', 'double', '21'), { answer: '42' });
    assert.equal((await ada.call('callRpc', 'native', 'double', 'x')).code, 99);
  });
});
