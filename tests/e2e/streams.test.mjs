// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The lines of pipelines/ that bring other streams into a room, or a room to others.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { assertHears, assertSees } from './lib/checks.mjs';
import { runPipeline as start } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'streams-'));
after(() => fs.rmSync(work, { recursive: true }));

async function freePort() {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Another program beside the pipeline; ends with the test. */
function beside(t, program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (data) => { log += data; });
  t.push(child);
  return { child, exited: once(child, 'exit').then(([code]) => code), log: () => log.slice(-2000) };
}

const streamTest = (name, run, options) => stage.test(name, async (s) => {
  const others = [];
  try {
    await run(s, others);
  } finally {
    others.forEach((child) => child.kill('SIGKILL'));
  }
}, options);

function assertPlays(file, seconds) {
  const probe = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', file]));
  const frames = Object.fromEntries(probe.streams.map((stream) => [stream.codec_name, Number(stream.nb_read_frames)]));
  assert.ok(frames.h264 >= seconds * 25, JSON.stringify(frames));
  assert.ok(frames.aac >= seconds * 40, JSON.stringify(frames));
}

const size = (file) => (fs.existsSync(file) ? fs.statSync(file).size : 0);

streamTest('two-way is seen by others and shows them', async (s) => {
  const room = freshRoom('two-way');
  const seen = path.join(work, 'two-way.yuv');
  const heard = path.join(work, 'two-way.raw');
  const ada = await s.join(room, 'ada');
  await ada.call('publish');
  const kiosk = start(s.daemon, 'two-way', { room, width: 640, height: 360, screen: `filesink location=${seen}`, speaker: `filesink location=${heard}` });
  await assertSees(ada, 'kiosk');
  await assertHears(ada, 'kiosk');
  await eventually(() => size(seen) > 30 * 1280 * 720 * 1.5 && size(heard) > 48000 * 4, { what: 'picture and sound arrive' });
  assert.deepEqual(await ada.call('participants'), ['kiosk']);
  await kiosk.end();
});

streamTest('stream-rtmp reaches an RTMP server', async (s, others) => {
  const room = freshRoom('rtmp');
  const file = path.join(work, 'rtmp.flv');
  const kiosk = start(s.daemon, 'kiosk-camera', { room, width: 640, height: 360 });
  const rtmp = `rtmp://127.0.0.1:${await freePort()}/live/room`;
  const server = beside(others, 'ffmpeg', ['-v', 'error', '-listen', '1', '-i', rtmp, '-t', '4', '-c', 'copy', file]);
  await sleep(1000);
  const stream = start(s.daemon, 'stream-rtmp', { room, rtmp, width: 640, height: 360 });
  assert.equal(await Promise.race([server.exited, sleep(40000)]), 0, server.log() + stream.log());
  assertPlays(file, 3.5);
  stream.kill();
  await kiosk.end();
}, { timeout: 90000 });

streamTest('stream-srt is played by those who come', async (s, others) => {
  const room = freshRoom('srt');
  const file = path.join(work, 'srt.ts');
  const kiosk = start(s.daemon, 'kiosk-camera', { room, width: 640, height: 360 });
  const port = await freePort();
  const stream = start(s.daemon, 'stream-srt', { room, srt: `srt://127.0.0.1:${port}?mode=listener`, width: 640, height: 360 });
  await sleep(2000);
  beside(others, 'gst-launch-1.0', ['-q', 'srtsrc', `uri=srt://127.0.0.1:${port}?mode=caller`, '!', 'filesink', `location=${file}`, 'buffer-mode=unbuffered']);
  await eventually(() => size(file) > 500000, { timeout: 40000, what: 'the stream arrives' });
  await stream.end();
  assertPlays(file, 3);
  await kiosk.end();
}, { timeout: 90000 });

streamTest('srt-camera brings an encoder into a room', async (s, others) => {
  const room = freshRoom('srt-camera');
  const port = await freePort();
  const bob = await s.join(room, 'bob');
  const camera = start(s.daemon, 'srt-camera', { room, srt: `srt://127.0.0.1:${port}?mode=listener` });
  await sleep(1000);
  beside(others, 'gst-launch-1.0', ('-q videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 '
    + '! video/x-h264,profile=baseline ! h264parse config-interval=-1 ! queue ! m. audiotestsrc is-live=true volume=0.5 ! voaacenc ! aacparse ! queue ! m. '
    + `mpegtsmux name=m alignment=7 ! srtsink uri=srt://127.0.0.1:${port}?mode=caller`).split(' '));
  await assertSees(bob, 'srt', 'camera', 30000);
  await assertHears(bob, 'srt');
  await camera.end();
}, { timeout: 90000 });

streamTest('rtsp-camera brings a camera that wants a password into a room, without decoding', async (s, others) => {
  const room = freshRoom('rtsp');
  const bob = await s.join(room, 'bob');
  // Debian's Python, which has GStreamer's introspection.
  const server = spawn('/usr/bin/python3', [fileURLToPath(new URL('../support/rtsp_camera.py', import.meta.url)),
    'videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 ! x264enc tune=zerolatency speed-preset=ultrafast '
    + 'key-int-max=30 ! video/x-h264,profile=constrained-baseline ! rtph264pay name=pay0 pt=96 audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay1 pt=8'],
  { stdio: ['ignore', 'pipe', 'inherit'] });
  others.push(server);
  const [port] = await Promise.race([once(server.stdout, 'data'), once(server, 'exit').then(() => { throw new Error('no RTSP server'); })]);
  const at = `127.0.0.1:${String(port).trim()}/camera`;
  const camera = start(s.daemon, 'rtsp-camera', { room, rtsp: `rtsp://user:pass%20word@${at}`, name: 'Gate' });
  await assertSees(bob, 'camera', 'camera', 30000);
  assert.equal((await bob.call('remote', 'camera', 'camera')).codec, 'video/H264');
  await camera.end();
  // And says so when the password is wrong.
  const wrong = start(s.daemon, 'rtsp-camera', { room, rtsp: `rtsp://user:wrong@${at}` });
  assert.notEqual(await Promise.race([wrong.exited, sleep(15000)]), undefined);
  assert.match(wrong.log(), /Unauthorized|authori[sz]/i);
}, { timeout: 90000 });

streamTest('join-rooms brings somebody into a second room', async (s) => {
  const room = freshRoom('one');
  const other = freshRoom('two');
  const bob = await s.join(other, 'bob');
  const kiosk = start(s.daemon, 'kiosk-camera', { room });
  const bridge = start(s.daemon, 'join-rooms', { room, other_url: s.daemon.url, other_room: other, other_identity: 'guest' });
  await assertSees(bob, 'guest', 'camera', 30000);
  await assertHears(bob, 'guest');
  // Who goes and comes back is seen again.
  await kiosk.end();
  const again = start(s.daemon, 'kiosk-camera', { room });
  await sleep(3000);
  await assertSees(bob, 'guest', 'camera', 30000);
  await assertHears(bob, 'guest');
  await bridge.end();
  await again.end();
}, { timeout: 90000 });

streamTest('record-audio keeps what is heard, although it is killed', async (s) => {
  const room = freshRoom('audio');
  const file = path.join(work, 'room.ogg');
  const kiosk = start(s.daemon, 'kiosk-camera', { room, width: 640, height: 360, microphone: 'audiotestsrc is-live=true volume=0.5' });
  const recorder = start(s.daemon, 'record-audio', { room, file });
  await eventually(() => size(file) > 40000, { timeout: 40000, what: 'the recording grows' });
  recorder.kill();
  await recorder.exited;
  await kiosk.end();
  const log = spawnSync('ffmpeg', ['-hide_banner', '-nostats', '-i', file, '-af', 'volumedetect', '-f', 'null', '-']).stderr.toString();
  assert.match(log, /Audio: opus/);
  const loudness = parseFloat(/max_volume: ([-\d.]+) dB/.exec(log)[1]);
  assert.ok(loudness > -12, `${loudness} dB`);
}, { timeout: 60000 });
