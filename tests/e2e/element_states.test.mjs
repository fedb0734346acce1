// SPDX-License-Identifier: LGPL-2.1-or-later
//
// livekitsink, livekitsrc, livekitcompositesrc and livekitrecorder through their states and through what can go wrong:
// each says what is the matter, and each leaves nothing behind, as GStreamer's leaks tracer sees it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

import { RoomServiceClient } from 'livekit-server-sdk';

import { kKey, kSecret, startDaemon } from './lib/daemon.mjs';
import { joins, startPipeline } from './lib/pipeline.mjs';
import { makeStage } from './lib/stage.mjs';
import { freshRoom, joinToken, rawToken } from './lib/token.mjs';
import { eventually, sleep } from './lib/wait.mjs';

const stage = makeStage({ config: 'room:\n  max_participants: 2' });
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'states-'));
after(() => fs.rmSync(work, { recursive: true }));

const kTracing = { GST_TRACERS: 'leaks', GST_DEBUG: '1,GST_TRACER:7' };
// One of webrtcbin's DTLS elements, for all of the process.
const kShared = /GstDtlsAgent/;

/** Objects that were left, as GStreamer has them. */
const leftBehind = (pipeline) => pipeline.log().split('\n')
  .filter((line) => /object-alive, type-name=\(string\)Gst|object-alive, type-name=\(string\)\w*(WebRTC|Transport|Lk)/.test(line) && !kShared.test(line))
  .map((line) => /type-name=\(string\)(\w+).*description=\(string\)(.{0,60})/.exec(line)?.slice(1, 3).join(' ') ?? line);

/** As pipelineTests(), and nothing may be left of a pipeline that ended. */
const leakTest = (name, run, options) => stage.test(name, async (s) => {
  const pipelines = [];
  const start = (line) => {
    pipelines.push(startPipeline(line, { env: kTracing }));
    return pipelines.at(-1);
  };
  try {
    await run(s, start);
  } catch (error) {
    error.message += pipelines.map((pipeline) => `\n${JSON.stringify(pipeline.messages.slice(-8))}\n${pipeline.log().slice(-2000)}`).join('');
    throw error;
  } finally {
    await Promise.all(pipelines.map((pipeline) => pipeline.stop()));
  }
  for (const pipeline of pipelines) {
    assert.match(pipeline.log(), /object-alive/, 'the tracer has seen the end');
    assert.deepEqual(leftBehind(pipeline), []);
    // Of objects: GLib's hash tables complain of GStreamer's own use now and then, and no element here has one.
    assert.doesNotMatch(pipeline.log(), /(GStreamer|GLib-GObject)-CRITICAL/);
  }
}, options);

/** The elements, each with what makes use of its pads; `numbered` lets two stand in a line. */
const kElements = {
  livekitsink: (properties, n = '') => `livekitsink name=e${n} ${properties}
    videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=15/1 ! e${n}.video_0
    audiotestsrc is-live=true volume=0.1 ! e${n}.audio_0`,
  livekitsrc: (properties, n = '') => `livekitsrc name=e${n} ${properties} sources=camera,microphone
    e${n}.video_0 ! queue ! fakesink async=false e${n}.audio_0 ! queue ! fakesink async=false`,
  livekitcompositesrc: (properties, n = '') => `livekitcompositesrc name=e${n} ${properties} width=320 height=180 framerate=10/1
    e${n}.video ! queue ! fakesink e${n}.audio ! queue ! fakesink`,
  livekitrecorder: (properties, n = '') => `livekitrecorder name=e${n} ${properties} location=${work}`,
};

async function assertFails(pipeline, words, seconds = 20) {
  await Promise.race([pipeline.exited, sleep(seconds * 1000)]);
  assert.match(String(pipeline.errors()), words);
}

const url = (address) => `ws-url=${address} api-key=${kKey} secret-key=${kSecret} room-name=none identity=x`;

for (const [name, line] of Object.entries(kElements)) {
  leakTest(`${name} goes up and down through its states`, async (s, start) => {
    const room = freshRoom('states');
    start(kElements.livekitsink(joins(s.daemon, room, 'other')));
    const pipeline = start(line(joins(s.daemon, room, 'one')));
    for (let round = 0; round < 3; round += 1) {
      const connected = pipeline.elementMessages('livekit-state').length;
      await eventually(async () => pipeline.elementMessages('livekit-state').slice(connected).some(({ state }) => state === 'connected'),
        { what: `connected in round ${round}` });
      await sleep(700);
      for (const state of ['paused', 'playing', 'paused', 'ready', 'paused', 'ready', 'null', 'ready', 'null']) await pipeline.request({ state });
      await pipeline.request({ state: 'playing' });
    }
    // At once, while it still joins.
    let before = 0;
    for (let i = 0; i < 5; i += 1) {
      await pipeline.request({ state: 'null' });
      before = pipeline.elementMessages('livekit-state').length;
      await pipeline.request({ state: 'playing' });
    }
    await eventually(async () => pipeline.elementMessages('livekit-state').slice(before).some(({ state }) => state === 'connected'),
      { what: 'connected in the end' });
    assert.deepEqual(pipeline.errors(), []);
  }, { timeout: 90000 });

  leakTest(`${name} says what is wrong with its settings`, async (s, start) => {
    await Promise.all([
      assertFails(start(line('ws-url=nonsense api-key=a secret-key=b room-name=r identity=x')), /ws-url: /),
      assertFails(start(line(`ws-url=${s.daemon.url}`)), /auth-token/),
      assertFails(start(line(`${url('ws://127.0.0.1:1')} timeout=1`)), /could not be reached.*Check ws-url \(ws:\/\/127\.0\.0\.1:1\)/),
    ]);
    await Promise.all([
      assertFails(start(line(`ws-url=${s.daemon.url} auth-token=${rawToken({ sub: 'x', video: { roomJoin: true, room: 'r' } }, { secret: 'another' })}`)),
        /The server refused the join.*Check the token/),
      assertFails(start(line(`ws-url=${s.daemon.url} auth-token=${rawToken({ sub: 'x', video: { room: 'r' } })}`)), /The server refused the join/),
      assertFails(start(line(`ws-url=${s.daemon.url} auth-token=${rawToken({ sub: 'x', exp: 1000, video: { roomJoin: true, room: 'r' } })}`)),
        /The server refused the join/),
    ]);
  }, { timeout: 60000 });

  leakTest(`${name} says that it was removed, and that the server is gone`, async (s, start) => {
    const room = freshRoom('removed');
    const rooms = new RoomServiceClient(s.daemon.http, kKey, kSecret);
    const removed = start(line(joins(s.daemon, room, 'one')));
    await removed.waitForState('connected');
    await rooms.removeParticipant(room, 'one');
    await assertFails(removed, /The server has ended this participant's session: PARTICIPANT_REMOVED/);

    const left = start(line(`${joins(s.daemon, room, 'one')} reconnect-timeout=2`));
    await left.waitForState('connected');
    await s.daemon.kill();
    await assertFails(left, /could not be reached/);
    s.daemon = await startDaemon({ ports: s.daemon.ports, config: 'room:\n  max_participants: 2' });
  }, { timeout: 60000 });

  leakTest(`two of ${name} are in one process`, async (s, start) => {
    const [one, two] = [freshRoom('first'), freshRoom('second')];
    const others = [one, two].map((room) => start(kElements.livekitsink(joins(s.daemon, room, 'other'))));
    const pipeline = start(`${line(joins(s.daemon, one, 'me'), 1)} ${line(joins(s.daemon, two, 'me'), 2)}`);
    await eventually(async () => ['e1', 'e2'].every((from) => pipeline.messages.some(
      (m) => m.from === from && m.name === 'livekit-state' && m.fields.state === 'connected')), { what: 'both are connected' });
    await sleep(1000);
    await Promise.all(others.map((other) => other.stop()));
    await sleep(500);
    assert.deepEqual(pipeline.errors(), []);
  });
}

for (const name of ['livekitsink', 'livekitsrc']) {
  leakTest(`${name} says that the room is full`, async (s, start) => {
    const room = freshRoom('full');
    await Promise.all(['a', 'b'].map((identity) => start(kElements.livekitsink(joins(s.daemon, room, identity))).waitForState('connected')));
    await assertFails(start(kElements[name](`${joins(s.daemon, room, 'c')} timeout=2`)), /The server lets nobody else into the room.*it may be full/);
  });
}

leakTest('a publisher whose permission is taken away says so, and the receiver goes on', async (s, start) => {
  const room = freshRoom('permission');
  const rooms = new RoomServiceClient(s.daemon.http, kKey, kSecret);
  const kiosk = start(kElements.livekitsink(joins(s.daemon, room, 'kiosk')));
  // Which goes on, though its pads end.
  const viewer = start(`${kElements.livekitsrc(joins(s.daemon, room, 'viewer'))} videotestsrc is-live=true ! fakesink async=false`);
  await eventually(async () => (await viewer.get('e', 'stats'))?.video_0?.buffers > 10, { what: 'a picture comes' });
  await rooms.updateParticipant(room, 'kiosk', undefined, { canPublish: false, canSubscribe: true });
  await assertFails(kiosk, /the server has taken the track out of the room/);
  await eventually(async () => (await viewer.get('e.video_0', 'name')) === undefined, { timeout: 20000, what: 'the pad goes' });
  // Pads come and go as publishers do.
  const next = start(kElements.livekitsink(joins(s.daemon, room, 'next')));
  await next.waitForState('connected');
  await eventually(async () => Object.values((await viewer.get('e', 'stats')) ?? {}).some((pad) => pad.identity === 'next'), { what: 'another pad' });
  // Nobody who is sent away is waited for.
  const pads = async () => Object.keys(await viewer.get('e', 'stats')).length;
  await rooms.removeParticipant(room, 'next');
  await eventually(async () => (await pads()) === 0, { timeout: 3000, what: 'the pads go at once' });
  assert.deepEqual(viewer.errors(), []);
}, { timeout: 90000 });

leakTest('a receiver that may not subscribe any more gets gaps, and media when it may again', async (s, start) => {
  const room = freshRoom('subscribe');
  const rooms = new RoomServiceClient(s.daemon.http, kKey, kSecret);
  start(kElements.livekitsink(joins(s.daemon, room, 'kiosk')));
  const viewer = start(kElements.livekitsrc(`ws-url=${s.daemon.url} auth-token=${joinToken(room, 'viewer')}`));
  const buffers = async () => (await viewer.get('e', 'stats'))?.video_0?.buffers ?? 0;
  await eventually(async () => (await buffers()) > 10, { what: 'a picture comes' });
  await rooms.updateParticipant(room, 'viewer', undefined, { canPublish: true, canSubscribe: false });
  await eventually(async () => {
    const before = await buffers();
    await sleep(600);
    return (await buffers()) === before;
  }, { what: 'nothing comes' });
  await rooms.updateParticipant(room, 'viewer', undefined, { canPublish: true, canSubscribe: true });
  const before = await buffers();
  await eventually(async () => (await buffers()) > before + 10, { what: 'a picture comes again' });
  assert.deepEqual(viewer.errors(), []);
}, { timeout: 90000 });

leakTest('sessions that come and go leave nothing behind', async (s, start) => {
  const room = freshRoom('again');
  const kiosk = start(kElements.livekitsink(joins(s.daemon, room, 'kiosk')));
  const viewer = start(kElements.livekitsrc(joins(s.daemon, room, 'viewer')));
  for (let round = 0; round < 3; round += 1) {
    for (const pipeline of [kiosk, viewer])
      await eventually(async () => pipeline.elementMessages('livekit-state').at(-1)?.state === 'connected', { timeout: 20000, what: 'connected' });
    await sleep(1000);
    await s.daemon.kill();
    await eventually(async () => [kiosk, viewer].every((pipeline) => pipeline.elementMessages('livekit-state').at(-1)?.state !== 'connected'),
      { timeout: 20000, what: 'the loss is seen' });
    s.daemon = await startDaemon({ ports: s.daemon.ports, config: 'room:\n  max_participants: 2' });
  }
  assert.deepEqual([...kiosk.errors(), ...viewer.errors()], []);
}, { timeout: 120000 });
