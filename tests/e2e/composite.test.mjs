// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What livekitcompositesrc makes of a room, pixel by pixel, and the recording of pipelines/.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { startDaemon } from './lib/daemon.mjs';
import { joins, pipelineTests, runPipeline } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const compositeTest = pipelineTests(stage);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'composite-'));
after(() => fs.rmSync(work, { recursive: true }));

const kRed = [255, 0, 0];
const kBlue = [0, 0, 255];
const kGreen = [0, 255, 0];
const kBackground = [0x14, 0x18, 0x1d];
const near = (a, b) => a.every((value, i) => Math.abs(value - b[i]) < 30);

/** A participant whose picture is of one colour, and whose tone can be made louder. */
const participant = (s, room, identity, [red, green, blue], volume = 0) => `livekitsink name=s ${joins(s.daemon, room, identity)}
  videotestsrc is-live=true pattern=solid-color foreground-color=${(255 * 2 ** 24 + red * 65536 + green * 256 + blue)}
    ! video/x-raw,width=640,height=360,framerate=15/1 ! s.video_0
  audiotestsrc name=tone is-live=true freq=440 volume=${volume} ! s.audio_0`;

/** A composite of 640 by 360 whose last pictures are files. */
function composite(s, start, room, properties = '') {
  const folder = fs.mkdtempSync(path.join(work, 'pictures-'));
  const pipeline = start(`livekitcompositesrc name=c ${joins(s.daemon, room, '')} width=640 height=360 framerate=10/1 ${properties}
    c.video ! queue ! tee name=t t. ! queue ! multifilesink location=${folder}/%08d max-files=10 t. ! queue ! fakesink name=video sync=false
    c.audio ! queue ! level interval=200000000 ! fakesink name=audio sync=false`.replace('identity= ', ''));
  pipeline.forget = () => fs.readdirSync(folder).forEach((file) => fs.rmSync(path.join(folder, file)));
  pipeline.pixel = (x, y) => {
    const files = fs.readdirSync(folder).sort();
    if (files.length < 2) return [-1, -1, -1];
    const bytes = fs.readFileSync(path.join(folder, files.at(-2)));  // The last one is being written.
    const luma = (bytes[y * 640 + x] - 16) / 219;
    const chroma = 640 * 360 + (y >> 1) * 320 + (x >> 1);
    const u = (bytes[chroma] - 128) / 224;
    const v = (bytes[chroma + 320 * 180] - 128) / 224;
    return [luma + 1.402 * v, luma - 0.344 * u - 0.714 * v, luma + 1.772 * u].map((part) => Math.round(part * 255));
  };
  pipeline.becomes = (x, y, colour, what, timeout = 20000) => eventually(
    async () => near(pipeline.pixel(x, y), colour), { timeout, what: `${what} at ${x},${y}` });
  return pipeline;
}

const rendered = async (pipeline, sink) => (await pipeline.get(sink, 'stats')).rendered ?? 0;
const peak = (pipeline) => pipeline.elementMessages('level').at(-1)?.peak[0] ?? -100;

const ffprobe = (file) => {
  const { streams } = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', file]));
  return Object.fromEntries(streams.map((stream) => [stream.codec_type,
    { codec: stream.codec_name, frames: Number(stream.nb_read_frames), seconds: Number(stream.duration) }]));
};
const pixelOf = (file, seconds, x, y) => [...execFileSync('ffmpeg', ['-v', 'error', '-ss', String(seconds), '-i', file, '-frames:v', '1',
  '-vf', `crop=2:2:${x}:${y}`, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'])].slice(0, 3);

compositeTest('picture and silence come before the room is joined, and without it', async (s, start) => {
  const pipeline = start(`livekitcompositesrc name=c ${joins(s.daemon, 'none', 'rec', 'ws://127.0.0.1:1')} timeout=0
    c.video ! queue ! fakesink name=video sync=false c.audio ! queue ! level ! fakesink name=audio sync=false`);
  await eventually(async () => (await rendered(pipeline, 'video')) >= 60 && (await rendered(pipeline, 'audio')) >= 100,
    { timeout: 5000, what: 'two seconds of picture and sound' });
  assert.ok(peak(pipeline) < -90);
  assert.deepEqual(pipeline.errors(), []);
});

compositeTest('the grid follows joins, mutes and leaves; nobody sees the recorder', async (s, start) => {
  const room = freshRoom('grid');
  const pipeline = composite(s, start, room);
  await pipeline.waitForState('connected');
  const red = start(participant(s, room, 'a', kRed));
  await pipeline.becomes(320, 180, kRed, 'red alone');
  await sleep(1100);  // Who came in the same second is in any order.
  const blue = start(participant(s, room, 'b', kBlue));
  await pipeline.becomes(480, 180, kBlue, 'blue on the right');
  await pipeline.becomes(160, 180, kRed, 'red on the left');
  await red.set('s.video_0', 'muted', true);
  await eventually(async () => !near(pipeline.pixel(160, 180), kRed), { what: 'no red while it is muted' });
  assert.ok(near(pipeline.pixel(480, 180), kBlue));
  await red.set('s.video_0', 'muted', false);
  await pipeline.becomes(160, 180, kRed, 'red again');
  await blue.stop();
  await pipeline.becomes(600, 340, kRed, 'red alone again');
  const ada = await s.join(room, 'ada');
  await eventually(async () => (await ada.page.evaluate(() => [...window.room.remoteParticipants.keys()])).join() === 'a',
    { what: 'ada sees a and nobody else' });
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 90000 });

compositeTest('the layout changes while it runs, and follows the speaker and the screen', async (s, start) => {
  const room = freshRoom('layout');
  const pipeline = composite(s, start, room);
  const red = start(participant(s, room, 'a', kRed));
  const blue = start(participant(s, room, 'b', kBlue));
  await eventually(async () => [160, 480].every((x) => [kRed, kBlue].some((colour) => near(pipeline.pixel(x, 180), colour))),
    { timeout: 20000, what: 'both side by side' });
  await pipeline.set('c', 'layout', 'single-speaker');
  await blue.set('tone', 'volume', 0.5);
  await pipeline.becomes(320, 180, kBlue, 'blue, who speaks');
  await eventually(async () => peak(pipeline) > -15, { what: 'blue is heard' });
  await blue.set('tone', 'volume', 0);
  await red.set('tone', 'volume', 0.5);
  await pipeline.becomes(320, 180, kRed, 'red, who speaks now');
  await pipeline.set('c', 'layout', 'speaker');
  await pipeline.becomes(576, 180, kBlue, 'blue in the strip');
  assert.ok(near(pipeline.pixel(240, 180), kRed));
  start(`livekitsink name=s ${joins(s.daemon, room, 'c')} video_0::source=screen_share
    videotestsrc is-live=true pattern=solid-color foreground-color=${0xff00ff00} ! video/x-raw,width=640,height=360,framerate=15/1 ! s.video_0`);
  await pipeline.becomes(240, 180, kGreen, 'the screen, large');
  await pipeline.set('c', 'exclude', 'c');
  await pipeline.becomes(240, 180, kRed, 'red without the screen');
  await pipeline.set('c', 'include', 'b');
  await pipeline.becomes(320, 180, kBlue, 'blue alone');
  await eventually(async () => peak(pipeline) < -60, { what: 'red is not heard' });
  await pipeline.set('c', 'include', 'nobody');
  await pipeline.set('c', 'background', 0x00ff00);
  await pipeline.becomes(320, 180, kGreen, 'the background');
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 120000 });

compositeTest('only what is shown is sent, in the layer that fits', async (s, start) => {
  const room = freshRoom('shown');
  const ada = await s.join(room, 'ada', { options: { dynacast: true } });
  await ada.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8', simulcast: true } });
  const sent = async () => Object.fromEntries((await ada.call('sent', 'camera')).map((encoding) => [encoding.rid, encoding.packetsSent]));
  const growth = async () => {
    const before = await sent();
    await sleep(1500);
    return Object.fromEntries(Object.entries(await sent()).map(([rid, packets]) => [rid, packets - before[rid]]));
  };
  const pipeline = composite(s, start, room);
  await eventually(async () => {
    const more = await growth();
    return more.f < 5 && (more.h ?? more.q) > 5;
  }, { timeout: 30000, what: 'the half size alone is sent for 640 by 360' });
  await pipeline.set('c', 'include', 'nobody');
  await eventually(async () => Object.values(await growth()).every((more) => more < 5), { timeout: 30000, what: 'nothing is sent' });
  await pipeline.set('c', 'include', '');
  await eventually(async () => Object.values(await growth()).some((more) => more > 5), { timeout: 30000, what: 'it is sent again' });
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 120000 });

compositeTest('it goes on while the server is away, and comes back to the room', async (s, start) => {
  const room = freshRoom('away');
  const pipeline = composite(s, start, room);
  start(participant(s, room, 'a', kRed));
  await pipeline.becomes(320, 180, kRed, 'red');
  await s.daemon.kill();
  await pipeline.waitForState('reconnecting');
  const before = await rendered(pipeline, 'video');
  await sleep(2000);
  assert.ok((await rendered(pipeline, 'video')) >= before + 15);
  s.daemon = await startDaemon({ ports: s.daemon.ports });
  await eventually(async () => pipeline.elementMessages('livekit-state').at(-1).state === 'connected', { timeout: 30000, what: 'connected again' });
  await sleep(1000);
  await pipeline.becomes(320, 180, kRed, 'red again', 30000);
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 120000 });

compositeTest('it can be stopped and started again', async (s, start) => {
  const room = freshRoom('again');
  start(participant(s, room, 'a', kRed));
  const pipeline = composite(s, start, room);
  await pipeline.becomes(320, 180, kRed, 'red');
  for (const state of ['ready', 'playing', 'null']) await pipeline.request({ state });
  pipeline.forget();
  await pipeline.request({ state: 'playing' });
  await pipeline.becomes(320, 180, kRed, 'red again');
  assert.deepEqual(pipeline.errors(), []);
});

compositeTest('record-room records everybody, from before they came', async (s, start) => {
  const room = freshRoom('record');
  const file = path.join(work, 'room.mp4');
  const recorder = runPipeline(s.daemon, 'record-room', { room, file, width: 640, height: 360 });
  await sleep(1500);
  start(participant(s, room, 'a', kRed, 0.5));
  await sleep(1100);
  start(participant(s, room, 'b', kBlue));
  await sleep(7000);
  await recorder.end();
  const { video, audio } = ffprobe(file);
  assert.equal(video.codec, 'h264');
  assert.equal(audio.codec, 'aac');
  assert.ok(video.seconds > 7 && Math.abs(video.seconds - audio.seconds) < 0.3, `${video.seconds} s and ${audio.seconds} s`);
  assert.ok(Math.abs(video.frames - video.seconds * 30) < 5, `${video.frames} frames in ${video.seconds} s`);
  assert.ok(near(pixelOf(file, 0, 320, 180), kBackground), String(pixelOf(file, 0, 320, 180)));
  const last = video.seconds - 1;
  assert.ok(near(pixelOf(file, last, 160, 180), kRed), String(pixelOf(file, last, 160, 180)));
  assert.ok(near(pixelOf(file, last, 480, 180), kBlue), String(pixelOf(file, last, 480, 180)));
  const volume = execFileSync('sh', ['-c', `ffmpeg -hide_banner -ss ${last - 1} -i ${file} -af volumedetect -vn -f null - 2>&1`]);
  const loudest = Number(/max_volume: (-?[\d.]+) dB/.exec(volume)?.[1]);
  assert.ok(loudest > -15, `${loudest} dB`);
}, { timeout: 60000 });

compositeTest('a recording that is killed plays', async (s) => {
  const room = freshRoom('killed');
  const file = path.join(work, 'killed.mp4');
  const recorder = runPipeline(s.daemon, 'record-room', { room, file, width: 640, height: 360 });
  await sleep(6000);
  recorder.kill();
  await recorder.exited;
  const { video, audio } = ffprobe(file);
  assert.ok(video.frames >= 60, `${video.frames} frames`);
  assert.ok(audio.frames >= 90, `${audio.frames} frames`);
});

compositeTest('hls makes segments of a second that play', async (s, start) => {
  const room = freshRoom('hls');
  const folder = fs.mkdtempSync(path.join(work, 'hls-'));
  const playlist = path.join(folder, 'room.m3u8');
  const stream = runPipeline(s.daemon, 'hls', { room, folder, width: 640, height: 360, segments: 5, files: 7 });
  start(participant(s, room, 'a', kRed, 0.5));
  const segments = () => (fs.existsSync(playlist) ? fs.readFileSync(playlist, 'utf8').match(/^segment-\d+\.ts$/gm) ?? [] : []);
  await eventually(async () => segments().includes('segment-00008.ts'), { timeout: 25000, what: 'the ninth segment' });
  const lengths = [...fs.readFileSync(playlist, 'utf8').matchAll(/#EXTINF:([\d.]+)/g)].map((match) => Number(match[1]));
  assert.ok(lengths.every((length) => length > 0.7 && length < 1.3), `segments of ${lengths} s`);
  assert.equal(lengths.length, 5);
  await stream.end();
  const last = path.join(folder, segments().at(-2));
  const { video, audio } = ffprobe(last);
  assert.equal(video.codec, 'h264');
  assert.equal(audio.codec, 'aac');
  assert.ok(Math.abs(video.frames - 30) <= 15, `${video.frames} frames`);
  assert.ok(near(pixelOf(last, 0, 320, 180), kRed), String(pixelOf(last, 0, 320, 180)));
  assert.ok(fs.readdirSync(folder).length <= 8, 'old segments are deleted');
}, { timeout: 60000 });
