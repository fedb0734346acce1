// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Applications are seldom built anew: livekit-client as it was (1.15 of 2024, 2.9 of 2025) is in one call with the
// newest. 2.0 has tests of its own, in call_v0.

import assert from 'node:assert/strict';

import { assertHears, assertSees, assertStopsHearing, assertTalk } from './lib/checks.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();

/** ada is of the old client, bob of the newest. */
async function twoOfDifferentAge(s, client) {
  const room = freshRoom('ages');
  const ada = await s.join(room, 'ada', { client, options: { dynacast: true } });
  const bob = await s.join(room, 'bob', { options: { dynacast: true } });
  await Promise.all([ada.call('publish'), bob.call('publish')]);
  await assertTalk(ada, bob);
  return { room, ada, bob };
}

async function taken(reader) {
  const all = [];
  await eventually(async () => {
    all.push(...(await reader.call('takeData')));
    return all.length > 0;
  }, { what: `data at ${reader.identity}` });
  return all.map(({ text, from, topic }) => ({ text, from, topic }));
}

for (const client of ['v1_15', 'v2_9']) {
  stage.test(`${client} and the newest see, hear and mute each other, and share a screen`, async (s) => {
    const { ada, bob } = await twoOfDifferentAge(s, client);
    for (const [one, other] of [[ada, bob], [bob, ada]]) {
      await one.call('enable', 'Microphone', false);
      await assertStopsHearing(other, one.identity);
      await one.call('enable', 'Microphone', true);
      await assertHears(other, one.identity);
      await one.call('enable', 'ScreenShare', true);
      await assertSees(other, one.identity, 'screen_share');
      await one.call('enable', 'ScreenShare', false);
      await eventually(async () => !(await other.call('remote', one.identity, 'screen_share')).known, { what: 'the screen is gone' });
    }
  });

  stage.test(`${client} and the newest choose layers of each other`, async (s) => {
    const { ada, bob } = await twoOfDifferentAge(s, client);
    for (const [viewer, sender] of [[ada, 'bob'], [bob, 'ada']]) {
      const width = async () => (await viewer.call('remote', sender, 'camera')).width;
      await eventually(async () => (await width()) === 1280, { what: `${viewer.identity} sees the largest layer`, timeout: 40000 });
      await viewer.call('setQuality', sender, 'LOW');
      await eventually(async () => (await width()) === 320, { what: `${viewer.identity} sees the smallest layer` });
    }
  });

  stage.test(`${client} and the newest send each other data`, async (s) => {
    const { ada, bob } = await twoOfDifferentAge(s, client);
    for (const reliable of [true, false]) {
      for (const [one, other] of [[ada, bob], [bob, ada]]) {
        await one.call('sendData', 'hello', { reliable, topic: 't' });
        assert.deepEqual(await taken(other), [{ text: 'hello', from: one.identity, topic: 't' }]);
      }
    }
  });

  stage.test(`${client} talks on behind a resume and behind a new connection`, async (s) => {
    const { ada, bob } = await twoOfDifferentAge(s, client);
    for (const [scenario, last] of [['signal-reconnect', 'Reconnected'], ['full-reconnect', 'Reconnected']]) {
      const before = (await ada.call('events', last)).length;
      await ada.page.evaluate((name) => window.room.simulateScenario(name), scenario);
      await eventually(async () => (await ada.call('events', last)).length > before, { what: `${client} is back behind ${scenario}` });
      await assertTalk(ada, bob);
    }
  });

  stage.test(`${client} who leaves is gone, and comes back`, async (s) => {
    const { ada, bob } = await twoOfDifferentAge(s, client);
    await ada.call('leave');
    await eventually(async () => (await bob.call('participants')).length === 0, { what: 'bob sees her go' });
    await ada.call('join', s.daemon.url, ada.token);
    await ada.call('publish');
    await assertTalk(ada, bob);
  });
}

stage.test('layers as clients of 1.x told them are passed over, as LiveKit does', async (s) => {
  const { ada, bob } = await twoOfDifferentAge(s, 'v1_15');
  await ada.page.evaluate(() => {
    const [[sid]] = window.room.localParticipant.videoTracks;
    window.room.engine.client.sendUpdateVideoLayers(sid, [{ quality: 0, width: 1, height: 1, bitrate: 1 }]);
  });
  await ada.call('sendData', 'still here', { reliable: true });
  assert.equal((await taken(bob))[0].text, 'still here');
  await assertTalk(ada, bob);
});

stage.test('the newest and 2.9 call methods of each other, which one of them does without streams', async (s) => {
  const room = freshRoom('rpc');
  const ada = await s.join(room, 'ada', { client: 'v2_9' });
  const bob = await s.join(room, 'bob');
  for (const [one, other] of [[ada, bob], [bob, ada]]) {
    await eventually(async () => (await one.call('participants')).includes(other.identity), { what: `${other.identity} is known` });
    await one.call('answerRpc', 'greet');
  }
  for (const [one, other] of [[ada, bob], [bob, ada]]) {
    assert.deepEqual(await one.call('callRpc', other.identity, 'greet', 'hi'), { answer: `${one.identity}:hi` });
    assert.deepEqual(await one.call('callRpc', other.identity, 'greet', 'fail'), { code: 1234, message: 'as asked' });
    const { code } = await one.call('callRpc', other.identity, 'unknown', 'hi');
    assert.equal(code, 1400);  // UNSUPPORTED_METHOD
  }
});
