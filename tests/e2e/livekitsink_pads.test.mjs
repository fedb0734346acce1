// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the pads of livekitsink can do beside raw media, watched by livekit-client in Chromium.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { assertSees } from './lib/checks.mjs';
import { joins, startPipeline } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually } from './lib/wait.mjs';

const stage = makeStage();

const encoded = (pad, width, height) => `videotestsrc is-live=true pattern=ball
  ! video/x-raw,width=${width},height=${height},framerate=15/1
  ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=3000 ! s.${pad}`;

stage.test('pads of encoded video with one track name are layers of one track', async (s) => {
  const room = freshRoom('sink-encoded');
  const pipeline = startPipeline(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')}
    video_0::track=cam video_1::track=cam video_2::track=cam
    ${encoded('video_0', 640, 360)} ${encoded('video_1', 160, 90)} ${encoded('video_2', 320, 180)}`);
  try {
    await pipeline.waitForState('connected');
    const bob = await s.join(room, 'bob');
    await assertSees(bob, 'kiosk');
    for (const [quality, width] of [['HIGH', 640], ['LOW', 160], ['MEDIUM', 320], ['HIGH', 640]]) {
      await bob.call('setQuality', 'kiosk', quality);
      await eventually(async () => (await bob.call('remote', 'kiosk', 'camera')).width === width,
        { timeout: 20000, what: `bob gets ${quality}` });
    }
    await assertSees(bob, 'kiosk');
    assert.deepEqual(pipeline.errors(), []);
  } finally {
    await pipeline.stop();
  }
}, { timeout: 120000 });

stage.test('buffers at data pads are data packets, for all or for some', async (s) => {
  const room = freshRoom('sink-data');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'livekitsink-data-'));
  // A whole file in each buffer, five times a second.
  const repeated = (text) => {
    const file = path.join(folder, text);
    fs.writeFileSync(file, text);
    return `multifilesrc location=${file} loop=true ! identity sleep-time=200000`;
  };
  const bob = await s.join(room, 'bob');
  const cleo = await s.join(room, 'cleo');
  const pipeline = startPipeline(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')}
    data_0::topic=news data_1::topic=secret data_1::destinations=bob data_1::reliable=false
    ${repeated('everybody')} ! s.data_0 ${repeated('onlybob')} ! s.data_1`);
  try {
    const received = { bob: new Set(), cleo: new Set() };
    // The first packets may come before the news of who is there.
    const read = async (who) => {
      for (const { text, from, topic } of await who.call('takeData'))
        if (from) received[who.identity].add(`${from} ${topic} ${text}`);
    };
    await eventually(async () => {
      await Promise.all([read(bob), read(cleo)]);
      return received.bob.size === 2 && received.cleo.size === 1;
    }, { timeout: 15000, what: 'data at both' });
    assert.deepEqual([...received.bob].sort(), ['kiosk news everybody', 'kiosk secret onlybob']);
    assert.deepEqual([...received.cleo], ['kiosk news everybody']);
    assert.deepEqual(pipeline.errors(), []);
  } finally {
    await pipeline.stop();
    fs.rmSync(folder, { recursive: true });
  }
});
