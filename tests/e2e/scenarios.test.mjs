// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekit-client's Room.simulateScenario(), which LiveKit's SDKs are tested with: each scenario ends as the
// SDK expects, and pictures move again at both ends in time. resume.test.mjs has some of them with 2.0.

import assert from 'node:assert/strict';

import { assertSees, assertTalk } from './lib/checks.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage({ config: 'rtc: {congestion_control: {allow_pause: true}}\n' });

const kResumeLimit = 1000;
const kJoinLimit = 3000;

async function publish(one) {
  await one.call('publishTone');
  await one.page.evaluate(() => window.room.localParticipant.setCameraEnabled(
    true, { resolution: { width: 320, height: 180, frameRate: 15 } }, { simulcast: false }));
}

async function twoTalk(s, name) {
  const room = freshRoom(name);
  const [ada, bob] = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  await Promise.all([publish(ada), publish(bob)]);
  await assertTalk(ada, bob);
  return { ada, bob };
}

const simulate = (one, scenario, argument) => one.page.evaluate(
  ([name, value]) => window.room.simulateScenario(name, value), [scenario, argument]);
const sidOf = (one) => one.page.evaluate(() => window.room.localParticipant.sid);
const namesOf = async (one) => (await one.call('events')).map((event) => event.name);
const count = (names, name) => names.filter((each) => each === name).length;

/** Ada's connection is hit by `scenario`; she is back as herself or `anew`, and both cameras move again in time. */
async function survives({ ada, bob }, scenario, { anew, limit }) {
  // Back for us, the client may still have its last attempt running, and would wait before the next.
  await eventually(() => ada.page.evaluate(() => !window.room.engine.attemptingReconnect), { what: 'the client is at rest' });
  const sid = await sidOf(ada);
  const [before, bobBefore] = [await namesOf(ada), await namesOf(bob)];
  await Promise.all([ada.call('takeStill', 'bob'), bob.call('takeStill', 'ada')]);
  await simulate(ada, scenario);
  await eventually(async () => count(await namesOf(ada), 'Reconnected') > count(before, 'Reconnected'),
    { timeout: 30000, what: `${scenario}: ada is back` });
  assert.equal(await ada.call('state'), 'connected', scenario);
  await assertTalk(ada, bob);
  const stills = [];
  for (const [viewer, who] of [[ada, 'bob'], [bob, 'ada']]) {
    const still = Math.round(await viewer.call('takeStill', who));
    stills.push(`${viewer.identity} sees ${who} stand still for ${still} ms`);
    assert.ok(still < limit, `${scenario}: ${stills.at(-1)}`);
  }
  console.log(`# ${scenario}: ${stills.join(', ')}`);
  const names = (await namesOf(ada)).slice(before.length);
  assert.equal(count(names, 'Disconnected'), 0, scenario);
  assert.equal(count(names, 'Reconnecting') > 0, anew, `${scenario}: ${names}`);
  assert.equal(await sidOf(ada) !== sid, anew, `${scenario}: is she somebody new?`);
  const known = await bob.page.evaluate(() => window.room.remoteParticipants.get('ada').sid);
  assert.equal(known, await sidOf(ada), `${scenario}: who bob takes her for`);
  if (!anew) assert.deepEqual((await namesOf(bob)).slice(bobBefore.length), [], `${scenario}: bob notices nothing`);
}

stage.test('a session is resumed, and media does not stop for a second', async (s) => {
  const call = await twoTalk(s, 'resumes');
  for (const scenario of ['signal-reconnect', 'migration', 'disconnect-signal-on-resume', 'disconnect-signal-on-resume-no-messages']) {
    await survives(call, scenario, { anew: false, limit: kResumeLimit });
  }
}, { timeout: 120000 });

stage.test('a session that is lost is joined anew, and media is back within three seconds', async (s) => {
  const call = await twoTalk(s, 'rejoins');
  for (const scenario of ['full-reconnect', 'resume-reconnect', 'node-failure', 'leave-full-reconnect']) {
    await survives(call, scenario, { anew: true, limit: kJoinLimit });
  }
}, { timeout: 120000 });

stage.test('signalling is back within a second', async (s) => {
  const ada = await s.join(freshRoom('signal'), 'ada');
  await ada.call('publishTone');
  const took = await ada.page.evaluate(() => new Promise((resolve) => {
    const start = performance.now();
    window.room.engine.once('signalResumed', () => resolve(performance.now() - start));
    window.room.simulateScenario('signal-reconnect');
  }));
  assert.ok(took < kResumeLimit, `${took} ms`);
});

stage.test('a server that leaves ends the session for good', async (s) => {
  const { ada, bob } = await twoTalk(s, 'leaves');
  const reason = ada.page.evaluate(() => new Promise((resolve) => { window.room.once('disconnected', resolve); }));
  await simulate(ada, 'server-leave');
  assert.equal(await reason, 3);  // DisconnectReason.SERVER_SHUTDOWN
  await eventually(async () => (await namesOf(bob)).includes('ParticipantDisconnected'), { what: 'bob is told' });
  await sleep(1500);
  assert.equal(await ada.call('state'), 'disconnected');
  assert.equal(count(await namesOf(ada), 'Reconnecting'), 0);
});

stage.test('everybody is told of a simulated speaker, for its three seconds', async (s) => {
  const room = freshRoom('speaker');
  const people = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  // Of who speaks those are told who receive something of hers.
  await people[0].call('publish', { camera: true });
  await assertSees(people[1], 'ada');
  await Promise.all(people.map((one) => one.page.evaluate(() => {
    window.spoke = [];
    window.room.on('activeSpeakersChanged', (list) => window.spoke.push(list.map(({ identity }) => identity).join()));
  })));
  await simulate(people[0], 'speaker');
  for (const one of people) {
    await eventually(async () => (await one.page.evaluate(() => window.spoke)).join(';') === 'ada;', {
      what: `${one.identity} hears of ada and of the end`,
    });
  }
});

stage.test('less bandwidth means smaller layers for one subscriber alone, until it ends', async (s) => {
  const room = freshRoom('bandwidth');
  const [ada, bob, eve] = [await s.join(room, 'ada'), await s.join(room, 'bob'), await s.join(room, 'eve')];
  await ada.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8' } });
  const width = async (one, expected, what) => eventually(
    async () => (await one.call('remote', 'ada', 'camera')).width === expected, { timeout: 25000, what });
  await width(bob, 1280, 'the top layer');
  await width(eve, 1280, 'the top layer for eve');
  await simulate(bob, 'subscriber-bandwidth', 300_000);
  await width(bob, 320, 'the lowest layer');
  assert.equal((await eve.call('remote', 'ada', 'camera')).width, 1280);
  // A choice of the viewer's own counts below the limit only.
  await bob.call('setQuality', 'ada', 'MEDIUM');
  await simulate(bob, 'subscriber-bandwidth', 1_000_000);
  await width(bob, 640, 'the middle layer');
  await bob.call('setQuality', 'ada', 'HIGH');
  await simulate(bob, 'subscriber-bandwidth', 0);
  await width(bob, 1280, 'the top layer again');
}, { timeout: 90000 });

stage.test('where the bandwidth may pause a track the viewer hears so, and of its return', async (s) => {
  const room = freshRoom('pause');
  const [ada, bob] = [await s.join(room, 'ada'), await s.join(room, 'bob')];
  await bob.page.evaluate(() => {
    window.states = [];
    window.room.on('trackStreamStateChanged', (publication, state, from) => window.states.push(`${from.identity} ${publication.source} ${state}`));
  });
  const states = () => bob.page.evaluate(() => window.states);
  await publish(ada);
  await assertSees(bob, 'ada');
  await simulate(bob, 'subscriber-bandwidth', 1);
  await eventually(async () => (await states()).at(-1) === 'ada camera paused', { what: 'paused' });
  await sleep(500);
  const before = (await bob.call('remote', 'ada', 'camera')).packets;
  await sleep(1500);
  assert.ok((await bob.call('remote', 'ada', 'camera')).packets - before < 5, 'nothing comes while it is paused');
  await simulate(bob, 'subscriber-bandwidth', 0);
  await eventually(async () => (await states()).at(-1) === 'ada camera active', { what: 'active again' });
  await assertSees(bob, 'ada');
}, { timeout: 60000 });
