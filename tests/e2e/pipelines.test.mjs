// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The lines of pipelines/, as a user runs them, seen and heard by livekit-client in Chromium.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { assertHears, assertSees } from './lib/checks.mjs';
import { runPipeline as start } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../pipelines');
const run = path.join(folder, 'run');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'pipelines-'));
after(() => fs.rmSync(work, { recursive: true }));

const gst = (line) => execFileSync('gst-launch-1.0', ['-q', ...line.split(' ')], { timeout: 60000 });

stage.test('kiosk-camera is seen and heard under its name', async (s) => {
  const room = freshRoom('kiosk');
  const bob = await s.join(room, 'bob');
  const kiosk = start(s.daemon, 'kiosk-camera', { room, name: 'Hall' });
  await assertSees(bob, 'kiosk');
  await assertHears(bob, 'kiosk');
  await kiosk.end();
});

stage.test('encoded-camera joins with a token', async (s) => {
  const room = freshRoom('encoded');
  const bob = await s.join(room, 'bob');
  const camera = start(s.daemon, 'encoded-camera', { token: joinToken(room, 'door') });
  await assertSees(bob, 'door');
  await camera.end();
});

stage.test('file plays at its own pace and ends with its end', async (s) => {
  const file = path.join(work, 'video.webm');
  gst('videotestsrc num-buffers=180 pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 cpu-used=8 '
    + '! webmmux name=m ! filesink location=' + file + ' audiotestsrc num-buffers=280 samplesperbuffer=1024 volume=0.5 ! opusenc ! m.');
  const room = freshRoom('file');
  const bob = await s.join(room, 'bob');
  const begin = Date.now();
  const player = start(s.daemon, 'file', { room, file });
  await assertSees(bob, 'file');
  await assertHears(bob, 'file');
  assert.equal(await Promise.race([player.exited, sleep(20000)]), 0, player.log());
  const took = Date.now() - begin;
  assert.ok(took > 5500 && took < 12000, `6 s took ${took} ms`);
});

stage.test('file without sound ends, too', async (s) => {
  const file = path.join(work, 'silent.webm');
  gst('videotestsrc num-buffers=60 pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1 ! vp8enc deadline=1 cpu-used=8 '
    + '! webmmux ! filesink location=' + file);
  const player = start(s.daemon, 'file', { room: freshRoom('silent'), file });
  assert.equal(await Promise.race([player.exited, sleep(15000)]), 0, player.log());
});

stage.test('rtp is passed on as it comes', async (s) => {
  const room = freshRoom('rtp');
  const bob = await s.join(room, 'bob');
  const port = 20000 + (process.pid % 10000) * 2;
  const sender = spawn('gst-launch-1.0', ('-q videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 '
    + '! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! video/x-h264,profile=constrained-baseline '
    + `! rtph264pay config-interval=-1 pt=96 ! udpsink host=127.0.0.1 port=${port}`).split(' '), { stdio: 'ignore' });
  try {
    const receiver = start(s.daemon, 'rtp', { room, port });
    await assertSees(bob, 'rtp');
    await receiver.end();
  } finally {
    sender.kill('SIGKILL');
  }
});

stage.test('watch shows what kiosk-camera sends', async (s) => {
  const room = freshRoom('watch');
  const seen = path.join(work, 'seen.yuv');
  const heard = path.join(work, 'heard.raw');
  const kiosk = start(s.daemon, 'kiosk-camera', { room });
  const viewer = start(s.daemon, 'watch', { room, screen: `filesink location=${seen}`, speaker: `filesink location=${heard}` });
  const size = (file) => (fs.existsSync(file) ? fs.statSync(file).size : 0);
  await eventually(() => size(seen) > 30 * 320 * 180 * 1.5 && size(heard) > 48000 * 2, { timeout: 30000, what: 'picture and sound arrive' });
  await viewer.end();
  await kiosk.end();
});

stage.test('record-track leaves a file that plays, although it is killed', async (s) => {
  const room = freshRoom('record');
  const file = path.join(work, 'recording.ts');
  const kiosk = start(s.daemon, 'kiosk-camera', { room });
  const recorder = start(s.daemon, 'record-track', { room, file });
  await eventually(() => fs.existsSync(file) && fs.statSync(file).size > 500000, { timeout: 30000, what: 'the recording grows' });
  recorder.kill();
  await recorder.exited;
  await kiosk.end();
  const probe = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', file]));
  const frames = Object.fromEntries(probe.streams.map((stream) => [stream.codec_name, Number(stream.nb_read_frames)]));
  assert.ok(frames.h264 >= 45, JSON.stringify(frames));
  assert.ok(frames.opus >= 75, JSON.stringify(frames));
  // Every picture decodes, and none is far from the one before.
  const times = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=pts_time', '-of', 'csv=p=0', file])
    .toString().split('\n').filter((line) => line.trim()).map(parseFloat);  // A frame's side data is an empty line.
  const steps = times.slice(1).map((time, i) => time - times[i]);
  assert.ok(Math.min(...steps) > 0 && Math.max(...steps) < 0.5, `steps from ${Math.min(...steps)} to ${Math.max(...steps)} s`);
});

test('the runner says what is wrong', () => {
  const fails = (...words) => {
    try {
      execFileSync(run, words, { stdio: 'pipe' });
    } catch (error) {
      return String(error.stderr);
    }
    return assert.fail(`${words} was taken`);
  };
  assert.match(fails('no-such'), /there is no pipeline "no-such"/);
  assert.match(fails('rtp', 'colour=red'), /has no value "colour"; it has url key/);
  assert.match(fails('rtp', 'red'), /is not value=/);
  const recording = path.join(work, 'before.mp4');
  fs.writeFileSync(recording, 'what was recorded');
  for (const name of ['record-room', 'record-audio', 'record-track'])
    assert.match(fails(name, `file=${recording}`), /before.mp4 is there already/);
  assert.match(String(execFileSync(run, ['-n', 'record-room', `file=${recording}`])), /before.mp4/);
  const listed = String(execFileSync(run)).trim().split('\n').length;
  assert.equal(listed, fs.readdirSync(folder).filter((name) => name.endsWith('.pipeline')).length);
});
