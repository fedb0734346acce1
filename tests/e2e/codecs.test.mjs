// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

import { throughRelay } from './lib/candidates.mjs';
import { assertHears, assertSees } from './lib/checks.mjs';
import { withoutCodec } from './lib/codecs.mjs';
import { startRelay } from './lib/relay.mjs';
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

/** Bytes per packet of a stream, over two seconds. */
async function packetSize(read) {
  const before = await read();
  await sleep(2000);
  const after = await read();
  return (after.bytes - before.bytes) / (after.packets - before.packets);
}

const receivedSize = (listener) => packetSize(() => listener.call('remote', 'ada', 'microphone'));
const sentSize = (speaker) => packetSize(async () => {
  const [{ bytesSent, packetsSent }] = await speaker.call('sent', 'microphone');
  return { bytes: bytesSent, packets: packetsSent };
});

// Browsers call the codec of a RED stream Opus: what tells is its size, each packet carries the one before.
stage.test('Opus is sent with RED to whom it was negotiated with, and plain to others', async (s) => {
  const room = freshRoom('red');
  const ada = await s.join(room, 'ada');
  const bob = await s.join(room, 'bob');
  const eve = await s.join(room, 'eve', { before: withoutCodec('audio/red') });
  await ada.call('publishTone', 440, { red: true });
  for (const listener of [bob, eve]) await assertHears(listener, 'ada');
  const [sent, red, plain] = await Promise.all([sentSize(ada), receivedSize(bob), receivedSize(eve)]);
  assert.ok(Math.abs(red / sent - 1) < 0.1, `${sent} bytes sent, ${red} received`);
  assert.ok(Math.abs(plain / sent - 0.5) < 0.1, `${sent} bytes sent, ${plain} received without RED`);
});

stage.test('what is lost on the way to the server is restored from RED for whom has none', async (s) => {
  const relay = await startRelay(s.daemon.ports.udp, { loss: 10, delay: 5 });
  const room = freshRoom('red-loss');
  const ada = await s.join(room, 'ada', { before: throughRelay(relay.port) });
  const bob = await s.join(room, 'bob');
  const eve = await s.join(room, 'eve', { before: withoutCodec('audio/red') });
  await ada.call('publishTone', 440, { red: true });
  for (const listener of [bob, eve]) await assertHears(listener, 'ada');
  await sleep(8000);
  const lossOf = async (listener) => {
    const { lost, packets } = await listener.call('remote', 'ada', 'microphone');
    return lost / (lost + packets);
  };
  const [withRed, restored] = [await lossOf(bob), await lossOf(eve)];
  await relay.stop();
  assert.ok(withRed > 0.05, `${withRed} lost with RED: the relay lost less than it should`);
  assert.ok(restored < withRed / 2, `${restored} lost without RED, ${withRed} with it`);
});

stage.test('Opus without RED is heard', async (s) => {
  const { ada, bob } = await publisherAndViewer(s, 'opus', { microphone: true, audioOptions: { red: false } });
  await assertHears(bob, 'ada');
  assert.equal((await ada.call('sent', 'microphone'))[0].codec, 'audio/opus');
});

async function packetsPerSecond(participant) {
  const [before] = await participant.call('sent', 'microphone');
  await sleep(4000);
  const [after] = await participant.call('sent', 'microphone');
  return (after.packetsSent - before.packetsSent) / ((after.timestamp - before.timestamp) / 1000);
}

// Chromium's fake microphone is never silent for long enough.
stage.test('DTX saves packets in silence and speech is still heard', async (s) => {
  const room = freshRoom('dtx');
  const bob = await s.join(room, 'bob');
  const speakers = { thrifty: await s.join(room, 'thrifty'), steady: await s.join(room, 'steady') };
  for (const [identity, speaker] of Object.entries(speakers)) {
    await speaker.call('publishTone', 440, { pulsed: true, dtx: identity === 'thrifty', red: false });
    await assertHears(bob, identity);
  }
  const [withDtx, without] = await Promise.all(Object.values(speakers).map(packetsPerSecond));
  assert.ok(without > 45 && withDtx < without * 0.8, `${withDtx} packets/s with DTX, ${without} without`);
}, { timeout: 90000 });
