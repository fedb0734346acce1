// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a room tells everybody regularly: who speaks, how loud, and how good connections are.

import assert from 'node:assert/strict';

import { assertHears } from './lib/checks.mjs';
import { startDaemon } from './lib/daemon.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();

/** What a page says of a participant, itself included. */
const known = (one, identity) => one.page.evaluate((who) => {
  const { room } = window;
  const participant = room.localParticipant.identity === who ? room.localParticipant : room.remoteParticipants.get(who);
  return { quality: participant?.connectionQuality, level: participant?.audioLevel, speaks: participant?.isSpeaking };
}, identity);

/** Keeps who the active speakers were, each time that they changed. */
const watchSpeakers = (one) => one.page.evaluate(() => {
  window.speakers = [];
  window.room.on('activeSpeakersChanged', (list) => window.speakers.push(list.map((speaker) => speaker.identity).join()));
});
const speakersOf = (one) => one.page.evaluate(() => window.speakers);

/** A tone a sixteenth as loud as publishTone's. */
async function publishSoftTone(one) {
  const state = await one.page.evaluate(async () => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context);
    const output = context.createMediaStreamDestination();
    tone.connect(new GainNode(context, { gain: 0.06 })).connect(output);
    tone.start();
    await window.room.localParticipant.publishTrack(output.stream.getAudioTracks()[0], { source: 'microphone', dtx: false });
    return context.state;
  });
  assert.equal(state, 'running');
}

for (const client of ['newest', 'v2_0']) {
  const test = (name, run) => stage.test(`${client}: ${name}`, run);

  test('the one whose microphone beeps is the active speaker', async (s) => {
    const room = freshRoom('beep');
    const ada = await s.join(room, 'ada', { client });
    const bob = await s.join(room, 'bob', { client });
    await Promise.all([ada, bob].map(watchSpeakers));
    // Beeps of a second. Those of Chromium's own fake microphone are too short to be speech.
    await ada.call('publishTone', 440, { pulsed: true });
    await assertHears(bob, 'ada');
    for (const one of [ada, bob]) {
      await eventually(async () => (await speakersOf(one)).includes('ada'), { what: `${one.identity} learns that ada beeps` });
    }
    await eventually(async () => /ada;;ada/.test((await speakersOf(bob)).join(';')), { what: 'speaking comes and goes' });
    assert.deepEqual([...new Set(await speakersOf(bob))].sort(), ['', 'ada']);
  });

  test('the louder of two is named first, and silence is told', async (s) => {
    const room = freshRoom('loud');
    const ada = await s.join(room, 'ada', { client });
    const bob = await s.join(room, 'bob', { client });
    await ada.call('publishTone');
    await publishSoftTone(bob);
    for (const one of [ada, bob]) {
      await eventually(async () => (await one.call('speakers')).join() === 'ada,bob', { what: `${one.identity} hears of both` });
    }
    const [loud, soft] = [await known(bob, 'ada'), await known(ada, 'bob')];
    assert.ok(loud.level > soft.level && soft.level > 0, `${loud.level} and ${soft.level}`);
    await ada.call('enable', 'Microphone', false);
    await eventually(async () => (await bob.call('speakers')).join() === 'bob', { what: 'ada is silent' });
    assert.equal((await known(bob, 'ada')).speaks, false);
  });

  test('everybody learns that the connections are excellent', async (s) => {
    const room = freshRoom('quality');
    const ada = await s.join(room, 'ada', { client });
    const bob = await s.join(room, 'bob', { client });
    await ada.call('publishTone');
    for (const one of [ada, bob]) {
      await eventually(async () => (await known(one, 'ada')).quality === 'excellent',
        { timeout: 20000, what: `${one.identity} learns ada's quality` });
    }
    await eventually(async () => (await known(bob, 'bob')).quality === 'excellent', { timeout: 20000, what: 'bob learns his own' });
    // It stays, also while she is muted.
    await ada.call('enable', 'Microphone', false);
    await sleep(11000);
    assert.equal((await known(bob, 'ada')).quality, 'excellent');
    assert.equal((await known(bob, 'bob')).quality, 'excellent');
  });
}

stage.test('audio.active_level says who is too soft to be a speaker', async (s) => {
  await s.daemon.stop();
  s.daemon = await startDaemon({ config: 'audio: {active_level: 15, smooth_intervals: 0, update_interval: 200}' });
  const room = freshRoom('level');
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob');
  await publishSoftTone(ada);
  await assertHears(bob, 'ada');
  await bob.call('publishTone');
  await eventually(async () => (await ada.call('speakers')).join() === 'bob', { what: 'bob is heard' });
  await sleep(2000);
  assert.deepEqual(await ada.call('speakers'), ['bob']);
});
