// SPDX-License-Identifier: LGPL-2.1-or-later
//
// pipelines/record-room for SOAK_SECONDS while a participant comes and one goes in every second: the memory, threads and
// files of the recorder stay as they are, and the recording is whole. ./check soak runs it for an hour.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { joins, runPipeline, startPipeline } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { usageOf } from './lib/usage.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kSeconds = Number(process.env.SOAK_SECONDS ?? 120);
const kStay = 3000;  // milliseconds; so many thousands are in the room at a time
const stage = makeStage();
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'soak-'));
after(() => fs.rmSync(work, { recursive: true }));

async function visit(s, room, identity) {
  const one = startPipeline(`livekitsink name=s ${joins(s.daemon, room, identity)}
    videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=15/1 ! s.video_0
    audiotestsrc is-live=true volume=0.1 ! s.audio_0`);
  try {
    await one.waitForState('connected');
    await sleep(kStay);
  } finally {
    await one.stop();
  }
}

stage.test(`a recorder of ${kSeconds} s with people who come and go every second stays as large as it was`, async (s) => {
  const room = freshRoom('soak');
  const file = path.join(work, 'room.mp4');
  const recorder = runPipeline(s.daemon, 'record-room', { room, file, width: 640, height: 360, bitrate: 300 });
  try {
    await eventually(async () => fs.existsSync(file) && fs.statSync(file).size > 0, { timeout: 20000, what: 'the recording begins' });
    const visits = new Set();
    const failed = [];
    const samples = [];
    const end = Date.now() + kSeconds * 1000;
    for (let guest = 0; Date.now() < end; guest += 1) {
      const going = visit(s, room, `guest-${guest}`).catch((error) => failed.push(error.message)).finally(() => visits.delete(going));
      visits.add(going);
      await sleep(1000);
      // On a slow machine: no more at a time than were meant.
      while (visits.size > 2 * (kStay / 1000)) await Promise.race(visits);
      samples.push(usageOf(recorder.pid));
    }
    await Promise.all(visits);
    await sleep(2000);
    const last = usageOf(recorder.pid);
    // At first caches, the allocator's arenas and the widest grid are filled.
    const settled = samples[Math.floor(samples.length / 3)];
    const most = Math.max(...samples.slice(-Math.ceil(samples.length / 3)).map((sample) => sample.kilobytes));
    console.log(`# ${samples.length} came and went: ${JSON.stringify(settled)} at a third, at most ${most} kB later, ${JSON.stringify(last)} at the end`);
    assert.ok(failed.length < samples.length / 20, `${failed.length} visits failed: ${failed.slice(0, 3)}`);
    assert.ok(most < settled.kilobytes * 1.15 + 8000, `${settled.kilobytes} kB became ${most} kB`);
    assert.ok(last.threads <= Math.max(...samples.slice(0, 20).map((sample) => sample.threads)), `${last.threads} threads are left`);
    assert.ok(last.files <= Math.max(...samples.slice(0, 20).map((sample) => sample.files)), `${last.files} files are left`);
    await recorder.end();
    const probe = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', file]));
    const lengths = probe.streams.map((stream) => Number(stream.duration));
    assert.ok(lengths.length === 2 && lengths.every((length) => length > kSeconds - 5) && Math.abs(lengths[0] - lengths[1]) < 1, `${lengths} s`);
  } catch (error) {
    error.message += `\n${recorder.log()}`;
    throw error;
  } finally {
    recorder.kill();
  }
}, { timeout: (kSeconds + 180) * 1000 });
