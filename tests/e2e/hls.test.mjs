// SPDX-License-Identifier: LGPL-2.1-or-later
//
// pipelines/hls and its page: from a camera to hls.js in Chromium, the delay read off the picture.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { runPipeline } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { filmTheTime, kCamera, watchTheTime } from './lib/timecode.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kMostLate = 4000;  // milliseconds
const stage = makeStage();
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'hls-'));
after(() => fs.rmSync(work, { recursive: true }));

const server = fileURLToPath(new URL('../../pipelines/hls-page/serve.mjs', import.meta.url));

/** The web server of pipelines/hls-page over `folder`, and where it is. */
async function serve(folder) {
  const child = spawn(process.execPath, [server, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => { throw new Error('serve.mjs ended'); })]);
  return { child, url: String(line).trim() };
}

stage.test('a camera is seen by hls.js at most three seconds later', async (s) => {
  const room = freshRoom('hls');
  const folder = fs.mkdtempSync(path.join(work, 'live-'));
  const site = await serve(folder);
  const camera = runPipeline(s.daemon, 'kiosk-camera', { room, width: 640, height: 360, camera: kCamera }, { input: true });
  const stop = filmTheTime(camera.input);
  try {
    // The page waits for the stream.
    const page = await s.page(site.url);
    await sleep(1000);
    assert.equal(await page.textContent('#state'), 'Waiting for the stream');
    const begin = Date.now();
    const stream = runPipeline(s.daemon, 'hls', { room, folder });
    await eventually(async () => fs.existsSync(path.join(folder, 'room.m3u8')), { interval: 20, timeout: 10000, what: 'the first segment' });
    const first = Date.now() - begin;
    await page.waitForFunction(() => document.querySelector('video').currentTime > 2, null, { timeout: 20000 });
    await page.evaluate(watchTheTime);
    await eventually(async () => page.evaluate(() => window.delays.length > 30), { timeout: 20000, what: 'the time can be read' });
    await sleep(15000);
    const { delays, misread, live } = await page.evaluate(() => ({
      delays: window.delays, misread: window.misread, live: document.getElementById('state').textContent }));
    if (process.env.E2E_SCREENSHOTS) await page.screenshot({ path: path.join(process.env.E2E_SCREENSHOTS, 'hls.png') });
    const sorted = [...delays].sort((a, b) => a - b);
    const at = (part) => sorted[Math.floor((sorted.length - 1) * part)];
    console.log(`# first segment after ${first} ms; ${delays.length} pictures late by ${at(0)} to ${at(1)} ms, median ${at(0.5)} ms, ${misread} not read`);
    assert.ok(first <= 6000, `the first segment came after ${first} ms`);
    assert.equal(live, 'Live');
    assert.ok(delays.length > 100 && misread < delays.length / 10, `${delays.length} pictures, ${misread} not read`);
    assert.ok(at(0.95) <= kMostLate, `pictures are late by ${at(0.95)} ms`);
    await stream.end();
  } catch (error) {
    error.message += `\n${camera.log()}`;
    throw error;
  } finally {
    stop();
    camera.kill();
    site.child.kill();
  }
}, { timeout: 90000 });
