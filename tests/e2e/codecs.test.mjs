// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

import { assertHears, assertSees } from './lib/checks.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();

async function publisherAndViewer(s, name, publish) {
  const room = freshRoom(name);
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob');
  await ada.call('publish', publish);
  return { ada, bob };
}

const kVideo = [
  ['VP8 with simulcast', 'video/VP8', { videoCodec: 'vp8' }],
  ['VP8 without simulcast', 'video/VP8', { videoCodec: 'vp8', simulcast: false }],
  ['H264 with simulcast', 'video/H264', { videoCodec: 'h264' }],
  ['VP9 with SVC', 'video/VP9', { videoCodec: 'vp9', scalabilityMode: 'L3T3_KEY', backupCodec: false }],
  ['AV1 with SVC', 'video/AV1', { videoCodec: 'av1', scalabilityMode: 'L3T3_KEY', backupCodec: false }],
];
for (const [name, mime, videoOptions] of kVideo) {
  stage.test(`${name} is decoded`, async (s) => {
    const { bob } = await publisherAndViewer(s, 'codec', { camera: true, videoOptions });
    await assertSees(bob, 'ada', 'camera', 25000);
    assert.equal((await bob.call('remote', 'ada', 'camera')).codec, mime);
  });
}

for (const codec of ['vp9', 'av1']) {
  stage.test(`a layer of ${codec} SVC is chosen by the viewer`, async (s) => {
    const { bob } = await publisherAndViewer(s, 'svc', {
      camera: true,
      videoOptions: { videoCodec: codec, scalabilityMode: 'L3T3_KEY', backupCodec: false },
    });
    await assertSees(bob, 'ada', 'camera', 25000);
    for (const [quality, width] of [['LOW', 320], ['HIGH', 1280], ['MEDIUM', 640]]) {
      await bob.call('setQuality', 'ada', quality);
      await eventually(async () => (await bob.call('remote', 'ada', 'camera')).width === width,
        { timeout: 20000, what: `${quality} is ${width} wide` });
    }
    await assertSees(bob, 'ada');
  }, { timeout: 90000 });
}

stage.test('VP9 published with a backup codec planned is decoded', async (s) => {
  const { ada, bob } = await publisherAndViewer(s, 'backup', {
    camera: true,
    videoOptions: { videoCodec: 'vp9', scalabilityMode: 'L3T3_KEY', backupCodec: { codec: 'vp8' } },
  });
  await assertSees(bob, 'ada', 'camera', 25000);
  assert.equal((await ada.call('sent', 'camera'))[0].codec, 'video/VP9');
});

stage.test('Opus is sent with RED and heard', async (s) => {
  const { ada, bob } = await publisherAndViewer(s, 'red', { microphone: true, audioOptions: { red: true } });
  await assertHears(bob, 'ada');
  assert.equal((await ada.call('sent', 'microphone'))[0].codec, 'audio/red');
});

stage.test('Opus without RED is heard', async (s) => {
  const { ada, bob } = await publisherAndViewer(s, 'opus', { microphone: true, audioOptions: { red: false } });
  await assertHears(bob, 'ada');
  assert.equal((await ada.call('sent', 'microphone'))[0].codec, 'audio/opus');
});

async function packetsPerSecond(participant) {
  const [before] = await participant.call('sent', 'microphone');
  await sleep(3000);
  const [after] = await participant.call('sent', 'microphone');
  return (after.packetsSent - before.packetsSent) / ((after.timestamp - before.timestamp) / 1000);
}

stage.test('DTX saves packets in silence and speech is still heard', async (s) => {
  const quiet = await publisherAndViewer(s, 'dtx', { microphone: true, audioOptions: { dtx: true, red: false } });
  await assertHears(quiet.bob, 'ada');
  const withDtx = await packetsPerSecond(quiet.ada);
  const full = await publisherAndViewer(s, 'no-dtx', { microphone: true, audioOptions: { dtx: false, red: false } });
  await assertHears(full.bob, 'ada');
  const without = await packetsPerSecond(full.ada);
  assert.ok(without > 45 && withDtx < without * 0.9, `${withDtx} packets/s with DTX, ${without} without`);
});
