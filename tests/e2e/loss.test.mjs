// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A minute through a relay that loses 5 % at random and delays 40 ms each way.

import assert from 'node:assert/strict';

import { throughRelay } from './lib/candidates.mjs';
import { assertSees } from './lib/checks.mjs';
import { startRelay } from './lib/relay.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kSeconds = Number(process.env.LOSS_SECONDS ?? 60);
// livekit-client's own lower layers have 20 frames per second: no room to say that 20 arrived.
const layer = (width, height, maxBitrate) => ({ width, height, encoding: { maxBitrate, maxFramerate: 30 } });
const kLayers = { videoSimulcastLayers: [layer(320, 180, 160000), layer(640, 360, 450000)] };
const stage = makeStage();

function pictureOf(times) {
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  return {
    drawn: times.length / ((times.at(-1) - times[0]) / 1000),
    freezeMs: Math.round(Math.max(...gaps)),
    worst: gaps.map(Math.round).sort((a, b) => b - a).slice(0, 5),
  };
}

stage.test('two pages keep talking through 5 % loss and 40 ms each way', async (s) => {
  const relay = await startRelay(s.daemon.ports.udp, { loss: 5, delay: 40 });
  const room = freshRoom('loss');
  const people = [];
  for (const identity of ['ada', 'bob']) {
    people.push(await s.join(room, identity, { before: throughRelay(relay.port) }));
  }
  const [ada, bob] = people;
  for (const one of people) {
    await one.call('publish', { camera: true, videoOptions: kLayers });
    await one.call('publishTone', one === ada ? 440 : 660);
  }
  const pairs = [[ada, bob], [bob, ada]];
  for (const [viewer, other] of pairs) {
    await assertSees(viewer, other.identity, 'camera', 25000);
    await eventually(async () => (await viewer.call('remote', other.identity, 'microphone')).level > 0.1, { what: 'the tone' });
  }
  await sleep(5000);  // The rate estimate settles: what counts is the call, not its start.
  // Counted where they are decoded: a page without a graphics card skips some when it draws.
  const before = new Map();
  for (const [viewer, other] of pairs) {
    await viewer.call('takeFrameTimes', other.identity, 'camera');
    await viewer.call('takeSilence', other.identity);
    const { decoded } = await viewer.call('remote', other.identity, 'camera');
    before.set(viewer, { decoded, at: performance.now() });
  }
  await sleep(kSeconds * 1000);

  const found = [];
  for (const [viewer, other] of pairs) {
    const picture = pictureOf(await viewer.call('takeFrameTimes', other.identity, 'camera'));
    const silence = await viewer.call('takeSilence', other.identity);
    const { decoded, width, lost, packets, nacks, plis } = await viewer.call('remote', other.identity, 'camera');
    const start = before.get(viewer);
    const fps = (decoded - start.decoded) / ((performance.now() - start.at) / 1000);
    found.push({ viewer: viewer.identity, fps, ...picture, silence, width, lost, packets, nacks, plis });
  }
  const relayed = await relay.stop();
  console.log(`# ${JSON.stringify({ found, relayed })}`);
  assert.ok(relayed.lost / (relayed.lost + relayed.passed) > 0.04, 'the relay lost what it should');
  for (const { viewer, fps, freezeMs, silence } of found) {
    assert.ok(fps >= 20, `${viewer}: ${fps.toFixed(1)} frames per second`);
    assert.ok(freezeMs <= 1000, `${viewer}: frozen for ${freezeMs} ms`);
    assert.ok(silence.listenedMs > kSeconds * 900, `${viewer}: listened for ${silence.listenedMs} ms`);
    assert.ok(silence.longestMs <= 200, `${viewer}: silent for ${silence.longestMs} ms`);
  }
}, { timeout: (kSeconds + 90) * 1000 });
