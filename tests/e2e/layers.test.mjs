// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

import { assertSees } from './lib/checks.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const kWidths = { LOW: 320, MEDIUM: 640, HIGH: 1280 };

async function publisherAndViewer(s, name, options = {}) {
  const room = freshRoom(name);
  const ada = await s.join(room, 'ada', { options });
  const bob = await s.join(room, 'bob');
  await ada.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8', simulcast: true } });
  await assertSees(bob, 'ada');
  return { room, ada, bob };
}

async function chooses(viewer, quality) {
  await viewer.call('setQuality', 'ada', quality);
  await eventually(async () => (await viewer.call('remote', 'ada', 'camera')).width === kWidths[quality],
    { timeout: 20000, what: `${viewer.identity} gets ${quality}` });
}

/** The encodings, by rid, of which packets are leaving the publisher now. */
async function flowing(publisher) {
  const bytes = (list) => new Map(list.map((encoding) => [encoding.rid, encoding.packetsSent]));
  const before = bytes(await publisher.call('sent', 'camera'));
  await sleep(1000);
  const after = bytes(await publisher.call('sent', 'camera'));
  return [...after].filter(([rid, packets]) => packets > (before.get(rid) ?? 0) + 2).map(([rid]) => rid).sort().join('');
}

stage.test('a viewer chooses among three layers and no switch breaks the picture', async (s) => {
  const { bob } = await publisherAndViewer(s, 'simulcast');
  for (const quality of ['HIGH', 'LOW', 'MEDIUM', 'HIGH', 'LOW']) {
    await chooses(bob, quality);
    await bob.call('takeFrameTimes', 'ada', 'camera');
    await sleep(1500);
    const times = await bob.call('takeFrameTimes', 'ada', 'camera');
    assert.ok(times.length >= 15, `${times.length} frames in 1.5 s of ${quality}`);
  }
  const { freezes } = await bob.call('remote', 'ada', 'camera');
  assert.ok(freezes <= 1, `${freezes} freezes`);
}, { timeout: 120000 });

stage.test('two viewers get different layers at the same time', async (s) => {
  const { room, bob } = await publisherAndViewer(s, 'two-layers');
  const cleo = await s.join(room, 'cleo');
  await assertSees(cleo, 'ada');
  await Promise.all([chooses(bob, 'LOW'), chooses(cleo, 'HIGH')]);
  await Promise.all([assertSees(bob, 'ada'), assertSees(cleo, 'ada')]);
});

stage.test('dynacast stops the layers that nobody watches and starts them again', async (s) => {
  const { ada, bob } = await publisherAndViewer(s, 'dynacast', { dynacast: true });
  await chooses(bob, 'HIGH');
  await eventually(async () => (await flowing(ada)) === 'fhq', { timeout: 20000, what: 'all three flow' });
  await bob.call('setQuality', 'ada', 'LOW');
  await eventually(async () => (await flowing(ada)) === 'q', { timeout: 25000, what: 'only the lowest flows' });
  await chooses(bob, 'HIGH');
  await assertSees(bob, 'ada');
  await bob.call('subscribe', 'ada', 'camera', false);
  await eventually(async () => (await flowing(ada)) === '', { timeout: 25000, what: 'nothing flows' });
  await bob.call('subscribe', 'ada', 'camera', true);
  await assertSees(bob, 'ada');
}, { timeout: 120000 });

stage.test('a late joiner sees its first frame within a keyframe round trip', async (s) => {
  const { room } = await publisherAndViewer(s, 'late');
  const late = await s.join(room, 'late', { connect: false });
  const took = await late.call('timeToFirstFrame', s.daemon.url, late.token);
  assert.ok(took < 1500, `${Math.round(took)} ms`);
});
