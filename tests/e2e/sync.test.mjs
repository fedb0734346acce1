// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Picture and sound stay together: a flash and a beep in every second, through a room, measured in
// recordings by ffmpeg.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { runPipeline as start } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kMostApart = 0.040;  // seconds
const stage = makeStage();
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'sync-'));
after(() => fs.rmSync(work, { recursive: true }));

/** Half a minute of it, in a file whose picture and sound begin together. */
function flashAndBeep() {
  const file = path.join(work, 'flash.webm');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi',
    '-i', "color=black:s=640x360:r=30,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.3)'",
    '-f', 'lavfi', '-i', "aevalsrc='if(lt(mod(t,1),0.3),0.8*sin(2*PI*1000*t),0)':s=48000",
    '-t', '30', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '30', '-c:a', 'libopus', file]);
  return file;
}

/** By how many seconds the beep is behind the flash, at each second. */
function offsets(file) {
  const log = spawnSync('ffmpeg', ['-hide_banner', '-nostats', '-i', file, '-vf', 'blackdetect=d=0.3:pix_th=0.5:pic_th=0.9',
    '-af', 'silencedetect=n=-30dB:d=0.3', '-f', 'null', '-']).stderr.toString();
  const times = (pattern) => [...log.matchAll(pattern)].map((match) => parseFloat(match[1]));
  const flashes = times(/black_end:([\d.]+)/g);
  const beeps = times(/silence_end: ([\d.]+)/g);
  const found = flashes.map((flash) => {
    const beep = beeps.reduce((best, time) => (Math.abs(time - flash) < Math.abs(best - flash) ? time : best), Infinity);
    return beep - flash;
  }).filter((offset) => Math.abs(offset) < 0.5);
  assert.ok(found.length >= 5, `${flashes.length} flashes and ${beeps.length} beeps in ${file}\n${log.slice(-1500)}`);
  return found;
}

function assertTogether(file, what) {
  const found = offsets(file).sort((a, b) => a - b);
  const median = found[found.length >> 1];
  console.log(`# ${what}: beep behind flash by ${found.map((offset) => Math.round(offset * 1000)).join(' ')} ms`);
  assert.ok(Math.abs(median) <= kMostApart, `${what}: ${Math.round(median * 1000)} ms`);
}

stage.test('flash and beep are together in the source', async () => assertTogether(flashAndBeep(), 'source'));

for (const [name, file] of [['record-track', 'track.ts'], ['record-room', 'room.mp4']]) {
  stage.test(`flash and beep are together after ${name}`, async (s) => {
    const room = freshRoom('sync');
    const recording = path.join(work, file);
    const recorder = start(s.daemon, name, { room, file: recording, ...(name === 'record-track' && { participant: 'player' }) });
    const player = start(s.daemon, 'file', { room, file: path.join(work, 'flash.webm'), identity: 'player' });
    await eventually(() => fs.existsSync(recording) && fs.statSync(recording).size > 20000, { timeout: 20000, what: 'the recording grows' });
    await sleep(12000);
    await recorder.end();
    await player.end();
    assertTogether(recording, name);
  }, { timeout: 60000 });
}
