// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the lines of pipelines/ cost: processor time in cores, and memory, each over half a minute.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { joins, pipelineTests, runPipeline } from './lib/pipeline.mjs';
import { processorSeconds } from './lib/process.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kSeconds = Number(process.env.COSTS_SECONDS ?? 30);
const stage = makeStage();
const costTest = pipelineTests(stage);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'costs-'));
after(() => fs.rmSync(work, { recursive: true }));

/** Cores and megabytes of a running process, after it has settled. */
async function costOf(what, pid) {
  await sleep(3000);
  const before = processorSeconds(pid);
  const begin = performance.now();
  await sleep(kSeconds * 1000);
  const cores = (processorSeconds(pid) - before) / ((performance.now() - begin) / 1000);
  const megabytes = Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  console.log(`# ${what}: ${cores.toFixed(3)} cores, ${megabytes.toFixed(0)} MB`);
  return { cores, megabytes };
}

const camera = (s, room, identity, size, pad = '') => `livekitsink name=s ${joins(s.daemon, room, identity)} ${pad}
  videotestsrc is-live=true pattern=ball ! video/x-raw,${size},framerate=30/1 ! s.video_0
  audiotestsrc is-live=true volume=0.1 ! s.audio_0`;

const grows = (file) => eventually(() => fs.existsSync(file) && fs.statSync(file).size > 100000,
  { timeout: 30000, what: `${file} grows` });

costTest('four people at 720p30 into MP4 by x264', async (s, start) => {
  const room = freshRoom('costs-room');
  for (const identity of ['ada', 'bob', 'cleo', 'dan'])
    start(camera(s, room, identity, 'width=640,height=360', 'video_0::simulcast=false'));
  const file = path.join(work, 'room.mp4');
  const recorder = runPipeline(s.daemon, 'record-room', { room, file });
  await grows(file);
  const cost = await costOf('record-room', recorder.pid);
  await recorder.end();
  assert.ok(cost.cores <= 1, `${cost.cores} cores`);
  assert.ok(cost.megabytes <= 200, `${cost.megabytes} MB`);
}, { timeout: (kSeconds + 60) * 1000 });

costTest('one participant into a file as it comes', async (s, start) => {
  const room = freshRoom('costs-track');
  start(camera(s, room, 'kiosk', 'width=1280,height=720', 'video_0::simulcast=false'));
  const file = path.join(work, 'track.ts');
  const recorder = runPipeline(s.daemon, 'record-track', { room, file });
  await grows(file);
  const cost = await costOf('record-track', recorder.pid);
  await recorder.end();
  assert.ok(cost.cores <= 0.1, `${cost.cores} cores`);
}, { timeout: (kSeconds + 60) * 1000 });

costTest('a kiosk with three layers against one', async (s, start) => {
  const costs = {};
  for (const [name, pad] of [['three', ''], ['one', 'video_0::simulcast=false']]) {
    const room = freshRoom('costs-kiosk');
    const kiosk = start(camera(s, room, 'kiosk', 'width=1280,height=720', pad));
    // One viewer for each layer, or none of them is made.
    for (const [identity, width, height] of [['q', 320, 180], ['h', 640, 360], ['f', 1280, 720]]) {
      start(`livekitsrc name=r ${joins(s.daemon, room, identity)} audio=false preferred-width=${width} preferred-height=${height}
        r.video_0 ! fakesink sync=false async=false`);
    }
    await kiosk.waitForState('connected');
    costs[name] = (await costOf(`kiosk, ${name}`, kiosk.pid)).cores;
    await kiosk.stop();
  }
  assert.ok(costs.three < costs.one * 2, JSON.stringify(costs));
}, { timeout: (2 * kSeconds + 90) * 1000 });
