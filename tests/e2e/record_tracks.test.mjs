// SPDX-License-Identifier: LGPL-2.1-or-later
//
// pipelines/record-tracks: a file for each track of a room, as demuxers and decoders from outside see them.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { startDaemon } from './lib/daemon.mjs';
import { flashAndBeep, flashesAndBeeps } from './lib/flash.mjs';
import { joins, pipelineTests, runPipeline } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const kMostApart = 0.060;  // seconds
const stage = makeStage();
const recordTest = pipelineTests(stage);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'record-'));
const recorders = [];
after(() => {
  recorders.forEach((recorder) => recorder.kill());
  fs.rmSync(work, { recursive: true });
});

/** Records a room into a folder of its own. */
function record(s, room, values = {}) {
  const folder = fs.mkdtempSync(path.join(work, 'room-'));
  const recorder = runPipeline(s.daemon, 'record-tracks', { room, folder, ...values });
  recorders.push(recorder);
  recorder.file = (name) => path.join(folder, name);
  recorder.names = () => fs.readdirSync(folder).sort();
  recorder.grows = (name, least, what = name) => eventually(async () => {
    if (!fs.existsSync(recorder.file(name))) throw new Error(`${recorder.names()}\n${recorder.log()}`);
    return fs.statSync(recorder.file(name)).size > least;
  }, { timeout: 30000, what: `${what} grows` });
  return recorder;
}

function probe(file) {
  const { streams, format } = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-show_format', '-of', 'json', file]));
  assert.equal(streams.length, 1);
  return { codec: streams[0].codec_name, frames: Number(streams[0].nb_read_frames), begin: Number(format.start_time),
    end: Number(format.start_time) + Number(format.duration), format: format.format_name };
}

/** Times of the packets, which are whole and in order. */
function packetTimes(file) {
  const times = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file])
    .toString().split('\n').filter((line) => line.trim()).map(parseFloat);
  for (let i = 1; i < times.length; i += 1) assert.ok(times[i] > times[i - 1], `${times[i]} s behind ${times[i - 1]} s in ${file}`);
  return times;
}

const longestStep = (times) => Math.max(...times.slice(1).map((time, i) => time - times[i]));

function assertDecodes(file) {
  const { stderr, status } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-vsync', 'passthrough', '-enc_time_base', '-1', '-f', 'null', '-']);
  assert.equal(status, 0);
  assert.equal(stderr.toString(), '', file);
}

const camera = (s, room, identity, more = '') => `livekitsink name=s ${joins(s.daemon, room, identity)} ${more}
  videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 ! s.video_0
  audiotestsrc is-live=true freq=440 volume=0.5 ! s.audio_0`;

recordTest('each track is a file, also of who comes later and of who leaves, on one timeline', async (s, start) => {
  const room = freshRoom('each');
  const recorder = record(s, room);
  const ada = start(camera(s, room, 'ada', 'video_0::codec=vp8 video_0::simulcast=false'));
  await recorder.grows('ada-camera-1.mkv', 50000);
  const bob = start(camera(s, room, 'bob/../x', 'video_0::simulcast=false'));
  await recorder.grows('bob_.._x-camera-1.mkv', 50000);
  await ada.stop();
  await sleep(3000);
  await recorder.end();
  assert.deepEqual(recorder.names(), ['ada-camera-1.mkv', 'ada-microphone-1.mkv', 'bob_.._x-camera-1.mkv', 'bob_.._x-microphone-1.mkv']);
  const [adaVideo, adaAudio, bobVideo, bobAudio] = recorder.names().map((name) => probe(recorder.file(name)));
  assert.deepEqual([adaVideo.codec, adaAudio.codec, bobVideo.codec, bobAudio.codec], ['vp8', 'opus', 'h264', 'opus']);
  assert.ok([adaVideo, bobVideo].every((file) => file.format.includes('matroska')));
  // Later in the room is later in the file, and who left first ends first.
  assert.ok(bobVideo.begin > adaVideo.begin + 0.3, `${adaVideo.begin} s and ${bobVideo.begin} s`);
  assert.ok(bobVideo.end > adaVideo.end + 1, `${adaVideo.end} s and ${bobVideo.end} s`);
  for (const [video, audio] of [[adaVideo, adaAudio], [bobVideo, bobAudio]])
    assert.ok(Math.abs(video.begin - audio.begin) < 2 && Math.abs(video.end - audio.end) < 2, JSON.stringify([video, audio]));
  for (const name of recorder.names()) {
    assertDecodes(recorder.file(name));
    const step = longestStep(packetTimes(recorder.file(name)));
    assert.ok(step < 2, `a step of ${step} s in ${name}`);
  }
}, { timeout: 90000 });

recordTest('two cameras of one participant that have one name are two files', async (s, start) => {
  const room = freshRoom('twins');
  const recorder = record(s, room);
  const pattern = (name, pad) => `videotestsrc is-live=true pattern=${name} ! video/x-raw,width=640,height=360,framerate=30/1 ! s.${pad}`;
  const desk = start(`livekitsink name=s ${joins(s.daemon, room, 'desk')} video_0::track-name=view video_1::track-name=view
    video_0::simulcast=false video_1::simulcast=false ${pattern('red', 'video_0')} ${pattern('blue', 'video_1')}`);
  await Promise.all([1, 2].map((number) => recorder.grows(`desk-camera-${number}.mkv`, 3000)));
  await sleep(3000);
  await recorder.end();
  await desk.stop();
  assert.deepEqual(recorder.names(), ['desk-camera-1.mkv', 'desk-camera-2.mkv']);
  const colours = recorder.names().map((name) => {
    assertDecodes(recorder.file(name));
    const [red, , blue] = execFileSync('ffmpeg', ['-v', 'error', '-i', recorder.file(name), '-frames:v', '1', '-vf', 'scale=1:1',
      '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
    return red > 150 && blue < 100 ? 'red' : blue > 150 && red < 100 ? 'blue' : `${red} ${blue}`;
  });
  assert.deepEqual(colours.sort(), ['blue', 'red']);
}, { timeout: 90000 });

recordTest('flash and beep are together across the files', async (s, start) => {
  const room = freshRoom('sync');
  const recorder = record(s, room);
  const file = flashAndBeep(work);
  const player = runPipeline(s.daemon, 'file', { room, file, identity: 'player' });
  const second = runPipeline(s.daemon, 'file', { room, file, identity: 'second' });
  await recorder.grows('player-camera-1.mkv', 20000);
  await sleep(12000);
  await recorder.end();
  await Promise.all([player.end(), second.end()]);
  for (const who of ['player', 'second']) {
    const found = flashesAndBeeps(recorder.file(`${who}-camera-1.mkv`), recorder.file(`${who}-microphone-1.mkv`)).sort((a, b) => a - b);
    const median = found[found.length >> 1];
    console.log(`# ${who}: beep behind flash by ${found.map((offset) => Math.round(offset * 1000)).join(' ')} ms`);
    assert.ok(found.length >= 5 && Math.abs(median) <= kMostApart, `${Math.round(median * 1000)} ms`);
  }
}, { timeout: 90000 });

recordTest('another layer of H264 goes on in the same file', async (s) => {
  const room = freshRoom('layers');
  const recorder = record(s, room, { participants: 'kiosk' });
  const ada = await s.join(room, 'kiosk');
  await ada.call('publish', { camera: true, videoOptions: { videoCodec: 'h264', simulcast: true } });
  await recorder.grows('kiosk-camera-1.mkv', 100000);
  const before = probe(recorder.file('kiosk-camera-1.mkv')).frames;
  const sizes = () => new Set(execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=width', '-of', 'csv=p=0',
    recorder.file('kiosk-camera-1.mkv')]).toString().split('\n').map(parseFloat).filter((width) => width > 0));
  const sendLayers = (rids) => ada.page.evaluate(async (wanted) => {
    const { sender } = window.room.localParticipant.getTrackPublication('camera').track;
    const parameters = sender.getParameters();
    parameters.encodings.forEach((encoding) => { encoding.active = wanted.includes(encoding.rid); });
    await sender.setParameters(parameters);
  }, rids);
  await sendLayers(['q']);
  await eventually(async () => sizes().size > 1, { timeout: 30000, interval: 1000, what: 'another size comes' });
  await sendLayers(['q', 'h', 'f']);
  await sleep(3000);
  await recorder.end();
  assert.ok(probe(recorder.file('kiosk-camera-1.mkv')).frames > before + 60);
  assert.ok(sizes().size >= 2);
  assertDecodes(recorder.file('kiosk-camera-1.mkv'));
  assert.deepEqual(recorder.names().filter((name) => name.includes('camera')), ['kiosk-camera-1.mkv']);
}, { timeout: 120000 });

recordTest('the server is killed and started again: a gap, not an end; killed itself, it leaves what plays', async (s, start) => {
  const room = freshRoom('gap');
  const recorder = record(s, room);
  start(camera(s, room, 'ada'));
  await recorder.grows('ada-camera-1.mkv', 50000);
  await s.daemon.kill();
  await sleep(2000);
  s.daemon = await startDaemon({ ports: s.daemon.ports });
  const size = fs.statSync(recorder.file('ada-camera-1.mkv')).size;
  await recorder.grows('ada-camera-1.mkv', size + 100000, 'the recording after the gap');
  recorder.kill();
  await recorder.exited;
  assert.deepEqual(recorder.names(), ['ada-camera-1.mkv', 'ada-microphone-1.mkv']);
  for (const name of recorder.names()) {
    const step = longestStep(packetTimes(recorder.file(name)));
    assert.ok(step > 1.5 && step < 20, `a gap of ${step} s in ${name}`);
    assertDecodes(recorder.file(name));
  }
}, { timeout: 90000 });

recordTest('nothing is written over, and a folder that is not there is an error with a remedy', async (s, start) => {
  const room = freshRoom('again');
  const folder = fs.mkdtempSync(path.join(work, 'again-'));
  fs.writeFileSync(path.join(folder, 'ada-camera-1.mkv'), 'mine');
  start(camera(s, room, 'ada'));
  const recorder = start(`livekitrecorder name=r ${joins(s.daemon, room, 'rec')} sources=camera location=${folder}`);
  const { location, identity, source } = await recorder.waitFor('livekit-file', (file) => file.event === 'file-opened');
  assert.deepEqual([path.basename(location), identity, source], ['ada-camera-2.mkv', 'ada', 'camera']);
  await sleep(1000);
  await recorder.request({ eos: true });
  await Promise.race([recorder.exited, sleep(20000)]);
  assert.ok(recorder.messages.some((message) => message.bus === 'eos'));
  assert.ok(recorder.elementMessages('livekit-file').some((file) => file.event === 'file-closed'));
  assert.equal(fs.readFileSync(path.join(folder, 'ada-camera-1.mkv'), 'utf8'), 'mine');
  assert.deepEqual(fs.readdirSync(folder).sort(), ['ada-camera-1.mkv', 'ada-camera-2.mkv']);

  const wrong = start(`livekitrecorder ${joins(s.daemon, room, 'rec')} location=${folder}/none`);
  await Promise.race([wrong.exited, sleep(20000)]);
  assert.match(String(wrong.errors()), /There is no folder .*make it, or set location/);
  // Nobody is there: the end comes at once.
  const empty = start(`livekitrecorder ${joins(s.daemon, freshRoom('empty'), 'rec')} location=${folder}`);
  await empty.waitForState('connected');
  await empty.request({ eos: true });
  await eventually(async () => empty.messages.some((message) => message.bus === 'eos'), { timeout: 10000, what: 'EOS' });
});
