// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A call as people use it. The same tests run with the newest livekit-client (/rtc/v1, one peer
// connection) and with 2.0 (/rtc, two).

import assert from 'node:assert/strict';

import { assertHears, assertSees, assertStopsHearing, assertStopsSeeing, assertTalk } from './checks.mjs';
import { makeStage } from './stage.mjs';
import { freshRoom } from './token.mjs';
import { eventually } from './wait.mjs';

async function twoTalk(stage, client, name) {
  const room = freshRoom(name);
  const ada = await stage.join(room, 'ada', { client });
  const bob = await stage.join(room, 'bob', { client });
  await Promise.all([ada.call('publish'), bob.call('publish')]);
  await assertTalk(ada, bob);
  return { room, ada, bob };
}

export function callTests(client) {
  const stage = makeStage();
  const test = (name, run) => stage.test(`${client}: ${name}`, run);

  test('two pages see and hear each other', (s) => twoTalk(s, client, 'two'));

  test('mute silences and unmute is heard again', async (s) => {
    const { ada, bob } = await twoTalk(s, client, 'mute');
    await ada.call('enable', 'Microphone', false);
    await assertStopsHearing(bob, 'ada');
    await ada.call('enable', 'Microphone', true);
    await assertHears(bob, 'ada');
  });

  test('the camera goes off and on', async (s) => {
    const { ada, bob } = await twoTalk(s, client, 'camera');
    await ada.call('enable', 'Camera', false);
    await eventually(async () => (await bob.call('remote', 'ada', 'camera')).muted, { what: 'bob learns it' });
    await assertStopsSeeing(bob, 'ada');
    await ada.call('enable', 'Camera', true);
    await assertSees(bob, 'ada');
    await assertSees(ada, 'bob');
  });

  test('a shared screen is seen and goes away', async (s) => {
    const { ada, bob } = await twoTalk(s, client, 'screen');
    await ada.call('enable', 'ScreenShare', true);
    await assertSees(bob, 'ada', 'screen_share');
    await ada.call('enable', 'ScreenShare', false);
    await eventually(async () => !(await bob.call('remote', 'ada', 'screen_share')).known, { what: 'the screen is gone' });
    await assertTalk(ada, bob);
  });

  test('what is unpublished and published again at once is seen and heard', async (s) => {
    const { ada, bob } = await twoTalk(s, client, 'republish');
    const sids = () => Promise.all(['camera', 'microphone'].map(async (source) => (await bob.call('remote', 'ada', source)).sid));
    const before = await sids();
    await ada.call('republish', 'camera', 'microphone');
    await eventually(async () => (await sids()).every((sid, i) => sid && sid !== before[i]), { what: 'bob knows the new tracks' });
    await assertTalk(ada, bob);
  });

  test('who leaves and comes back talks again', async (s) => {
    const { ada, bob } = await twoTalk(s, client, 'return');
    await ada.call('leave');
    await eventually(async () => (await bob.call('participants')).length === 0, { what: 'bob sees her go' });
    await ada.call('join', s.daemon.url, ada.token);
    await ada.call('publish');
    await assertTalk(ada, bob);
  });

  // LiveKit's Go SDK, and so its egress, tells of a track at its first packet.
  test('a track of which nothing is ever sent brings packets', async (s) => {
    const room = freshRoom('unsent');
    const ada = await s.join(room, 'ada', { client });
    const bob = await s.join(room, 'bob', { client });
    await ada.page.evaluate(() => {
      const [track] = document.createElement('canvas').captureStream(0).getVideoTracks();
      return window.room.localParticipant.publishTrack(track, { source: 'camera', simulcast: false });
    });
    await eventually(async () => (await bob.call('remote', 'ada', 'camera')).packets > 0, { what: 'bob gets packets' });
    const { bytes, decoded } = await bob.call('remote', 'ada', 'camera');
    assert.deepEqual({ bytes, decoded }, { bytes: 0, decoded: 0 });
  });

  test('everybody learns who speaks', async (s) => {
    const room = freshRoom('speaker');
    const ada = await s.join(room, 'ada', { client });
    const bob = await s.join(room, 'bob', { client });
    await ada.call('publishTone');
    for (const one of [ada, bob]) {
      await eventually(async () => (await one.call('speakers')).join() === 'ada', { what: `${one.identity} learns that ada speaks` });
    }
    await ada.call('enable', 'Microphone', false);
    await eventually(async () => (await bob.call('speakers')).length === 0, { what: 'ada is silent' });
  });

  test('a third who joins late sees and hears both', async (s) => {
    const { room, ada, bob } = await twoTalk(s, client, 'third');
    const cleo = await s.join(room, 'cleo', { client });
    await Promise.all(['ada', 'bob'].flatMap((who) => [assertSees(cleo, who), assertHears(cleo, who)]));
    await cleo.call('publish');
    await Promise.all([ada, bob].flatMap((who) => [assertSees(who, 'cleo'), assertHears(who, 'cleo')]));
    assert.deepEqual((await ada.call('participants')).sort(), ['bob', 'cleo']);
  });
}
