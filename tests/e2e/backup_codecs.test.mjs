// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A camera in a codec that one viewer cannot decode, with a backup codec and each policy of livekit-client's: what
// each viewer decodes, and what the publisher encodes.

import assert from 'node:assert/strict';

import { assertSees } from './lib/checks.mjs';
import { withoutCodec } from './lib/codecs.mjs';
import { startDaemon } from './lib/daemon.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kPolicy = { preferRegression: 0, simulcast: 1, regression: 2 };  // BackupCodecPolicy
const stage = makeStage();

/** How many frames of each codec ada encodes in two seconds. */
async function encodedNow(ada) {
  const before = await ada.call('framesSent', 'camera');
  await sleep(2000);
  const now = await ada.call('framesSent', 'camera');
  return Object.fromEntries(Object.entries(now).map(([codec, frames]) => [codec, frames - (before[codec] ?? 0)]));
}

/** In the size that ada publishes, of which codec it ever is. */
async function assertDecodes(viewer, mime) {
  await eventually(async () => (await viewer.call('remote', 'ada', 'camera')).codec === mime,
    { timeout: 25000, what: `${viewer.identity} gets ${mime}` });
  await assertSees(viewer, 'ada', 'camera', 25000);
  await eventually(async () => (await viewer.call('remote', 'ada', 'camera')).width === 640,
    { timeout: 25000, what: `${viewer.identity} gets all of ${mime}` });
}

/**
 * ada publishes; bob, and old with livekit-client 2.0, take every codec and get the first. Then eve comes, who does
 * not know it and gets the backup.
 */
async function callWith(s, codec, backupCodecPolicy) {
  const room = freshRoom('backup');
  const ada = await s.join(room, 'ada', { options: { dynacast: true } });
  const all = [await s.join(room, 'bob'), await s.join(room, 'old', { client: 'v2_0' })];
  await ada.call('publish', {
    camera: true,
    resolution: { width: 640, height: 360, frameRate: 15 },
    videoOptions: { videoCodec: codec, scalabilityMode: 'L1T3', backupCodec: { codec: 'vp8' }, backupCodecPolicy },
  });
  const mime = `video/${codec.toUpperCase()}`;
  for (const viewer of all) await assertDecodes(viewer, mime);
  const eve = await s.join(room, 'eve', { before: withoutCodec(mime) });
  await assertDecodes(eve, 'video/VP8');
  return { ada, all, eve, mime };
}

async function assertRegresses(s, codec, policy) {
  const { ada, all, eve, mime } = await callWith(s, codec, policy);
  for (const viewer of all) await assertDecodes(viewer, 'video/VP8');
  await eventually(async () => {
    const encoded = await encodedNow(ada);
    return encoded[mime] === 0 && encoded['video/VP8'] > 5;
  }, { timeout: 25000, what: `ada encodes VP8 alone` });
  for (const viewer of [...all, eve]) await assertSees(viewer, 'ada');
  // The same track went on: nobody had to subscribe again.
  for (const viewer of all) assert.deepEqual(await viewer.call('events', 'TrackUnpublished'), []);
}

async function assertSendsBoth(s, codec, policy) {
  const { ada, all, eve, mime } = await callWith(s, codec, policy);
  // As long as it would take to stop what nobody wants.
  await sleep(7000);
  const encoded = await encodedNow(ada);
  assert.ok(encoded[mime] > 5 && encoded['video/VP8'] > 5, JSON.stringify(encoded));
  for (const viewer of all) await assertDecodes(viewer, mime);
  await assertDecodes(eve, 'video/VP8');
}

for (const codec of ['vp9', 'av1']) {
  stage.test(`under regression ${codec} gives way to VP8 for everybody`, (s) => assertRegresses(s, codec, kPolicy.regression), { timeout: 120000 });
}
stage.test('regression is preferred where nothing is said, in a small room', (s) => assertRegresses(s, 'vp9', undefined), { timeout: 120000 });
stage.test('with simulcast of codecs each gets what it can decode', (s) => assertSendsBoth(s, 'vp9', kPolicy.simulcast), { timeout: 120000 });
stage.test('a room at the threshold does not regress', async (s) => {
  const { daemon } = s;
  s.daemon = await startDaemon({ config: 'video:\n  codec_regression_threshold: 4\n' });
  try {
    await assertSendsBoth(s, 'vp9', kPolicy.preferRegression);
  } finally {
    await s.daemon.stop();
    s.daemon = daemon;
  }
}, { timeout: 120000 });
