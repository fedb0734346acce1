// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Picture and sound stay together: a flash and a beep in every second, through a room, measured in
// recordings by ffmpeg.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { flashAndBeep, flashesAndBeeps } from './lib/flash.mjs';
import { runPipeline as start } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kMostApart = 0.040;  // seconds
const stage = makeStage();
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'sync-'));
after(() => fs.rmSync(work, { recursive: true }));

function assertTogether(file, what) {
  const found = flashesAndBeeps(file).sort((a, b) => a - b);
  assert.ok(found.length >= 5, `${found.length} flashes with a beep in ${file}`);
  const median = found[found.length >> 1];
  console.log(`# ${what}: beep behind flash by ${found.map((offset) => Math.round(offset * 1000)).join(' ')} ms`);
  assert.ok(Math.abs(median) <= kMostApart, `${what}: ${Math.round(median * 1000)} ms`);
}

stage.test('flash and beep are together in the source', async () => assertTogether(flashAndBeep(work), 'source'));

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
