// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Signalling that is lost and comes back, as a resume and as a full reconnect: who talks goes on
// talking. Both with the newest livekit-client and with 2.0.

import assert from 'node:assert/strict';

import { throughRelay } from './lib/candidates.mjs';
import { assertHears, assertTalk } from './lib/checks.mjs';
import { startRelay } from './lib/relay.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

// A client that is kept from UDP for a while is not sent to TCP, which throughRelay() hides.
const stage = makeStage({ env: { LIVEKIT_RTC_ALLOW_TCP_FALLBACK: 'false' } });

/** Keeps the page's WebSockets where a test can close them behind the library's back. */
function keepWebSockets() {
  window.sockets = [];
  window.WebSocket = class extends window.WebSocket {
    constructor(...values) {
      super(...values);
      window.sockets.push(this);
    }
  };
}

/** A tone that never stops, and a small picture. */
async function publish(one) {
  await one.call('publishTone');
  await one.page.evaluate(() => window.room.localParticipant.setCameraEnabled(
    true, { resolution: { width: 320, height: 180, frameRate: 15 } }, { simulcast: false }));
}

async function twoTalk(s, client, name) {
  const room = freshRoom(name);
  const ada = await s.join(room, 'ada', { client, before: { script: keepWebSockets } });
  const bob = await s.join(room, 'bob', { client });
  await Promise.all([publish(ada), publish(bob)]);
  await assertTalk(ada, bob);
  return { ada, bob };
}

const sidOf = (one) => one.page.evaluate(() => window.room.localParticipant.sid);
// Of the engine: the room of 2.0 says nothing of a resume.
const watchReturn = (one) => one.page.evaluate(() => {
  for (const event of ['resumed', 'restarted']) window.room.engine.once(event, () => { window.isBack = true; });
});
const webSockets = (one) => one.page.evaluate(() => window.sockets.length);
const simulate = (scenario) => (one) => one.page.evaluate((name) => { window.room.simulateScenario(name); }, scenario);
const closeWebSocket = (one) => one.page.evaluate(() => window.sockets.at(-1).close());

/** What `listener` has received of `identity`'s sound: whose track, how many packets, and when. */
const heard = (listener, identity) => listener.page.evaluate(async (who) => {
  const { sid, packets } = await window.lk.remote(who, 'microphone');
  return { sid, packets, time: performance.now() };
}, identity);

/** For how many ms since `start` no sound came: a packet is 20 ms of it, however busy the page is. */
function interruption(start, end) {
  const packets = end.sid === start.sid ? end.packets - start.packets : end.packets;
  return end.time - start.time - 20 * packets;
}

/** Loses ada's signalling by `lose`; nobody's sound stops for longer than `limit` ms. */
async function survives({ ada, bob }, lose, { limit, resumed }) {
  const sid = await sidOf(ada);
  const before = await webSockets(ada);
  const directions = [[ada, 'bob'], [bob, 'ada']];
  const starts = await Promise.all(directions.map(([listener, who]) => heard(listener, who)));
  await watchReturn(ada);
  await lose(ada);
  await eventually(async () => await webSockets(ada) > before, { what: 'ada notices' });
  await eventually(() => ada.page.evaluate(() => window.isBack), { timeout: 25000, what: 'ada is back' });
  await assertTalk(ada, bob);
  for (const [i, [listener, who]] of directions.entries()) {
    const silent = interruption(starts[i], await heard(listener, who));
    assert.ok(silent <= limit, `${listener.identity} hears ${who} stop for ${Math.round(silent)} ms`);
  }
  assert.equal((await sidOf(ada)) === sid, resumed);
  assert.deepEqual(await ada.call('events', 'Disconnected'), []);
}

for (const client of ['newest', 'v2_0']) {
  const test = (name, run) => stage.test(`${client}: ${name}`, run);

  test('a WebSocket that closes does not stop the media', async (s) => {
    const call = await twoTalk(s, client, 'closed');
    await survives(call, closeWebSocket, { limit: 1000, resumed: true });
    // A session that was resumed can do everything, once more as well.
    await call.ada.call('enable', 'Camera', false);
    await eventually(async () => (await call.bob.call('remote', 'ada', 'camera')).muted, { what: 'bob learns of a mute' });
    await call.ada.call('enable', 'Camera', true);
    await assertTalk(call.ada, call.bob);
  });

  test('a resume does not stop the media', async (s) => {
    const call = await twoTalk(s, client, 'resume');
    await survives(call, simulate('signal-reconnect'), { limit: 1000, resumed: true });
  });

  test('a resume that loses its WebSocket again succeeds later', async (s) => {
    const call = await twoTalk(s, client, 'twice');
    await survives(call, simulate('disconnect-signal-on-resume'), { limit: 1000, resumed: true });
  });

  test('after a full reconnect both see each other again', async (s) => {
    const call = await twoTalk(s, client, 'full');
    await survives(call, simulate('full-reconnect'), { limit: 3000, resumed: false });
  });

  test('a server that fails is joined anew', async (s) => {
    const call = await twoTalk(s, client, 'node');
    await survives(call, simulate('node-failure'), { limit: 3000, resumed: false });
  });
}

// After 15 s the server takes the connection for failed and asks for a resume.
stage.test('a network that was away for too long is taken back', async (s) => {
  const relay = await startRelay(s.daemon.ports.udp, {});
  const room = freshRoom('away');
  const ada = await s.join(room, 'ada', { before: throughRelay(relay.port) });
  const bob = await s.join(room, 'bob');
  await Promise.all([publish(ada), publish(bob)]);
  await assertTalk(ada, bob);
  const sid = await sidOf(ada);
  await watchReturn(ada);
  relay.freeze();
  await sleep(16500);
  relay.thaw();
  await eventually(() => ada.page.evaluate(() => window.isBack), { timeout: 15000, what: 'ada is back' });
  const before = await heard(ada, 'bob');
  await eventually(async () => (await heard(ada, 'bob')).packets > before.packets + 50, { what: 'packets at ada' });
  await Promise.all([assertHears(ada, 'bob'), assertHears(bob, 'ada')]);
  // The server would remove her now if it had not seen her come back.
  await sleep(16000);
  assert.equal(await sidOf(ada), sid);
  assert.deepEqual(await bob.call('events', 'ParticipantDisconnected'), []);
  await relay.stop();
}, { timeout: 120000 });
