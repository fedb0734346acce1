// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekitsink's tracks, watched by unmodified livekit-client in Chromium.

import assert from 'node:assert/strict';

import { startDaemon } from './lib/daemon.mjs';
import { assertHears, assertSees, assertStopsSeeing } from './lib/checks.mjs';
import { joins, pipelineTests } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const kWidths = { LOW: 320, MEDIUM: 640, HIGH: 1280 };

const video = (width = 1280, height = 720) =>
  `videotestsrc is-live=true pattern=ball ! video/x-raw,width=${width},height=${height},framerate=30/1`;
const audio = 'audiotestsrc is-live=true freq=440 volume=0.5 ! audio/x-raw,rate=48000';
const key = 'keyframe-max-dist=60 deadline=1 cpu-used=8';
const encoded = {
  h264: 'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=60 ! video/x-h264,profile=baseline',
  vp8: `vp8enc ${key}`,
  vp9: `vp9enc ${key}`,
};

const sinkTest = pipelineTests(stage);

const frames = async (pipeline) => {
  const { video_0: track } = await pipeline.get('s', 'stats');
  return { q: track['encoding-q']['frames-encoded'], h: track['encoding-h']['frames-encoded'], f: track['encoding-f']['frames-encoded'] };
};

/** The encodings of which frames are made now. */
async function encoding(pipeline) {
  const before = await frames(pipeline);
  await sleep(1000);
  const after = await frames(pipeline);
  return Object.keys(after).filter((rid) => after[rid] > before[rid] + 3).sort().join('');
}

async function chooses(viewer, quality) {
  await viewer.call('setQuality', 'kiosk', quality);
  await eventually(async () => (await viewer.call('remote', 'kiosk', 'camera')).width === kWidths[quality],
    { timeout: 20000, what: `${viewer.identity} gets ${quality}` });
}

sinkTest('raw picture and sound are seen and heard, under their names', async (s, start) => {
  const room = freshRoom('sink');
  const bob = await s.join(room, 'bob');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} participant-name=Kiosk metadata=hall
    ${video()} ! s.video_0 ${audio} ! s.audio_0`);
  await assertSees(bob, 'kiosk');
  await assertHears(bob, 'kiosk');
});

for (const codec of ['h264', 'vp8', 'vp9']) {
  sinkTest(`encoded ${codec} and Opus go through as they are`, async (s, start) => {
    const room = freshRoom(`sink-${codec}`);
    const bob = await s.join(room, 'bob');
    const pipeline = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')}
      ${video(640, 360)} ! ${encoded[codec]} ! s.video_0 ${audio} ! opusenc ! s.audio_0`);
    await assertSees(bob, 'kiosk');
    await assertHears(bob, 'kiosk');
    const stats = await pipeline.get('s', 'stats');
    assert.ok(stats.video_0.packets > 0);
  });
  sinkTest(`raw video is encoded as ${codec} where that is wished`, async (s, start) => {
    const room = freshRoom(`sink-raw-${codec}`);
    const bob = await s.join(room, 'bob');
    start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} video_0::codec=${codec} video_0::track-name=front
      ${video(640, 360)} ! s.video_0`);
    await assertSees(bob, 'kiosk');
    assert.match((await bob.call('remote', 'kiosk', 'camera')).codec, new RegExp(codec, 'i'));
  });
}

sinkTest('a viewer chooses among three layers, and unwatched ones are not encoded', async (s, start) => {
  const room = freshRoom('sink-layers');
  const pipeline = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${video()} ! s.video_0`);
  await pipeline.waitForState('connected');
  const bob = await s.join(room, 'bob');
  await assertSees(bob, 'kiosk');
  await chooses(bob, 'HIGH');
  assert.equal(await encoding(pipeline), 'fhq');
  await chooses(bob, 'LOW');
  await eventually(async () => (await encoding(pipeline)) === 'q', { timeout: 25000, what: 'only the lowest is encoded' });
  await chooses(bob, 'MEDIUM');
  await chooses(bob, 'HIGH');
  await assertSees(bob, 'kiosk');
  await bob.call('subscribe', 'kiosk', 'camera', false);
  await eventually(async () => (await encoding(pipeline)) === '', { timeout: 25000, what: 'nothing is encoded' });
  await bob.call('subscribe', 'kiosk', 'camera', true);
  await assertSees(bob, 'kiosk');
}, { timeout: 120000 });

sinkTest('mute and unmute reach the other side, and what is muted is not encoded', async (s, start) => {
  const room = freshRoom('sink-mute');
  const bob = await s.join(room, 'bob');
  const pipeline = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${video()} ! s.video_0`);
  await assertSees(bob, 'kiosk');
  await pipeline.set('s.video_0', 'muted', true);
  await eventually(async () => (await bob.call('remote', 'kiosk', 'camera')).muted, { what: 'muted' });
  await assertStopsSeeing(bob, 'kiosk');
  assert.equal(await encoding(pipeline), '');
  await pipeline.set('s.video_0', 'muted', false);
  await assertSees(bob, 'kiosk');
});

sinkTest('the daemon is killed and started again: the kiosk comes back by itself', async (s, start) => {
  const room = freshRoom('sink-away');
  const pipeline = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${video(640, 360)} ! s.video_0`);
  await pipeline.waitForState('connected');
  await s.daemon.kill();
  await pipeline.waitForState('reconnecting');
  await sleep(2000);
  s.daemon = await startDaemon({ ports: s.daemon.ports });
  const bob = await s.join(room, 'bob');
  await assertSees(bob, 'kiosk', 'camera', 30000);
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 90000 });

sinkTest('a codec that the server does not take is an error with a remedy, and no joining for ever', async (s, start) => {
  const daemon = await startDaemon({ config: 'room:\n  enabled_codecs: [{mime: video/vp8}, {mime: audio/opus}]' });
  try {
    const pipeline = start(`livekitsink name=s ${joins(daemon, freshRoom('refused'), 'kiosk')} video_0::codec=h264 ${video(640, 360)} ! s.video_0`);
    await eventually(async () => pipeline.errors().length > 0, { what: 'the element says what is wrong' });
    assert.match(pipeline.errors()[0], /video_0 cannot be published: the server takes no H264; set the pad's codec/);
    assert.deepEqual(pipeline.elementMessages('livekit-state').filter((m) => m.state === 'reconnecting'), []);
  } finally {
    await daemon.stop();
  }
});
