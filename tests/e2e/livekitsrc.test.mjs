// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What livekitsrc gives of a room: of an unmodified livekit-client in Chromium, and of livekitsink.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { RoomServiceClient } from 'livekit-server-sdk';

import { assertSees } from './lib/checks.mjs';
import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { joins, pipelineTests } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, rawToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage();
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'livekitsrc-'));
after(() => fs.rmSync(work, { recursive: true }));

const watch = `r.video_0 ! queue ! videoconvert ! videoanalyse ! fakesink name=video sync=false
  r.audio_0 ! queue ! audioconvert ! level interval=200000000 ! fakesink name=audio sync=false`;
const publish = (size = 'width=640,height=360') =>
  `videotestsrc is-live=true pattern=white ! video/x-raw,${size},framerate=30/1 ! s.video_0
   audiotestsrc is-live=true freq=440 volume=0.5 ! s.audio_0`;

const sourceTest = pipelineTests(stage);

const rendered = async (pipeline, sink) => (await pipeline.get(sink, 'stats'))?.rendered ?? 0;

async function assertFlows(pipeline, sink, least, timeout = 15000) {
  const before = await rendered(pipeline, sink);
  await eventually(async () => (await rendered(pipeline, sink)) >= before + least, { timeout, what: `${least} buffers at ${sink}` });
}

const loudness = (pipeline) => Math.max(...pipeline.elementMessages('level').slice(-3).map((m) => m.rms[0]));

sourceTest('picture and sound of a browser come out decoded', async (s, start) => {
  const room = freshRoom('src');
  const ada = await s.join(room, 'ada');
  await ada.call('publish');
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} ${watch}`);
  await assertFlows(pipeline, 'video', 60);
  await assertFlows(pipeline, 'audio', 50);
  assert.deepEqual(pipeline.errors(), []);
  const tracks = pipeline.elementMessages('livekit-track').filter((m) => m.event === 'track-published')
    .map((m) => `${m.identity} ${m.source}`).sort();
  assert.deepEqual(tracks, ['ada camera', 'ada microphone']);
});

sourceTest("livekitsink's white is white and its tone is loud", async (s, start) => {
  const room = freshRoom('src-sink');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} ${watch}`);
  await assertFlows(pipeline, 'video', 60);
  const { 'luma-average': luma } = pipeline.elementMessages('GstVideoAnalyse').at(-1);
  assert.ok(luma > 0.9, `luma ${luma}`);
  const level = loudness(pipeline);
  assert.ok(level > -15 && level < -3, `${level} dB`);
});

sourceTest('tracks are recorded without decoding, as a demuxer from outside sees them', async (s, start) => {
  const room = freshRoom('src-record');
  const file = path.join(work, 'room.mkv');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} video_0::codec=vp8 video_0::simulcast=false ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')}
    r.video_0 ! tee name=t t. ! queue ! m.video_0 t. ! queue ! fakesink name=pictures sync=false
    r.audio_0 ! queue ! m.audio_0 matroskamux name=m ! filesink location=${file}`);
  await assertFlows(pipeline, 'pictures', 90, 30000);
  await pipeline.request({ eos: true });
  await Promise.race([pipeline.exited, sleep(5000)]);
  const probe = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-count_packets', '-show_streams', '-of', 'json', file]));
  const kinds = Object.fromEntries(probe.streams.map((stream) => [stream.codec_name, Number(stream.nb_read_packets)]));
  assert.ok(kinds.vp8 >= 60, JSON.stringify(kinds));
  assert.ok(kinds.opus >= 50, JSON.stringify(kinds));
});

sourceTest('only the tracks of the selection have pads', async (s, start) => {
  const room = freshRoom('src-select');
  for (const identity of ['front-door', 'back-door', 'garden'])
    start(`livekitsink name=s ${joins(s.daemon, room, identity)} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} participants=*-door sources=camera
    r.video_0 ! queue ! fakesink name=one sync=false r.video_1 ! queue ! fakesink name=two sync=false`);
  await assertFlows(pipeline, 'one', 30);
  await assertFlows(pipeline, 'two', 30);
  assert.equal(await pipeline.get('r.video_2', 'name'), undefined);
  assert.equal(await pipeline.get('r.audio_0', 'name'), undefined);
});

sourceTest('a selection is received again by the next session', async (s, start) => {
  const room = freshRoom('src-select-again');
  start(`livekitsink name=s ${joins(s.daemon, room, 'front')} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} sources=camera r.video_0 ! queue ! fakesink name=one sync=false`);
  await assertFlows(pipeline, 'one', 30);
  await s.daemon.kill();
  await pipeline.waitForState('reconnecting');
  s.daemon = await startDaemon({ ports: s.daemon.ports });
  await assertFlows(pipeline, 'one', 60, 30000);
  assert.equal(await pipeline.get('r.audio_0', 'name'), undefined);
}, { timeout: 90000 });

sourceTest('a two-way kiosk is one participant, and is not sent its own tracks', async (s, start) => {
  const room = freshRoom('two-way');
  const ada = await s.join(room, 'ada');
  await ada.call('publish');
  const kiosk = `${joins(s.daemon, room, 'kiosk')} session=kiosk`;
  const pipeline = start(`livekitsink name=s ${kiosk} ${publish()} livekitsrc name=r ${kiosk} ${watch}`);
  await assertFlows(pipeline, 'video', 30);
  await assertFlows(pipeline, 'audio', 30);
  await assertSees(ada, 'kiosk');
  assert.equal(await pipeline.get('r.video_1', 'name'), undefined);
});

sourceTest('muted media is told of by gaps, and comes back with a keyframe', async (s, start) => {
  const room = freshRoom('src-mute');
  const ada = await s.join(room, 'ada');
  await ada.call('publish');
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} ${watch}`);
  await assertFlows(pipeline, 'video', 30);
  await assertFlows(pipeline, 'audio', 30);
  const gaps = async (pad) => (await pipeline.get('r', 'stats'))[pad].gaps;
  await ada.call('enable', 'Camera', false);
  await ada.call('enable', 'Microphone', false);
  // A muted microphone goes on with silence.
  await eventually(async () => (await gaps('video_0')) >= 4, { what: 'gaps of the picture' });
  await ada.call('enable', 'Camera', true);
  await ada.call('enable', 'Microphone', true);
  await assertFlows(pipeline, 'video', 30);
  await assertFlows(pipeline, 'audio', 30);
  assert.deepEqual(pipeline.errors(), []);
});

sourceTest('tracks are subscribed to and dropped by signal', async (s, start) => {
  const room = freshRoom('src-signal');
  const ada = await s.join(room, 'ada');
  await ada.call('publish');
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} video=false
    r.video_0 ! queue ! fakesink name=video sync=false async=false r.audio_0 ! queue ! fakesink name=audio sync=false`);
  const { sid } = await pipeline.waitFor('livekit-track', (track) => track.source === 'camera');
  await assertFlows(pipeline, 'audio', 30);
  assert.equal(await pipeline.request({ emit: 'set-subscribed', to: 'r', text: 'TR_none', flag: true }), false);
  assert.equal(await pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: true }), true);
  await assertFlows(pipeline, 'video', 30);
  assert.equal(await pipeline.request({ emit: 'request-keyframe', to: 'r', text: sid }), true);
  assert.equal(await pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: false }), true);
  await eventually(async () => (await pipeline.get('r.video_0', 'name')) === undefined, { what: 'the pad goes' });
  await assertFlows(pipeline, 'audio', 30);
  const { audio_0: audio } = await pipeline.get('r', 'stats');
  assert.equal(audio.identity, 'ada');
  assert.equal(audio.source, 'microphone');
  assert.ok(audio.packets > 50 && audio.lost < 5, JSON.stringify(audio));
  await pipeline.request({ emit: 'disconnect', to: 'r' });
  await eventually(async () => (await ada.call('participants')).length === 0, { what: 'the viewer leaves' });
  await eventually(() => pipeline.messages.some((message) => message.bus === 'eos'), { what: 'the pads end' });
});

sourceTest('a thread that brings media unsubscribes and disconnects', async (s, start) => {
  const room = freshRoom('src-inside');
  const kiosk = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')}
    r.video_0 ! fakesink name=video sync=false async=false r.audio_0 ! fakesink name=audio sync=false async=false`);
  const { sid } = await pipeline.waitFor('livekit-track', (track) => track.source === 'camera');
  await assertFlows(pipeline, 'video', 30);
  await pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: false, at: 'video' });
  await eventually(async () => (await pipeline.get('r.video_0', 'name')) === undefined, { what: 'the pad goes' });
  await assertFlows(pipeline, 'audio', 30);
  await pipeline.request({ emit: 'disconnect', to: 'r', at: 'audio' });
  await eventually(() => pipeline.messages.some((message) => message.bus === 'eos'), { what: 'the pads end' });
  await kiosk.waitFor('livekit-participant', (who) => who.event === 'participant-left' && who.identity === 'viewer');
});

sourceTest('a track comes back when it is subscribed to again', async (s, start) => {
  const room = freshRoom('src-again');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} r.audio_0 ! queue ! fakesink name=audio sync=false`);
  const { sid } = await pipeline.waitFor('livekit-track', (track) => track.source === 'camera');
  const frames = async (pad) => (await pipeline.get('r', 'stats'))[pad]?.packets ?? 0;
  await eventually(async () => (await frames('video_0')) > 30, { what: 'the picture' });
  const threads = () => fs.readdirSync(`/proc/${pipeline.pid}/task`).length;
  const before = threads();
  for (const pad of ['video_1', 'video_2', 'video_3', 'video_4']) {
    await pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: false });
    await sleep(1000);
    await pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: true });
    await eventually(async () => (await frames(pad)) > 30, { what: `the picture at ${pad}` });
  }
  // webrtcbin keeps a jitter buffer with two threads for each that ever came.
  await eventually(() => threads() <= before + 2, { what: 'the threads of what is over end' });
  // The connection, and with it the sound, goes on: sections are used again.
  assert.deepEqual(pipeline.elementMessages('livekit-state').map((m) => m.state), ['connecting', 'connected']);
  const shown = await frames('video_4');
  await eventually(async () => (await frames('video_4')) > shown + 30, { what: 'the picture goes on' });
  assert.deepEqual(pipeline.errors(), []);
});

sourceTest('a track that is dropped and subscribed to again at once goes on', async (s, start) => {
  const room = freshRoom('src-at-once');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} r.audio_0 ! queue ! fakesink name=audio sync=false`);
  const { sid } = await pipeline.waitFor('livekit-track', (track) => track.source === 'camera');
  // Of the newest pad, at whatever number it is.
  const frames = async () => {
    const stats = await pipeline.get('r', 'stats');
    return stats[Object.keys(stats).findLast((pad) => pad.startsWith('video_'))]?.packets ?? 0;
  };
  const goesOn = async (what) => {
    const before = await frames();
    await eventually(async () => { const now = await frames(); return now > before + 10 || (now < before && now > 10); }, { what });
  };
  await goesOn('the picture');
  for (const pause of [0, 5, 50, 0]) {
    const off = pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: false });
    if (pause) await sleep(pause);
    await Promise.all([off, pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: true })]);
    await goesOn(`the picture, after ${pause} ms without`);
    // What is over has gone by then.
    await sleep(1000);
    await goesOn(`the picture, a second after ${pause} ms without`);
  }
  await assertFlows(pipeline, 'audio', 30);
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 90000 });

sourceTest('who takes nothing of a track holds up neither the others nor the room', async (s, start) => {
  const room = freshRoom('src-stuck');
  const kiosk = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  // Each picture waits for an hour.
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')}
    r.video_0 ! fakesink name=stuck async=false sync=true ts-offset=3600000000000
    r.audio_0 ! queue ! fakesink name=audio async=false sync=false r.data_0 ! fakesink name=data async=false sync=false`);
  const { sid } = await pipeline.waitFor('livekit-track', (track) => track.source === 'camera');
  const frames = async (pad) => (await pipeline.get('r', 'stats'))[pad]?.packets ?? 0;
  await eventually(async () => (await frames('video_0')) > 30, { what: 'the picture' });
  await assertFlows(pipeline, 'audio', 30);
  await pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: false });
  await eventually(async () => (await pipeline.get('r', 'stats')).video_0 === undefined, { what: 'the track ends' });
  await pipeline.request({ emit: 'set-subscribed', to: 'r', text: sid, flag: true });
  await eventually(async () => (await frames('video_1')) > 30, { what: 'the picture at another pad' });
  await eventually(() => kiosk.request({ data: 'hello', to: 's', topic: 't', reliable: true }), { what: 'data is sent' });
  await eventually(async () => (await rendered(pipeline, 'data')) === 1, { what: 'the data' });
  await assertFlows(pipeline, 'audio', 30);
  assert.deepEqual(pipeline.errors(), []);
});

sourceTest('data packets come out of a pad for each topic', async (s, start) => {
  const room = freshRoom('src-data');
  const ada = await s.join(room, 'ada');
  const file = path.join(work, 'data.txt');
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} topics=log,chat*
    r.data_0 ! filesink location=${file} buffer-mode=unbuffered r.data_1 ! fakesink name=chat`);
  await pipeline.waitForState('connected');
  await ada.call('sendData', 'not wanted', { reliable: true, topic: 'other' });
  for (const line of ['one ', 'two ', 'three '])
    await ada.call('sendData', line, { reliable: true, topic: 'log' });
  await ada.call('sendData', 'hello', { reliable: true, topic: 'chat-1' });
  await eventually(() => fs.readFileSync(file, 'utf8') === 'one two three ', { what: 'the packets of the topic' });
  await eventually(async () => (await rendered(pipeline, 'chat')) === 1, { what: 'the packet of the other topic' });
});

sourceTest('data is published without a livekitsink', async (s, start) => {
  const room = freshRoom('src-publish');
  const ada = await s.join(room, 'ada');
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} audiotestsrc is-live=true ! fakesink`);
  await pipeline.waitForState('connected');
  const publish = (data) => pipeline.request({ data, to: 'r', topic: 't', reliable: true });
  assert.equal(await publish('x'.repeat(64001)), false);
  // The connection is made for the first.
  await eventually(() => publish('hello'), { what: 'data is sent' });
  assert.equal(await publish('x'.repeat(64000)), true);
  const got = [];
  await eventually(async () => {
    got.push(...(await ada.call('takeData')));
    return got.length >= 2;
  }, { what: 'the data at ada' });
  assert.deepEqual(got.map(({ text, from, topic }) => [text.length, from, topic]), [[5, 'viewer', 't'], [64000, 'viewer', 't']]);
});

sourceTest('playbin plays the URI of a room', async (s, start) => {
  const room = freshRoom('src-uri');
  // With data, which nothing plays.
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}
    videotestsrc is-live=true ! video/x-raw,width=16,height=16,framerate=20/1 ! s.data_0`);
  const uri = `${s.daemon.url.replace('ws:', 'livekit:')}/${room}?key=${kKey}&secret=${kSecret}&identity=player`;
  const pipeline = start(`playbin name=p uri="${uri}" video-sink="fakesink name=video" audio-sink="fakesink name=audio"`);
  await assertFlows(pipeline, 'video', 60);
  await assertFlows(pipeline, 'audio', 50);
  assert.deepEqual(pipeline.errors(), []);
});

sourceTest('what is linked and cannot take the track is an error', async (s, start) => {
  const room = freshRoom('src-refused');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} output=encoded audio=false r.video_0 ! videoconvert ! fakesink`);
  await eventually(() => pipeline.errors().length > 0, { what: 'the error' });
  assert.match(pipeline.errors()[0], /linked to video_0 does not take/);
});

sourceTest('a participant that only publishes is sent nothing', async (s, start) => {
  const room = freshRoom('publish-only');
  const ada = await s.join(room, 'ada', { options: { dynacast: true } });
  await ada.call('publish', { camera: true, videoOptions: { videoCodec: 'vp8', simulcast: true } });
  const kiosk = start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  await kiosk.waitForState('connected');
  const sent = async () => (await ada.call('sent', 'camera')).reduce((sum, encoding) => sum + encoding.packetsSent, 0);
  await eventually(async () => {
    const before = await sent();
    await sleep(1000);
    return (await sent()) - before < 5;
  }, { timeout: 25000, what: 'nobody wants the camera of ada' });
}, { timeout: 60000 });

sourceTest('a pad goes on when its publisher comes back, and ends when the track is taken away', async (s, start) => {
  const room = freshRoom('src-back');
  const ada = await s.join(room, 'ada');
  await ada.call('publish', { camera: true });
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} r.video_0 ! queue ! videoconvert ! fakesink name=video sync=false`);
  await assertFlows(pipeline, 'video', 30);
  await ada.call('leave');
  await sleep(1500);
  const again = await s.join(room, 'ada');
  await again.call('publish', { camera: true });
  await assertFlows(pipeline, 'video', 30);
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 90000 });

sourceTest('elements come back with the token that the server sent, when their own is over', async (s, start) => {
  const room = freshRoom('src-token');
  // A minute is allowed for clocks that differ: it is over in a quarter of one.
  const token = (identity) => rawToken({ sub: identity, name: 'as it was', exp: Math.floor(Date.now() / 1000) - 45, video: { roomJoin: true, room } });
  const kioskToken = token('kiosk');
  start(`livekitsink name=s ws-url=${s.daemon.url} auth-token=${kioskToken} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ws-url=${s.daemon.url} auth-token=${token('viewer')} ${watch}`);
  await assertFlows(pipeline, 'video', 30);
  // A new name is in the next token, which comes at once.
  await new RoomServiceClient(s.daemon.http, kKey, kSecret).updateParticipant(room, 'kiosk', { name: 'as it is' });
  await sleep(15000);
  const late = start(`livekitsink name=s ws-url=${s.daemon.url} auth-token=${kioskToken} ${publish()}`);
  await eventually(async () => /refused the join/.test(String(late.errors())), { what: 'the first token is refused' });
  const told = pipeline.messages.length;
  await s.daemon.kill();
  await pipeline.waitForState('reconnecting');
  s.daemon = await startDaemon({ ports: s.daemon.ports });
  await eventually(async () => pipeline.elementMessages('livekit-state').at(-1).state === 'connected', { timeout: 30000, what: 'connected again' });
  await assertFlows(pipeline, 'video', 60, 30000);
  const names = pipeline.messages.slice(told).filter((m) => m.name === 'livekit-participant' && m.fields.identity === 'kiosk').map((m) => m.fields.name);
  assert.equal(names.at(-1), 'as it is', JSON.stringify(names));
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 90000 });

sourceTest('the daemon is killed and started again: both sides come back at the same pad', async (s, start) => {
  const room = freshRoom('src-away');
  start(`livekitsink name=s ${joins(s.daemon, room, 'kiosk')} ${publish()}`);
  const pipeline = start(`livekitsrc name=r ${joins(s.daemon, room, 'viewer')} ${watch}`);
  await assertFlows(pipeline, 'video', 30);
  await s.daemon.kill();
  await pipeline.waitForState('reconnecting');
  await sleep(1500);
  s.daemon = await startDaemon({ ports: s.daemon.ports });
  await eventually(async () => pipeline.elementMessages('livekit-state').at(-1).state === 'connected', { timeout: 30000, what: 'connected again' });
  await assertFlows(pipeline, 'video', 60, 30000);
  await assertFlows(pipeline, 'audio', 60);
  assert.deepEqual(pipeline.errors(), []);
}, { timeout: 90000 });
